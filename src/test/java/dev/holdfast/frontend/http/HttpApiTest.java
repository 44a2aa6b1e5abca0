package dev.holdfast.frontend.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.store.Pool;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
            NodeInfo self = new NodeInfo(1, new Id128(0, 0), "a", "", 3, "127.0.0.1:5", "");
            NodeStatus.Member member = new NodeStatus.Member(self, new Id128(1, 2), List.of(self));
            answer.accept(new NodeStatus(
                    member, List.of(), List.of(), List.of(), List.of(), List.of(), 5, List.of("a note")));
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
}
