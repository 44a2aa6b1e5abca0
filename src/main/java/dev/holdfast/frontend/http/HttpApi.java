package dev.holdfast.frontend.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * Serves the API on loopback only. It checks what a request is allowed to look like, and no more.
 *
 * <ol>
 *   <li>A request names a loopback host, so that no page of a foreign name (DNS rebinding) reaches it.
 *   <li>A changing request comes from no other origin and says it is JSON, which a foreign page's form can't.
 *   <li>Bodies are bounded, and so are requests at once.
 * </ol>
 */
public final class HttpApi {
    private static final int MOST_BODY_BYTES = 64 << 10;
    private static final int THREADS = 4;
    private static final int BACKLOG = 64;
    private static final String API = "/api/v1/";
    private static final Pattern LOOPBACK = Pattern.compile("(127\\.0\\.0\\.1|localhost|\\[::1])(:[0-9]{1,5})?");

    private final HttpServer server;
    private final ExecutorService threads;
    private final Routes routes;

    /** Makes what lets another node join. */
    @FunctionalInterface
    public interface Tokens {
        /**
         * A new one, a line.
         *
         * @throws IOException if there is none to be had; the message is for people
         */
        String issue() throws IOException;
    }

    private HttpApi(HttpServer server, ExecutorService threads, Routes routes) {
        this.server = server;
        this.threads = threads;
        this.routes = routes;
    }

    /**
     * Serves {@code service} at {@code port} of 127.0.0.1; 0 picks a free one.
     *
     * @throws IOException if the port is taken
     */
    public static HttpApi start(int port, Service service) throws IOException {
        return start(port, service, () -> {
            throw new IOException("nobody can join this node");
        });
    }

    /** The same, for a node that others can join. */
    public static HttpApi start(int port, Service service, Tokens tokens) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        HttpServer server = HttpServer.create(new InetSocketAddress(loopback, port), BACKLOG);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "http");
            thread.setDaemon(true);
            return thread;
        });
        HttpApi api = new HttpApi(server, threads, new Routes(service, tokens));
        server.setExecutor(threads);
        server.createContext("/", api::serve);
        server.start();
        return api;
    }

    /** The port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Stops at once. */
    public void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void serve(HttpExchange exchange) throws IOException {
        Answer answer;
        try {
            answer = answer(exchange);
        } catch (Call.Wrong wrong) {
            answer = wrong.answer();
        } catch (RuntimeException unexpected) {
            answer = Answer.error(500, "the API failed: " + unexpected);
        }
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(answer.code(), isHead ? -1 : body.length);
        if (!isHead) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    private Answer answer(HttpExchange exchange) throws IOException, Call.Wrong {
        String host = header(exchange, "Host");
        if (!LOOPBACK.matcher(host).matches()) {
            throw new Call.Wrong(403, "this API answers to 127.0.0.1 and localhost only, not to '" + host + "'");
        }
        String path = exchange.getRequestURI().getPath();
        return switch (path) {
            case "/" -> Answer.json(Views.map("name", "holdfast", "api", API));
            case "/healthz" -> Answer.text(200, "ok\n");
            case "/readyz" -> Answer.text(routes.status().pools().isEmpty() ? 503 : 200, "ready\n");
            case "/metrics" -> Answer.text(200, Metrics.of(routes.status()));
            default -> api(exchange, host, path);
        };
    }

    private Answer api(HttpExchange exchange, String host, String path) throws IOException, Call.Wrong {
        if (!path.startsWith(API)) {
            throw new Call.Wrong(404, "there is nothing at " + path + "; the API is at " + API);
        }
        String method = exchange.getRequestMethod();
        boolean reads = method.equals("GET") || method.equals("HEAD");
        if (!reads) {
            refuseForeign(exchange, host);
        }
        List<String> parts =
                new ArrayList<>(List.of(path.substring(API.length()).split("/")));
        URI uri = exchange.getRequestURI();
        Map<String, String> query = Call.parameters(uri.getQuery() == null ? "" : uri.getQuery());
        Map<String, Object> body = reads ? new LinkedHashMap<>() : body(exchange);
        String id = header(exchange, "Operation-Id");
        return routes.answer(new Call(reads ? "GET" : method, parts, query, body, id));
    }

    private static void refuseForeign(HttpExchange exchange, String host) throws Call.Wrong {
        String origin = header(exchange, "Origin");
        if (!origin.isEmpty() && !origin.equals("http://" + host)) {
            throw new Call.Wrong(403, "changes are not taken from another origin");
        }
        String type = header(exchange, "Content-Type").toLowerCase(Locale.ROOT);
        if (!type.startsWith("application/json")) {
            throw new Call.Wrong(415, "a change says Content-Type: application/json");
        }
    }

    private static Map<String, Object> body(HttpExchange exchange) throws IOException, Call.Wrong {
        byte[] bytes = exchange.getRequestBody().readNBytes(MOST_BODY_BYTES + 1);
        if (bytes.length > MOST_BODY_BYTES) {
            throw new Call.Wrong(413, "a request has at most " + MOST_BODY_BYTES + " bytes");
        }
        if (bytes.length == 0) {
            return new LinkedHashMap<>();
        }
        try {
            return Json.parseObject(new String(bytes, StandardCharsets.UTF_8));
        } catch (Json.Malformed malformed) {
            throw new Call.Wrong(400, String.valueOf(malformed.getMessage()));
        }
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }
}
