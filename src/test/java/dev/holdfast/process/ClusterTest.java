package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.frontend.http.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real processes on one control log: any of them does for all, and each of them is killed. */
@Tag("interop")
final class ClusterTest {
    private static final List<String> NAMES = List.of("a", "b", "c");

    /** Below the ports that the system gives to connections, so that a node finds its port free again. */
    private static final int FIRST_PORT = 20_000;

    private static final int END_PORT = 32_000;

    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    private Path directory;

    private final List<String> members = members();
    private final List<RealServer> servers = new ArrayList<>();

    @AfterEach
    void kill() {
        servers.forEach(RealServer::close);
    }

    private static List<String> members() {
        List<String> members = new ArrayList<>();
        while (members.size() < NAMES.size()) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                members.add(NAMES.get(members.size()) + "=127.0.0.1:" + probe.getLocalPort());
            } catch (IOException taken) {
                continue;
            }
        }
        return members;
    }

    private Home home(String name) throws IOException {
        return new Home(Files.createDirectories(directory.resolve(name)));
    }

    private List<String> words(String name) {
        List<String> words = new ArrayList<>(List.of("--name", name, "--disk-size", "256M", "--loops", "1"));
        members.forEach(member -> words.addAll(List.of("--member", member)));
        return words;
    }

    /** On a thread of its own: a first start is over when a majority has come. */
    private CompletableFuture<RealServer> starting(String name) {
        CompletableFuture<RealServer> started = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                String[] words = words(name).toArray(String[]::new);
                started.complete(RealServer.startVerb(home(name), "node start", words));
            } catch (IOException failed) {
                started.completeExceptionally(failed);
            }
        });
        return started.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private void startAll() {
        List<CompletableFuture<RealServer>> starts =
                NAMES.stream().map(this::starting).toList();
        starts.forEach(start -> servers.add(start.join()));
    }

    private static void done(RealServer server, String... words) throws Exception {
        Home.Ended ended = server.run(words);
        assertEquals(0, ended.exitCode(), ended.err());
    }

    /** What a node says of all volumes, pools and exports, once it knows everything that was acknowledged. */
    private static List<String> state(RealServer server) throws Exception {
        Home.Ended fresh = server.run("volume", "resize", "va", "64M");
        assertTrue(fresh.out().startsWith("already so"), fresh.out() + fresh.err());
        Map<String, Object> status =
                Json.parseObject(server.run("status", "-o", "json").out());
        List<String> lines = new ArrayList<>();
        for (String part : List.of("nodes", "pools", "volumes")) {
            for (Object item : (List<?>) status.get(part)) {
                Map<String, Object> found = Json.object(item);
                lines.add(part + " " + found.get("name") + " " + found.get("id") + " " + found.get("incarnation") + " "
                        + found.get("node") + " " + found.get("pool") + " " + found.get("sizeBytes") + " "
                        + found.get("exported"));
            }
        }
        return lines;
    }

    @Test
    void anyNodeDoesForAllAndTheDeathOfEachIsSurvived() throws Exception {
        startAll();
        for (int i = 0; i < NAMES.size(); i++) {
            RealServer asked = servers.get((i + 1) % NAMES.size());
            done(asked, "volume", "create", "v" + NAMES.get(i), "64M", "--pool", "main-" + NAMES.get(i));
            done(servers.get((i + 2) % NAMES.size()), "export", "add", "v" + NAMES.get(i));
        }
        BlockLoad load = new BlockLoad(new SplittableRandom(7));
        try (NbdClient client = servers.get(1).client("vb")) {
            load.run(client, 300);
        }
        // Whoever leads at first is killed in one of the rounds.
        for (int i = 0; i < NAMES.size(); i++) {
            servers.get(i).close();
            int owner = (i + 1) % NAMES.size();
            int asked = (i + 2) % NAMES.size();
            done(servers.get(asked), "volume", "create", "w" + i, "64M", "--pool", "main-" + NAMES.get(owner));
            servers.set(i, starting(NAMES.get(i)).join());
        }
        try (NbdClient client = servers.get(1).client("vb")) {
            assertEquals(List.of(), load.judge(client, false));
        }
        List<String> first = state(servers.getFirst());
        assertEquals(12, first.size(), first::toString);
        for (RealServer server : servers) {
            assertEquals(first, state(server));
        }
        for (RealServer server : servers) {
            assertEquals(0, server.stop(), server.errors());
        }
    }

    @Test
    void membersThatAreNotThoseOfTheFirstStartAreRefused() throws Exception {
        startAll();
        servers.forEach(RealServer::close);
        List<String> words = words("a");
        words.removeLast();
        words.add("c=127.0.0.1:1");
        Home.Ended other = home("a").refusedVerb("node start", words.toArray(String[]::new));
        assertEquals(1, other.exitCode());
        assertTrue(other.line().contains("members can't change yet"), other.line());
        words.removeLast();
        words.add("c=192.0.2.1:7003");
        Home.Ended elsewhere = home("d").refusedVerb("node start", words.toArray(String[]::new));
        assertEquals(2, elsewhere.exitCode());
        assertTrue(elsewhere.line().contains("members are at 127.0.0.1 only for now"), elsewhere.line());
        Home alone = home("e");
        try (RealServer server = RealServer.startVerb(alone, "node start")) {
            assertEquals(0, server.stop());
        }
        Home.Ended joined = alone.refusedVerb("node start", words("a").toArray(String[]::new));
        assertTrue(joined.line().contains("several nodes begin with new directories"), joined.line());
    }
}
