package dev.holdfast.cli.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.host.join.IssuedTokens;
import dev.holdfast.host.join.JoinRequest;
import dev.holdfast.host.join.JoinServer;
import dev.holdfast.host.tls.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories of nodes that begin and join, cut off after each file that a first start writes. */
final class JoinedNodeTest {
    /** In the order in which they are written. */
    private static final List<String> JOINED =
            List.of("tls/node.key", "control/joining", "tls/ca.key", "tls/ca.pem", "tls/node.pem", "control/members");

    private static final List<String> BEGUN =
            List.of("tls/node.key", "tls/ca.key", "tls/ca.pem", "tls/node.pem", "control/members");
    private static final String ADDRESS = "127.0.0.2:7000";

    @TempDir
    private Path directory;

    private final TestCluster cluster = new TestCluster();
    private JoinServer server;
    private String token;

    private static final class OneMember implements JoinServer.Cluster {
        @Override
        public String group() {
            return "00000000-0000-0000-0000-000000000007";
        }

        @Override
        public List<String> members() {
            return List.of(TestCluster.id(1) + "=127.0.0.9:7000");
        }

        @Override
        public String objection(JoinRequest request) {
            return "";
        }
    }

    @BeforeEach
    void open() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.9"))) {
            port = free.getLocalPort();
        }
        IssuedTokens tokens = new IssuedTokens(directory.resolve("tokens"), InstantSource.system());
        InetSocketAddress at = new InetSocketAddress("127.0.0.9", port);
        server = JoinServer.open(at, cluster.keys(1), tokens, cluster.authority(), new OneMember());
        token = tokens.issue("127.0.0.9", port, cluster.authority().certificate())
                .line();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private JoinedNode joined(Path of) throws IOException {
        return JoinedNode.of(of, "b", ADDRESS, token);
    }

    /** What a death leaves after the first {@code count} files of {@code whole} were written. */
    private Path cut(Path whole, List<String> files, int count) throws IOException {
        Path left = directory.resolve("cut-" + files.size() + "-" + count);
        for (String file : files.subList(0, count)) {
            Files.createDirectories(left.resolve(file).getParent());
            Files.copy(whole.resolve(file), left.resolve(file));
        }
        return Files.createDirectories(left);
    }

    private static String idIn(Path of) throws IOException {
        return Files.readAllLines(of.resolve("tls/node.key")).getFirst();
    }

    @Test
    void aJoinThatDiedAfterAnyStepIsFinishedByTheSameCommand() throws IOException {
        Path whole = directory.resolve("whole");
        assertTrue(joined(whole).isJoining());
        for (int count = 1; count <= JOINED.size(); count++) {
            Path left = cut(whole, JOINED, count);
            if (count > 1 && count < JOINED.size()) {
                Failure refused = assertThrows(Failure.class, () -> JoinedNode.of(left, "b", ADDRESS, ""));
                assertTrue(refused.getMessage().contains("began to join a cluster"), refused.getMessage());
            }
            JoinedNode again = joined(left);
            assertEquals(idIn(whole), idIn(left), "after " + count + " files");
            assertEquals(
                    Files.readString(whole.resolve("control/members")),
                    Files.readString(left.resolve("control/members")));
            assertTrue(again.isJoining());
            again.joined();
            assertFalse(joined(left).isJoining());
        }
    }

    @Test
    void aClusterWhoseBeginningDiedAfterAnyStepBegins() throws IOException {
        Path whole = directory.resolve("first");
        JoinedNode.of(whole, "a", ADDRESS, "");
        for (int count = 1; count <= BEGUN.size(); count++) {
            Path left = cut(whole, BEGUN, count);
            JoinedNode again = JoinedNode.of(left, "a", ADDRESS, "");
            assertFalse(again.isJoining());
            assertEquals(idIn(whole), idIn(left));
            if (count >= BEGUN.indexOf("tls/ca.pem") + 1) {
                assertEquals(
                        Files.readString(whole.resolve("tls/ca.pem")), Files.readString(left.resolve("tls/ca.pem")));
            }
        }
    }

    @Test
    void whatIsSecretIsItsOwnersOnly() throws IOException {
        Path whole = directory.resolve("whole");
        joined(whole);
        for (String file : JOINED) {
            String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(whole.resolve(file)));
            assertEquals("rw-------", mode, file);
        }
    }

    @Test
    void aNodeKeepsItsNameItsAddressAndItsCertificate() throws IOException {
        Path whole = directory.resolve("whole");
        joined(whole);
        Failure name = assertThrows(Failure.class, () -> JoinedNode.of(whole, "c", ADDRESS, ""));
        assertTrue(name.getMessage().contains("is node b at " + ADDRESS + " for ever"), name.getMessage());
        assertThrows(Failure.class, () -> JoinedNode.of(whole, "b", "127.0.0.2:7001", ""));
        assertEquals("b", JoinedNode.of(whole, "a", "", "").name());
        Path bad = directory.resolve("bad");
        assertThrows(Failure.class, () -> JoinedNode.of(bad, "b\nid 1", ADDRESS, ""));
        assertFalse(Files.exists(bad));
        Path other = directory.resolve("other");
        JoinedNode.of(other, "x", "127.0.0.3:7000", "");
        Files.delete(whole.resolve("tls/node.pem"));
        Files.copy(other.resolve("tls/node.pem"), whole.resolve("tls/node.pem"));
        assertThrows(IOException.class, () -> joined(whole));
    }

    @Test
    void anAddressNeedsRoomForFourPorts() {
        for (String wrong :
                List.of("", "7000", "host:", "host:0", "host:65533", "host:99999", "0.0.0.0:7000", ":::7000")) {
            assertThrows(Failure.class, () -> JoinedNode.address(wrong), wrong);
        }
        assertEquals(65_532, JoinedNode.address("10.0.0.1:65532").port());
    }
}
