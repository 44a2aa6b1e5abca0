package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import dev.holdfast.frontend.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The API of a node as commands use it, and how they print what it says. */
final class Remote {
    static final String DEFAULT_SERVER = "http://127.0.0.1:8480";
    private static final int CONNECT_MILLIS = 5_000;
    private static final int READ_MILLIS = 90_000;
    private static final int WRONG_INPUT = 400;

    @Option(
            names = "--server",
            paramLabel = "URL",
            defaultValue = DEFAULT_SERVER,
            description = "the API of a node; default " + DEFAULT_SERVER)
    private String server = DEFAULT_SERVER;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            defaultValue = "table",
            description = "table or json; default table")
    private String output = "table";

    /** The API at {@code server}. */
    static Remote at(String server) {
        Remote remote = new Remote();
        remote.server = server;
        return remote;
    }

    boolean isJson() {
        if (!output.equals("table") && !output.equals("json")) {
            throw new Failure("-o is table or json, not " + output, 2);
        }
        return output.equals("json");
    }

    Object get(String path) {
        isJson();
        return request("GET", path, Map.of());
    }

    /** A change, or what it would do. */
    void change(String method, String path, Map<String, Object> body, boolean dryRun) {
        boolean json = isJson();
        Object answer = request(method, path + (dryRun ? "?dryRun=1" : ""), body);
        if (json) {
            System.out.println(Json.write(answer));
            return;
        }
        Map<String, Object> object = object(answer);
        if (object.get("plan") instanceof List<?> plan) {
            plan.forEach(System.out::println);
        } else {
            System.out.println(object.get("result") + (object.containsKey("why") ? ": " + object.get("why") : ""));
        }
    }

    Object request(String method, String path, Map<String, Object> body) {
        try {
            URI uri = new URI(server + "/api/v1/" + path);
            if (!"http".equals(uri.getScheme())) {
                throw new Failure("--server is http://HOST:PORT, not " + server, 2);
            }
            HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(READ_MILLIS);
            connection.setRequestMethod(method);
            if (!method.equals("GET")) {
                connection.setRequestProperty("Content-Type", "application/json");
            }
            if (!body.isEmpty()) {
                connection.setDoOutput(true);
                try (OutputStream out = connection.getOutputStream()) {
                    out.write(Json.write(body).getBytes(StandardCharsets.UTF_8));
                }
            }
            return answer(connection);
        } catch (URISyntaxException | IllegalArgumentException wrong) {
            throw new Failure("--server is http://HOST:PORT, not " + server, 2);
        } catch (IOException failed) {
            throw new Failure("no node answers at " + server + " (" + failed.getMessage()
                    + "): start one with `holdfast quickstart`, or say --server URL");
        }
    }

    private Object answer(HttpURLConnection connection) throws IOException {
        int code = connection.getResponseCode();
        try (InputStream in = code < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            String text = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
            Object value = Json.parse(text);
            if (code >= 400) {
                throw new Failure(String.valueOf(object(value).get("error")), code == WRONG_INPUT ? 2 : 1);
            }
            return value;
        } catch (Json.Malformed malformed) {
            throw new Failure(server + " is no Holdfast node: " + malformed.getMessage());
        }
    }

    static Map<String, Object> object(Object value) {
        try {
            return Json.object(value);
        } catch (Json.Malformed malformed) {
            throw new Failure("the node's answer is not understood: " + malformed.getMessage());
        }
    }

    /** A part of a path. */
    static String part(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A list of objects, as JSON or as a table of {@code columns}. */
    void printList(Object value, String... columns) {
        if (isJson()) {
            System.out.println(Json.write(value));
        } else if (value instanceof List<?> list) {
            table(list, columns).forEach(System.out::println);
        }
    }

    /** One object, as JSON or a line for each member. */
    void printObject(Object value) {
        if (isJson()) {
            System.out.println(Json.write(value));
            return;
        }
        object(value).forEach((name, member) -> System.out.println(name + "  " + shown(name, member)));
    }

    static List<String> table(List<?> list, String... columns) {
        List<String[]> rows = new ArrayList<>();
        rows.add(columns);
        for (Object item : list) {
            Map<String, Object> object = object(item);
            String[] row = new String[columns.length];
            for (int i = 0; i < columns.length; i++) {
                String text = object.containsKey(columns[i]) ? shown(columns[i], object.get(columns[i])) : "";
                row[i] = text.isEmpty() ? "-" : text;
            }
            rows.add(row);
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns.length; i++) {
                int column = i;
                int width = rows.stream()
                        .mapToInt(other -> other[column].length())
                        .max()
                        .orElse(0);
                line.append(row[i]).append(" ".repeat(width - row[i].length() + 2));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    private static String shown(String name, Object value) {
        if (name.endsWith("Bytes") && value instanceof Long bytes) {
            return Size.words(bytes);
        }
        return value instanceof List<?> list
                ? String.join("; ", list.stream().map(String::valueOf).toList())
                : value.toString();
    }
}
