package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.frontend.http.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real processes on one control log: any of them does for all, and each of them is killed. */
@Tag("interop")
final class ClusterTest {
    private static final List<String> NAMES = ClusterNodes.NAMES;

    @TempDir
    private Path directory;

    private ClusterNodes nodes;

    @BeforeEach
    void start() {
        nodes = new ClusterNodes("./holdfast", directory);
        nodes.startAll();
    }

    @AfterEach
    void kill() {
        nodes.close();
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
        for (int i = 0; i < NAMES.size(); i++) {
            RealServer asked = nodes.server((i + 1) % NAMES.size());
            done(asked, "volume", "create", "v" + NAMES.get(i), "64M", "--pool", "main-" + NAMES.get(i));
            done(nodes.server((i + 2) % NAMES.size()), "export", "add", "v" + NAMES.get(i));
        }
        BlockLoad load = new BlockLoad(new SplittableRandom(7));
        try (NbdClient client = nodes.server(1).client("vb")) {
            load.run(client, 300);
        }
        // Whoever leads at first is killed in one of the rounds.
        for (int i = 0; i < NAMES.size(); i++) {
            nodes.kill(i);
            int owner = (i + 1) % NAMES.size();
            int asked = (i + 2) % NAMES.size();
            done(nodes.server(asked), "volume", "create", "w" + i, "64M", "--pool", "main-" + NAMES.get(owner));
            nodes.startAll();
        }
        try (NbdClient client = nodes.server(1).client("vb")) {
            assertEquals(List.of(), load.judge(client, false));
        }
        List<String> first = state(nodes.server(0));
        assertEquals(12, first.size(), first::toString);
        for (int i = 0; i < NAMES.size(); i++) {
            assertEquals(first, state(nodes.server(i)));
        }
        for (int i = 0; i < NAMES.size(); i++) {
            assertEquals(0, nodes.server(i).stop(), nodes.server(i).errors());
        }
    }

    @Test
    void aCopyIsReplacedWhileAClientGoesOn() throws Exception {
        RealServer asked = nodes.server(2);
        done(asked, "volume", "create", "m", "32M", "--pool", "main-a", "--pool", "main-b", "--export", "nbd");
        BlockLoad load = new BlockLoad(new SplittableRandom(8));
        try (NbdClient client = asked.client("m")) {
            load.run(client, 300);
            done(asked, "snapshot", "create", "m@before");
            done(asked, "volume", "resize", "m", "64M");
            done(asked, "volume", "add-copy", "m");
            load.run(client, 300);
            awaitInSync("a", "b", "c");
            nodes.kill(0);
            load.run(client, 300);
            awaitInSync("b", "c");
            done(asked, "volume", "remove-copy", "m", "--pool", "main-a");
            done(asked, "snapshot", "rm", "m@before");
            verified(2);
            nodes.kill(1);
            nodes.startAll();
            awaitInSync("b", "c");
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    /** The copies are compared, and nothing of that stays. */
    private void verified(int node) throws Exception {
        Home.Ended ended = nodes.server(node).run("volume", "verify", "m", "--data");
        assertEquals(0, ended.exitCode(), ended.err());
        assertTrue(ended.out().startsWith("2 copies ("), ended.out());
        String snapshots = ".verify";
        while (snapshots.contains(".verify")) {
            snapshots = nodes.server(node).run("snapshot", "ls").out();
        }
    }

    @Test
    void copiesMoveWhileAClientAndTheirNodesGoOn() throws Exception {
        RealServer asked = nodes.server(2);
        done(asked, "volume", "create", "m", "32M", "--pool", "main-a", "--pool", "main-b", "--export", "nbd");
        BlockLoad load = new BlockLoad(new SplittableRandom(9));
        try (NbdClient client = asked.client("m")) {
            load.run(client, 300);
            List<String> free = new ArrayList<>(List.of("c"));
            for (int round = 0; round < 4; round++) {
                done(asked, "volume", "add-copy", "m", "--pool", "main-" + free.getFirst());
                awaitInSync("a", "b", "c");
                load.run(client, 300);
                boolean leads = round % 2 == 0;
                Object primary = nodes.mirror().get("primary");
                String goes = List.of("a", "b", "c").stream()
                        .filter(name -> !name.equals(free.getFirst()))
                        .filter(name -> leads == name.equals(primary))
                        .findFirst()
                        .orElse(free.getFirst().equals("a") ? "b" : "a");
                done(asked, "volume", "remove-copy", "m", "--pool", "main-" + goes);
                load.run(client, 300);
                free.set(0, goes);
            }
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    /** Waits until these copies, and no others, are in sync. */
    private void awaitInSync(String... names) throws Exception {
        TreeSet<Object> inSync = new TreeSet<>();
        while (!inSync.equals(new TreeSet<Object>(List.of(names)))) {
            inSync = new TreeSet<>((List<?>) nodes.mirror().get("inSync"));
        }
    }

    @Test
    void membersThatAreNotThoseOfTheFirstStartAreRefused() throws Exception {
        nodes.close();
        List<String> words = nodes.words(0);
        words.removeLast();
        words.add("c=127.0.0.1:1");
        Home.Ended other = nodes.home("a").refusedVerb("node start", words.toArray(String[]::new));
        assertEquals(1, other.exitCode());
        assertTrue(other.line().contains("they can't change"), other.line());
        words.removeLast();
        words.add("c=192.0.2.1:7003");
        Home.Ended elsewhere = nodes.home("d").refusedVerb("node start", words.toArray(String[]::new));
        assertEquals(2, elsewhere.exitCode());
        assertTrue(elsewhere.line().contains("members that prove nothing are at 127.0.0.1 only"), elsewhere.line());
        Home alone = nodes.home("e");
        try (RealServer server = RealServer.startVerb(alone, "node start")) {
            assertEquals(0, server.stop());
        }
        Home.Ended joined = alone.refusedVerb("node start", nodes.words(0).toArray(String[]::new));
        assertTrue(joined.line().contains("several nodes begin with new directories"), joined.line());
    }
}
