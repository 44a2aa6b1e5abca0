package dev.holdfast.host.join;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.NodeKeys;
import dev.holdfast.host.tls.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joins over real sockets. */
final class JoinTest {
    private static final List<String> MEMBERS = List.of(TestCluster.id(1) + "=10.0.0.1:7000");

    @TempDir
    private Path directory;

    private final TestCluster cluster = new TestCluster();
    private final KeyPair keys = Certificates.newKeys();
    private IssuedTokens tokens;
    private JoinServer server;
    private String objection = "";

    private final class OneMember implements JoinServer.Cluster {
        @Override
        public String group() {
            return "the group";
        }

        @Override
        public List<String> members() {
            return MEMBERS;
        }

        @Override
        public String objection(JoinRequest request) {
            return objection;
        }
    }

    @BeforeEach
    void open() throws IOException {
        tokens = new IssuedTokens(directory.resolve("tokens"), InstantSource.system());
        server = open(cluster);
    }

    private JoinServer open(TestCluster of) throws IOException {
        InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return JoinServer.open(free, of.keys(1), tokens, of.authority(), new OneMember());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Token token() throws IOException {
        return tokens.issue("127.0.0.1", server.port(), cluster.authority().certificate());
    }

    private Joined join(Token token, int node) throws IOException {
        return JoinClient.join(token, new JoinRequest(TestCluster.id(node), "b", "10.0.0.2:7000", keys.getPublic()));
    }

    @Test
    void whoHasATokenGetsWhatAMemberHas() throws Exception {
        Token token = token();
        for (int i = 0; i < 2; i++) { // an answer that was lost is asked for again
            Joined joined = join(token, 2);
            assertEquals(MEMBERS, joined.members());
            assertEquals("the group", joined.group());
            NodeKeys own = new NodeKeys(
                    keys.getPrivate(), joined.certificate(), joined.authority().certificate());
            assertEquals(TestCluster.id(2), own.id());
            assertArrayEquals(
                    cluster.authority().keys().getPrivate().getEncoded(),
                    joined.authority().keys().getPrivate().getEncoded());
        }
    }

    @Test
    void anotherNodeWithTheSameTokenIsRefused() throws IOException {
        Token token = token();
        join(token, 2);
        JoinClient.Refused refused = assertThrows(JoinClient.Refused.class, () -> join(token, 3));
        assertTrue(refused.getMessage().startsWith("the token was used by another node"), refused.getMessage());
    }

    @Test
    void aSecretThatWasNotIssuedIsRefused() throws IOException {
        Token right = token();
        Token wrong = new Token(
                right.host(), right.port(), Long.MAX_VALUE, right.fingerprint(), new byte[Token.SECRET_BYTES]);
        JoinClient.Refused refused = assertThrows(JoinClient.Refused.class, () -> join(wrong, 2));
        assertTrue(refused.getMessage().startsWith("the token is not known there"), refused.getMessage());
    }

    @Test
    void aNameThatIsTakenLeavesTheTokenOpen() throws IOException {
        Token token = token();
        objection = "there is a node b already";
        assertEquals(
                objection,
                assertThrows(JoinClient.Refused.class, () -> join(token, 2)).getMessage());
        objection = "";
        assertEquals(MEMBERS, join(token, 3).members());
    }

    @Test
    void theSecretIsNotSentToAnotherCluster() throws IOException {
        Token token = token();
        try (JoinServer impostor = open(new TestCluster())) {
            Token elsewhere =
                    new Token("127.0.0.1", impostor.port(), Long.MAX_VALUE, token.fingerprint(), token.secret());
            IOException refused = assertThrows(IOException.class, () -> join(elsewhere, 2));
            assertTrue(refused.getMessage().contains("is not of the token's cluster"), refused.getMessage());
        }
        assertEquals("", tokens.objection(token.secret(), TestCluster.id(3)), "nobody has used it");
    }

    @Test
    void strangersCostTheirConnectionsOnly() throws IOException {
        Token token = token();
        SplittableRandom random = new SplittableRandom(3);
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
            silent.add(socket);
            byte[] noise = new byte[random.nextInt(1, 2_000)];
            random.nextBytes(noise);
            if (i % 2 == 0) {
                socket.getOutputStream()
                        .write(i % 4 == 0 ? noise : "GET /\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
        for (Socket socket : silent) { // those that are silent are closed after ten seconds, too many at once
            socket.setSoTimeout(60_000);
            assertEnds(socket);
        }
        assertEquals(MEMBERS, join(token, 2).members());
    }

    private static void assertEnds(Socket socket) throws IOException {
        try (socket) {
            while (socket.getInputStream().read() >= 0) {
                continue;
            }
        } catch (java.net.SocketTimeoutException hangs) {
            throw new AssertionError("it is never closed", hangs);
        } catch (IOException reset) {
            assertTrue(reset.getMessage() != null);
        }
    }
}
