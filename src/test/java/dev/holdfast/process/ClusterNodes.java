package dev.holdfast.process;

import dev.holdfast.frontend.http.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Three real processes on one control log, each with the same ports in all its lives. Closing it kills them. */
final class ClusterNodes implements AutoCloseable {
    static final List<String> NAMES = List.of("a", "b", "c");

    /** Below the ports that the system gives to connections, so that a node finds its ports free again. */
    private static final int FIRST_PORT = 20_000;

    private static final int END_PORT = 32_000;

    private static final long PATIENCE_SECONDS = 120;

    private final String holdfast;
    private final Path directory;
    private final List<Integer> controlPorts = freePorts();
    private final List<Integer> nbdPorts = freePorts();
    private final List<Integer> httpPorts = freePorts();
    private final List<Optional<RealServer>> servers = new ArrayList<>();

    ClusterNodes(String holdfast, Path directory) {
        this.holdfast = holdfast;
        this.directory = directory;
        NAMES.forEach(name -> servers.add(Optional.empty()));
    }

    private static List<Integer> freePorts() {
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < NAMES.size()) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                ports.add(probe.getLocalPort());
            } catch (IOException taken) {
                continue;
            }
        }
        return ports;
    }

    Home home(String name) throws IOException {
        return new Home(Files.createDirectories(directory.resolve(name)), "", holdfast);
    }

    /** The words that start a node, but for those of its home. */
    List<String> words(int node) {
        List<String> words = new ArrayList<>(List.of("--name", NAMES.get(node), "--disk-size", "256M", "--loops", "1"));
        words.addAll(List.of("--nbd-port", String.valueOf(nbdPorts.get(node))));
        words.addAll(List.of("--http-port", String.valueOf(httpPorts.get(node))));
        for (int i = 0; i < NAMES.size(); i++) {
            words.addAll(List.of("--member", NAMES.get(i) + "=127.0.0.1:" + controlPorts.get(i)));
        }
        return words;
    }

    /** On a thread of its own: a first start is over when a majority has come. */
    CompletableFuture<RealServer> starting(int node) {
        CompletableFuture<RealServer> started = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                String[] words = words(node).toArray(String[]::new);
                started.complete(RealServer.startVerb(home(NAMES.get(node)), "node start", words));
            } catch (IOException failed) {
                started.completeExceptionally(failed);
            }
        });
        return started.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Starts those that do not run, at once, and waits until they serve. */
    void startAll() {
        List<CompletableFuture<RealServer>> starts = new ArrayList<>();
        for (int i = 0; i < NAMES.size(); i++) {
            int node = i;
            starts.add(servers.get(i).map(CompletableFuture::completedFuture).orElseGet(() -> starting(node)));
        }
        for (int i = 0; i < NAMES.size(); i++) {
            servers.set(i, Optional.of(starts.get(i).join()));
        }
    }

    RealServer server(int node) {
        return servers.get(node).orElseThrow();
    }

    /** SIGKILL. */
    void kill(int node) {
        server(node).close();
        servers.set(node, Optional.empty());
    }

    /** The API of a node, whether it runs or not. */
    String api(int node) {
        return "http://127.0.0.1:" + httpPorts.get(node);
    }

    /** What a node that runs says of the only mirrored volume. */
    Map<String, Object> mirror() throws IOException {
        for (int i = 0; i < NAMES.size(); i++) {
            if (servers.get(i).isPresent()) {
                return object(((List<?>) said(i, "mirrors")).getFirst());
            }
        }
        throw new IOException("no node runs");
    }

    /** The node that says it leads the control log; less than 0 if none does. */
    int leader() throws IOException {
        for (int i = 0; i < NAMES.size(); i++) {
            if (servers.get(i).isPresent()
                    && object(object(said(i, "status")).get("node")).get("leadsControlLog") == Boolean.TRUE) {
                return i;
            }
        }
        return -1;
    }

    private Object said(int node, String what) throws IOException {
        byte[] bytes =
                URI.create(api(node) + "/api/v1/" + what).toURL().openStream().readAllBytes();
        try {
            return Json.parse(new String(bytes, StandardCharsets.UTF_8));
        } catch (Json.Malformed malformed) {
            throw new IOException(malformed);
        }
    }

    private static Map<String, Object> object(Object said) throws IOException {
        try {
            return Json.object(said);
        } catch (Json.Malformed malformed) {
            throw new IOException(malformed);
        }
    }

    @Override
    public void close() {
        servers.forEach(server -> server.ifPresent(RealServer::close));
    }
}
