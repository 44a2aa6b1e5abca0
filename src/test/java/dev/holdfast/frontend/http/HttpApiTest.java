package dev.holdfast.frontend.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.replica.CatchUp;
import dev.holdfast.store.Pool;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP API over a real socket: what it takes, what it refuses, and how it says so. */
final class HttpApiTest {
    private static final String JSON = "Content-Type: application/json\r\n";

    private final List<Operation> asked = new ArrayList<>();
    private Result result = Result.conflict("no");
    private HttpApi api;
    private List<NodeStatus.Mirror> mirrors = List.of();
    private List<NodeStatus.Trouble> troubles = List.of();
    private List<String> others = List.of();
    private List<Integer> reached = List.of();

    private final class Fake implements Service {
        @Override
        public void submit(Id128 id, Operation operation, Consumer<Result> answer) {
            asked.add(operation);
            answer.accept(result);
        }

        @Override
        public void dryRun(Operation operation, Consumer<Controller.DryRun> answer) {
            answer.accept(new Controller.DryRun(result, List.of("touches: nothing")));
        }

        @Override
        public void status(Consumer<NodeStatus> answer) {
            NodeInfo self = new NodeInfo(1, new Id128(0, 0), "a", "", 3, "127.0.0.1:5", "", "");
            NodeStatus.Member member =
                    new NodeStatus.Member(self, new Id128(1, 2), nodes(self), reached, true, List.of());
            answer.accept(new NodeStatus(
                    member,
                    new NodeStatus.Clients(List.of(), 5),
                    List.of(),
                    mirrors.stream().map(NodeStatus.Mirror::volume).toList(),
                    List.of(),
                    List.of(),
                    mirrors,
                    new NodeStatus.Condition(List.of("a note"), troubles)));
        }

        /** The node, and others from number 2 on. */
        private List<NodeInfo> nodes(NodeInfo self) {
            List<NodeInfo> all = new ArrayList<>(List.of(self));
            for (String name : others) {
                int number = all.size() + 1;
                all.add(new NodeInfo(number, new Id128(0, number), name, "", 1, "", "", ""));
            }
            return all;
        }

        @Override
        public void events(long after, String volume, Consumer<List<Event>> answer) {
            NodeStatus.Behind done = new NodeStatus.Behind("b", catchUp());
            Event event = new Event(after + 1, 77, "a", volume, "b has caught up", Optional.of(done));
            answer.accept(List.of(event));
        }

        @Override
        public void compare(String volume, boolean reads, Consumer<Optional<Result.Refused>> begun) {
            boolean knows = volume.equals("v") && reads;
            begun.accept(knows ? Optional.empty() : Optional.of(Result.notFound("no volume")));
        }

        @Override
        public void comparison(String volume, Consumer<Optional<VolumeCheck>> told) {
            VolumeCheck.Difference range = new VolumeCheck.Difference(8192, 4096, List.of("b"));
            VolumeCheck check = new VolumeCheck(false, 5, 5, "", "they differ", List.of(range), 1);
            told.accept(volume.equals("v") ? Optional.of(check) : Optional.empty());
        }

        @Override
        public void endComparison(String volume, Runnable done) {
            done.run();
        }

        @Override
        public void twin(String pool, Twinned twinned, boolean dryRun, Consumer<TwinTold> done) {
            done.accept(new TwinTold("no pool is open", false));
        }

        @Override
        public void verify(String pool, Pool.VerifyProgress progress, Verified answer) {
            answer.verified(false, List.of(), 0);
        }

        @Override
        public void changes(String volume, String snapshot, int limit, Pool.Changes answer) {
            answer.changes(false, List.of(), true);
        }
    }

    @BeforeEach
    void start() throws IOException {
        api = HttpApi.start(0, new Fake());
    }

    @AfterEach
    void stop() {
        api.stop();
    }

    private String send(String line, String headers, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), api.port())) {
            String request = line + " HTTP/1.1\r\nConnection: close\r\n" + headers + "Content-Length: " + body.length()
                    + "\r\n\r\n" + body;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String post(String path, String body) throws IOException {
        return send("POST /api/v1/" + path, "Host: localhost\r\n" + JSON, body);
    }

    private static void answers(int code, String response) {
        assertTrue(response.startsWith("HTTP/1.1 " + code + " "), response);
        if (code >= 400) {
            assertTrue(response.contains("{\"error\":\""), response);
        }
    }

    @Test
    void copiesAreComparedAndTheirSnapshotIsNoPersons() throws IOException {
        String begun = post("volumes/v/verify", "{\"data\":true}");
        answers(200, begun);
        assertTrue(begun.contains("\"differences\":[{\"offset\":8192,\"lengthBytes\":4096,\"nodes\":[\"b\"]}]"), begun);
        answers(404, post("volumes/w/verify", "{\"data\":true}"));
        answers(200, send("GET /api/v1/volumes/v/verify", "Host: localhost\r\n", ""));
        answers(404, send("GET /api/v1/volumes/w/verify", "Host: localhost\r\n", ""));
        answers(200, send("DELETE /api/v1/volumes/v/verify", "Host: localhost\r\n" + JSON, ""));
        answers(400, post("snapshots", "{\"name\":\"v@.verify-3\"}"));
        assertEquals(List.of(), asked);
    }

    @Test
    void resultsOfTheControllerBecomeStatusCodes() throws IOException {
        answers(409, post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096}"));
        result = Result.notFound("where");
        answers(404, post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096}"));
        result = new Result.AlreadySo("it is");
        answers(200, post("exports", "{\"volume\":\"v\"}"));
        assertEquals(new Operation.CreateVolume("v", "", 4096), asked.getFirst());
        assertEquals(3, asked.size());
    }

    @Test
    void malformedRequestsAreRefusedAndReachNobody() throws IOException {
        answers(400, post("volumes", "{\"name\":1}"));
        answers(400, post("volumes", "{"));
        answers(400, post("snapshots", "{\"name\":\"no-at-sign\"}"));
        answers(404, post("nothing", "{}"));
        answers(413, post("volumes", " ".repeat((64 << 10) + 1)));
        answers(404, send("GET /api/v1/volumes/none", "Host: localhost\r\n", ""));
        assertEquals(List.of(), asked);
    }

    @Test
    void foreignHostsAndOriginsAreRefused() throws IOException {
        answers(403, send("GET /api/v1/status", "Host: example.com\r\n", ""));
        String foreign = "Host: localhost\r\nOrigin: http://example.com\r\n" + JSON;
        answers(403, send("DELETE /api/v1/volumes/v", foreign, ""));
        answers(415, send("DELETE /api/v1/volumes/v", "Host: localhost\r\n", ""));
        assertEquals(List.of(), asked);
    }

    @Test
    void statusHealthAndMetricsAnswer() throws IOException {
        assertTrue(send("GET /api/v1/status", "Host: localhost\r\n", "").contains("\"incarnation\":3"));
        answers(200, send("GET /healthz", "Host: 127.0.0.1:1\r\n", ""));
        String metrics = send("GET /metrics", "Host: localhost\r\n", "");
        assertTrue(metrics.contains("# TYPE holdfast_node_starts_total counter\nholdfast_node_starts_total 3\n"));
    }

    @Test
    void aVolumeOfSeveralReplicasIsAskedForWithOrWithoutItsPools() throws IOException {
        post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"replicas\":2}");
        post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"pools\":[\"p\",\"q\"]}");
        post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"pools\":[\"p\"],\"replicas\":1}");
        send("DELETE /api/v1/volumes/v/copies/q", "Host: localhost\r\n" + JSON, "");
        post("volumes/v/copies", "{\"pool\":\"q\"}");
        post("volumes/v/copies", "{}");
        send("DELETE /api/v1/nodes/n", "Host: localhost\r\n" + JSON, "");
        post("volumes/v/copies", "{\"sameDomain\":true}");
        post("nodes/n/drain", "{\"sameDomain\":true}");
        send("DELETE /api/v1/nodes/n/drain", "Host: localhost\r\n" + JSON, "");
        List<Operation> wanted = List.of(
                new Operation.CreateMirrored("v", List.of(), 2, 4096),
                new Operation.CreateMirrored("v", List.of("p", "q"), 2, 4096),
                new Operation.CreateVolume("v", "p", 4096),
                new Operation.RemoveCopy("v", "q"),
                new Operation.AddCopy("v", "q"),
                new Operation.AddCopy("v", ""),
                new Operation.RemoveNode("n", false),
                new Operation.AddCopy("v", "", true, 0),
                new Operation.DrainNode("n", true),
                new Operation.EndDrain("n"));
        assertEquals(wanted, asked);
        answers(400, post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"replicas\":0}"));
        answers(400, post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"replicas\":5}"));
        answers(400, post("volumes", "{\"name\":\"v\",\"sizeBytes\":4096,\"pools\":[\"p\"],\"replicas\":2}"));
        answers(404, send("DELETE /api/v1/volumes/v/others/q", "Host: localhost\r\n" + JSON, ""));
        answers(404, post("volumes/v/others", "{}"));
        answers(404, post("nodes/n/others", "{}"));
        assertEquals(wanted, asked);
    }

    private static NodeStatus.Mirror mirror(String name, MirrorInfo known, Optional<NodeStatus.Replica> here) {
        Id128 id = new Id128(7, name.hashCode());
        List<Id128> pools = List.of(new Id128(8, 1), new Id128(8, 2));
        return new NodeStatus.Mirror(new VolumeInfo(id, name, pools, 1, 4096, Life.LIVE), known, here);
    }

    @Test
    void mirrorsSayWhoServesAndWhetherAllCopiesAreInSync() throws IOException {
        NodeStatus.Replica here = new NodeStatus.Replica("primary", 9, 8, 7, 6, List.of("b"), List.of());
        mirrors = List.of(mirror("m", new MirrorInfo(3, "a", List.of("a", "b"), List.of()), Optional.empty()));
        String status = send("GET /api/v1/status", "Host: localhost\r\n", "");
        assertTrue(status.contains("\"health\":\"look at the notes\""), status);
        assertTrue(status.contains("\"volume\":\"m\",\"state\":\"in sync\",\"primary\":\"a\""), status);
        assertTrue(status.contains("\"copies\":2"), status);
        mirrors = List.of(
                mirror("m", new MirrorInfo(3, "a", List.of("a"), List.of("b")), Optional.of(here)),
                mirror("n", new MirrorInfo(1, "", List.of(), List.of("a", "b")), Optional.empty()));
        assertTrue(send("GET /api/v1/status", "Host: localhost\r\n", "").contains("\"health\":\"degraded\""));
        String listed = send("GET /api/v1/mirrors", "Host: localhost\r\n", "");
        assertTrue(listed.contains("\"state\":\"degraded: without b\""), listed);
        assertTrue(listed.contains("\"role\":\"primary\",\"held\":9,\"visible\":8,\"stable\":7,\"durable\":6"), listed);
        assertTrue(listed.contains("\"state\":\"no primary\""), listed);
        String metrics = send("GET /metrics", "Host: localhost\r\n", "");
        for (String line : List.of(
                "mirror_copies{volume=\"m\"} 2",
                "mirror_copies_in_sync{volume=\"m\"} 1",
                "mirror_has_primary{volume=\"n\"} 0",
                "replica_is_primary{volume=\"m\"} 1",
                "replica_durable{volume=\"m\"} 6",
                "replica_waiting_nodes{volume=\"m\"} 1")) {
            assertTrue(metrics.contains("\nholdfast_" + line + "\n"), line + " is not in " + metrics);
        }
    }

    @Test
    void aMirroredVolumeIsExplained() throws IOException {
        NodeStatus.Replica here = new NodeStatus.Replica("primary", 9, 8, 7, 6, List.of("b"), List.of());
        mirrors = List.of(
                mirror("m", new MirrorInfo(3, "a", List.of("a", "b"), List.of()), Optional.empty()),
                mirror("n", new MirrorInfo(4, "a", List.of("a"), List.of("b")), Optional.of(here)),
                mirror("o", new MirrorInfo(5, "", List.of(), List.of("a", "b")), Optional.empty()),
                mirror("p", new MirrorInfo(6, "c", List.of("c"), List.of()), Optional.empty()));
        explains("m", "m (4096 bytes) has 2 copies, on a and b.");
        explains("m", "There is nothing to do.");
        explains("n", "Not in sync: b. Changes are acknowledged without that, and kept for it.");
        explains(
                "n", "What b lacks is not kept change by change any more: it gets the blocks that were changed since.");
        explains("n", "If node a fails too, the volume waits until it is back: no other copy has everything.");
        explains("o", "It has no primary at the moment (epoch 5): clients wait, and are told of an error after 30");
        explains("p", "p (4096 bytes) has 1 copy, on c.");
        explains("p", "It is the last one: if node c is away, the volume waits until it is back, and what c's disks");
        explains("p", "`holdfast volume add-copy p`");
        assertTrue(send("GET /api/v1/explain/x", "Host: localhost\r\n", "").contains("there is no volume x"));
    }

    private void explains(String volume, String sentence) throws IOException {
        String said = send("GET /api/v1/explain/" + volume, "Host: localhost\r\n", "");
        assertTrue(said.contains(sentence), said);
    }

    /** 100 blocks of 4 KiB are to be sent, 40 were, 10 of them written meanwhile. */
    private static CatchUp catchUp() {
        CatchUp.Figures bytes = new CatchUp.Figures(90 * 4096, 10 * 4096, 40 * 4096, 4096, 60 * 4096);
        return new CatchUp(2, CatchUp.Rung.IMAGE_SINCE, bytes, 5_000, 2_000_000_000L, 8192, 30_000_000_000L);
    }

    @Test
    void aCatchUpIsShownWhereItsPrimaryIsAskedAndElsewhereWhereToAsk() throws IOException {
        NodeStatus.Behind behind = new NodeStatus.Behind("b", catchUp());
        NodeStatus.Replica here = new NodeStatus.Replica("primary", 9, 8, 7, 6, List.of(), List.of(behind));
        MirrorInfo known = new MirrorInfo(4, "a", List.of("a"), List.of("b"));
        MirrorInfo elsewhere = new MirrorInfo(4, "c", List.of("c"), List.of("b"));
        mirrors = List.of(mirror("m", known, Optional.of(here)), mirror("n", elsewhere, Optional.empty()));
        String line = "b: image since a root, 160K of 400K sent, 8K/s, 30 s to go";
        String listed = send("GET /api/v1/mirrors", "Host: localhost\r\n", "");
        assertTrue(listed.contains("\"progress\":[\"" + line + "\"]"), listed);
        assertTrue(listed.contains("\"progress\":[\"b: ask c\"]"), listed);
        assertTrue(listed.contains("\"predictedBytes\":368640,\"meanwhileBytes\":40960"), listed);
        explains(
                "m",
                "Node b catches up since 2 s: it gets the blocks that were changed since a root that it has (" + line);
        explains("n", "How far it is, node c knows: ask it with --server.");
        String metrics = send("GET /metrics", "Host: localhost\r\n", "");
        String label = "{volume=\"m\",node=\"b\"} ";
        assertTrue(metrics.contains("\nholdfast_catchup_sent_bytes" + label + "163840\n"), metrics);
        assertTrue(metrics.contains("\nholdfast_catchup_eta_seconds" + label + "30\n"), metrics);
    }

    @Test
    void eventsAreListedFromANumberOnAndHaveTheFiguresOfCatchUps() throws IOException {
        String events = send("GET /api/v1/events?after=6&volume=m", "Host: localhost\r\n", "");
        assertTrue(events.contains("\"number\":7,\"atMillis\":77,\"node\":\"a\",\"volume\":\"m\""), events);
        assertTrue(events.contains("\"caughtUp\":{\"node\":\"b\",\"rung\":\"image since a root\""), events);
        answers(400, send("GET /api/v1/events?after=x", "Host: localhost\r\n", ""));
    }

    @Test
    void whatIsWrongIsSaidWithItsBegin() throws IOException {
        troubles = List.of(new NodeStatus.Trouble("volume m", "volume m waits", 12));
        String status = send("GET /api/v1/status", "Host: localhost\r\n", "");
        assertTrue(status.contains("\"troubles\":[{\"what\":\"volume m waits\",\"sinceMillis\":12}]"), status);
    }

    private String whatIf(String node) throws IOException {
        return send("GET /api/v1/whatif/node-down/" + node, "Host: localhost\r\n", "");
    }

    @Test
    void whatWouldBeWithoutANodeIsSaidOfEveryVolumeAndOfTheControlLog() throws IOException {
        assertTrue(whatIf("a").contains("\"It is the only node.\""), whatIf("a"));
        others = List.of("b", "c");
        reached = List.of(2, 3);
        mirrors = List.of(
                mirror("m", new MirrorInfo(3, "a", List.of("a", "b"), List.of()), Optional.empty()),
                mirror("n", new MirrorInfo(3, "a", List.of("a"), List.of("b")), Optional.empty()),
                mirror("o", new MirrorInfo(3, "", List.of(), List.of("a", "b")), Optional.empty()),
                mirror("p", new MirrorInfo(3, "c", List.of("a", "b", "c"), List.of()), Optional.empty()));
        String without = whatIf("a");
        assertTrue(without.contains("\"stops\":true,\"waiting\":[\"n\"],\"lastCopy\":[\"m\"]"), without);
        for (String line : List.of(
                "The control log keeps its majority of 3 nodes.",
                "p goes on.",
                "m goes on with its last copy in sync, on b: a further failure there would stop it.",
                "n waits until a is back: the copy on b lacks changes.",
                "o waits already: none of its copies serves.")) {
            assertTrue(without.contains(line), without);
        }
        String behind = whatIf("c");
        assertTrue(behind.contains("\"stops\":false,\"waiting\":[],\"lastCopy\":[]"), behind);
        assertTrue(behind.contains("m, n and p go on."), behind);
        reached = List.of(2);
        String minority = whatIf("b");
        assertTrue(minority.contains("The control log loses its majority of 3 nodes"), minority);
        assertTrue(minority.contains("\"waiting\":[\"m\",\"p\"]"), minority);
        assertTrue(minority.contains("m waits for a majority"), minority);
        assertTrue(whatIf("c").contains("Node c is not reached even now. As long as it is down:"), whatIf("c"));
        answers(404, whatIf("d"));
    }

    @Test
    void healthIsWorstFirstAndNamesEachThingOnce() {
        NodeInfo self = new NodeInfo(1, new Id128(0, 0), "a", "", 3, "", "", "");
        NodeInfo other = new NodeInfo(2, new Id128(0, 2), "b", "", 3, "", "", "");
        List<NodeStatus.Mirror> all = List.of(
                mirror("n", new MirrorInfo(3, "a", List.of("a"), List.of("b")), Optional.empty()),
                mirror("o", new MirrorInfo(3, "", List.of(), List.of("a", "b")), Optional.empty()));
        NodeStatus status = new NodeStatus(
                new NodeStatus.Member(self, new Id128(1, 2), List.of(self, other), List.of(), true, List.of()),
                new NodeStatus.Clients(List.of(), 0),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                all,
                new NodeStatus.Condition(List.of("a note"), List.of()));
        assertEquals(
                List.of(
                        "volume o waits: none of its copies serves",
                        "1 of 2 nodes are reached, no majority: nothing can change who keeps what",
                        "volume n has 1 of 2 copies in sync, without b",
                        "node b is not reached",
                        "a note"),
                List.copyOf(Health.of(status).values()));
    }

    @Test
    void nodesSayWhereTheyAreReached() throws IOException {
        String nodes = send("GET /api/v1/nodes", "Host: localhost\r\n", "");
        String reached = "\"number\":1,\"address\":\"\",\"domain\":\"a\",\"links\":\"127.0.0.1:5\",\"disks\":\"\"";
        assertTrue(nodes.contains(reached), nodes);
    }
}
