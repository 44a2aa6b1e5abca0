package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.frontend.http.Json;
import dev.holdfast.host.tls.KeyFiles;
import dev.holdfast.host.tls.NodeKeys;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes on three addresses: one begins a cluster, two join it with tokens, a stranger does not. */
@Tag("interop")
final class JoinedClusterTest {
    /** On 127.0.0.2 and after nobody else listens, so that ports of one process are free on every address. */
    private static final int FIRST_PORT = 20_000;

    private static final int END_PORT = 32_000;

    /** What is at which port after a node's own. */
    private static final int CONTROL_LOG = 0;

    private static final int DISKS = 3;

    @TempDir
    private Path directory;

    private final int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_PORT);
    private final TreeMap<String, RealServer> running = new TreeMap<>();

    @BeforeEach
    void begin() throws Exception {
        start("a", "--address", address("a"), "--disk-size", "256M");
    }

    @AfterEach
    void kill() {
        running.values().forEach(RealServer::close);
    }

    private String address(String name) {
        return "127.0.0." + (2 + name.charAt(0) - 'a') + ":" + port;
    }

    private Home home(String name) throws IOException {
        return new Home(Files.createDirectories(directory.resolve(name)));
    }

    private RealServer start(String name, String... more) throws IOException {
        List<String> words = new ArrayList<>(List.of("--name", name, "--loops", "1"));
        words.addAll(List.of(more));
        RealServer server = RealServer.startVerb(home(name), "node start", words.toArray(String[]::new));
        running.put(name, server);
        return server;
    }

    private RealServer join(String name, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of("--address", address(name), "--join", token("a")));
        words.addAll(List.of(more));
        return start(name, words.toArray(String[]::new));
    }

    private String token(String name) throws Exception {
        Home.Ended printed = running.get(name).run("node", "token");
        assertEquals(0, printed.exitCode(), printed.err());
        assertEquals(1, printed.out().lines().count());
        return printed.out().strip();
    }

    private void kill(String name) {
        running.remove(name).close();
    }

    private static String done(RealServer server, String... words) throws Exception {
        Home.Ended ended = server.run(words);
        assertEquals(0, ended.exitCode(), ended.err());
        return ended.out();
    }

    @Test
    void aMirroredVolumeOutlivesTheNodeThatBegan() throws Exception {
        join("b", "--disk-size", "256M");
        RealServer witness = join("c", "--witness");
        done(witness, "volume", "create", "db", "64M", "--replicas", "2", "--export", "nbd");
        BlockLoad load = new BlockLoad(new SplittableRandom(7));
        try (NbdClient client = witness.client("db")) {
            load.run(client, 200);
            kill("a");
            load.run(client, 200);
            assertEquals(List.of(), load.judge(client, false));
        }
        String listed = done(witness, "mirror", "ls", "-o", "json");
        assertTrue(listed.contains("\"primary\":\"b\""), listed);
        start("a");
        Path socket = directory.resolve("db.sock");
        List<String> attach = List.of(
                home("c").holdfast(),
                "attach",
                "db",
                "--socket",
                socket.toString(),
                "--server",
                witness.api(),
                "--dir",
                home("c").data().toString());
        try (RealServer way = RealServer.startCommand(home("c"), attach);
                NbdClient client = NbdClient.at(socket, "db")) {
            awaitInSync(witness);
            kill("b");
            load.run(client, 100);
            assertEquals(List.of(), load.judge(client, false), way::toString);
        }
        noSecretIsShown();
    }

    @Test
    void anotherNodeTakesThePlaceOfOneThatIsDeadForGood() throws Exception {
        join("b", "--disk-size", "256M");
        RealServer witness = join("c", "--witness");
        done(witness, "volume", "create", "db", "64M", "--replicas", "2", "--export", "nbd");
        BlockLoad load = new BlockLoad(new SplittableRandom(8));
        try (NbdClient client = witness.client("db")) {
            load.run(client, 100);
            Home.Ended alive = witness.run("node", "remove", "b");
            assertEquals(1, alive.exitCode(), alive.out());
            kill("b");
            load.run(client, 100);
            untilDone(witness, "volume", "remove-copy", "db", "--pool", "main-b");
            untilDone(witness, "node", "remove", "b");
            assertTrue(done(witness, "node", "remove", "b").contains("already so"));
            String[] words = {"--name", "b", "--loops", "1", "--address", address("d"), "--disk-size", "256M"};
            List<String> joins = new ArrayList<>(List.of(words));
            joins.addAll(List.of("--join", token("a")));
            running.put("b", RealServer.startVerb(home("new-b"), "node start", joins.toArray(String[]::new)));
            untilDone(witness, "volume", "add-copy", "db", "--pool", "main-b");
            load.run(client, 100);
            awaitInSync(witness);
            kill("a");
            load.run(client, 100);
            assertEquals(List.of(), load.judge(client, false));
        }
        String members = done(witness, "node", "ls", "-o", "json");
        assertEquals(3, ((List<?>) Json.parse(members)).size(), members);
        assertTrue(members.contains("\"number\":4") && !members.contains("\"number\":2"), members);
        start("a");
        kill("c");
        start("c");
        NodeKeys removed = new KeyFiles(home("b").data().resolve("tls")).load();
        NodeKeys member = new KeyFiles(home("new-b").data().resolve("tls")).load();
        for (String asked : List.of("a", "c")) {
            for (int door : List.of(CONTROL_LOG, DISKS)) {
                assertTrue(isLetIn(member, asked, door), "a member is let in at door " + door + " of " + asked);
                assertFalse(isLetIn(removed, asked, door), "who was removed is not, at door " + door + " of " + asked);
            }
        }
    }

    @Test
    void aNodeIsDrainedUnderLoadAndRemoved() throws Exception {
        join("b", "--disk-size", "256M", "--domain", "rack1");
        RealServer third = join("c", "--disk-size", "256M");
        String where = done(third, "volume", "create", "db", "64M", "--replicas", "2", "--dry-run");
        assertTrue(where.contains("main-a (node a, domain a), main-b (node b, domain rack1)"), where);
        done(third, "volume", "create", "db", "64M", "--replicas", "2", "--export", "nbd");
        BlockLoad load = new BlockLoad(new SplittableRandom(9));
        try (NbdClient client = third.client("db")) {
            load.run(client, 100);
            CompletableFuture<Home.Ended> drain = CompletableFuture.supplyAsync(() -> drained(third));
            while (!drain.isDone()) {
                load.run(client, 10);
            }
            assertEquals(0, drain.join().exitCode(), drain.join()::toString);
            assertTrue(drain.join().out().endsWith("nothing is left on node b\n"), drain.join()::toString);
            kill("b");
            Home.Ended removed = third.run("node", "remove", "b");
            while (removed.exitCode() != 0) {
                boolean isNotSeen =
                        removed.err().contains("stop it first") || removed.err().contains("ask again");
                assertTrue(isNotSeen, removed::toString);
                removed = third.run("node", "remove", "b");
            }
            load.run(client, 100);
            assertEquals(List.of(), load.judge(client, false));
        }
        String volumes = done(third, "volume", "ls", "-o", "json");
        assertTrue(volumes.contains("[\"main-a\",\"main-c\"]"), volumes);
    }

    private static Home.Ended drained(RealServer asked) {
        try {
            return asked.run("node", "drain", "b");
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Whether a node with these keys is told anything; at both doors the server speaks first. */
    private boolean isLetIn(NodeKeys keys, String name, int door) throws IOException {
        InetSocketAddress there = new InetSocketAddress(address(name).replaceAll(":.*", ""), port + door);
        try (SSLSocket socket =
                (SSLSocket) keys.context().getSocketFactory().createSocket(there.getAddress(), there.getPort())) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(door == CONTROL_LOG ? new String[] {"h2"} : new String[0]);
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(60_000);
            return socket.getInputStream().read() >= 0;
        } catch (SSLException | SocketException refused) {
            return false;
        }
    }

    private static void untilDone(RealServer asked, String... words) throws Exception {
        long deadline = System.nanoTime() + 60_000_000_000L;
        for (Home.Ended ended = asked.run(words); ended.exitCode() != 0; ended = asked.run(words)) {
            assertTrue(System.nanoTime() < deadline, ended.err());
        }
    }

    private static void awaitInSync(RealServer asked) throws Exception {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!done(asked, "mirror", "ls", "-o", "json").contains("\"in sync\"")) {
            assertTrue(System.nanoTime() < deadline, "the copy that was away comes back");
        }
    }

    private void noSecretIsShown() throws Exception {
        List<String> secrets = new ArrayList<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".key")).toList()) {
                secrets.add(Files.readAllLines(file).get(2));
            }
        }
        assertTrue(secrets.size() >= 6, "keys were found");
        for (RealServer server : running.values()) {
            String said = done(server, "status", "-o", "json") + server.errors() + server.lines();
            assertTrue(secrets.stream().noneMatch(said::contains), said);
        }
    }

    @Test
    void tokensThatAreNotGoodAreRefusedInOneLine() throws Exception {
        String used = token("a");
        start("b", "--address", address("b"), "--join", used);
        refused("x", "the token was used by another node", "--address", address("d"), "--join", used);
        refused("x", "--join is not a token", "--address", address("d"), "--join", used + "x");
        refused("x", "--join needs --address", "--join", used);
        refused("b2", "there is a node b at", "--address", address("b"), "--join", token("b"));
        String open = token("b");
        kill("b");
        refused("x", "can't join", "--address", address("d"), "--join", open);
    }

    private void refused(String name, String why, String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("--name", name));
        all.addAll(List.of(words));
        Home.Ended ended = home(name).refusedVerb("node start", all.toArray(String[]::new));
        assertTrue(ended.exitCode() == 1 || ended.exitCode() == 2, ended.err());
        assertTrue(ended.line().contains(why), ended.line());
    }

    @Test
    void aNodeWithTheCertificateOfAnotherClusterIsNotTakenIn() throws Exception {
        RealServer first = running.get("a");
        start("d", "--address", address("d"));
        assertEquals(0, running.remove("d").stop());
        Path control = home("d").data().resolve("control");
        String members = Files.readString(control.resolve("members"));
        String wanted = Files.readString(home("a").data().resolve("control").resolve("members"));
        String group = wanted.lines()
                .filter(line -> line.startsWith("group "))
                .findFirst()
                .orElseThrow();
        String member = wanted.lines()
                .filter(line -> line.startsWith("member "))
                .findFirst()
                .orElseThrow();
        Files.writeString(control.resolve("members"), members.replaceAll("group .*", group + "\n" + member));
        Files.createFile(control.resolve("joining"));
        Path errors = directory.resolve("errors");
        Process stranger = new ProcessBuilder(home("d").serving("node start"))
                .redirectError(errors.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (!Files.readString(errors).contains("takes this one in")) {
                assertTrue(stranger.isAlive() && System.nanoTime() < deadline, Files.readString(errors));
                done(first, "node", "ls");
            }
            done(first, "volume", "create", "v", "64M");
            assertEquals(1, ((List<?>) Json.parse(done(first, "node", "ls", "-o", "json"))).size());
            assertTrue(stranger.isAlive(), Files.readString(errors));
        } finally {
            stranger.destroyForcibly().waitFor();
        }
        assertFalse(first.errors().contains("Exception"), first.errors());
        join("b");
        assertEquals(2, ((List<?>) Json.parse(done(first, "node", "ls", "-o", "json"))).size());
    }
}
