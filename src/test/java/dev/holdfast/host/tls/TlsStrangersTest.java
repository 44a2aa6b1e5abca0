package dev.holdfast.host.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.host.HostDriver;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A listener of node 1, and who may not come in: each costs its own connection, and node 2 is served meanwhile. */
final class TlsStrangersTest {
    private static final int GREETING_AT_ONCE = 64;

    private final TestCluster cluster = new TestCluster();
    private final HostDriver driver = HostDriver.over(cluster.keys(1)::over);
    private final AtomicInteger letIn = new AtomicInteger();
    private final List<String> proofs = new CopyOnWriteArrayList<>();
    private Loop loop;
    private Loop dialers;
    private int port;

    /** Sends back what comes. */
    private static final class Echo implements Receiver {
        private final Connection connection;

        Echo(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void received(ByteBuffer in) {
            connection.reserve(in.remaining()).put(in);
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }

    /** One end that dialled; what came, and how it ended. */
    private final class Dialled implements Receiver {
        private volatile String came = "";
        private volatile String ended = "";
        private volatile Connection connection;

        Dialled(Network network, int to) {
            network.connect(
                    new Address.Tcp("127.0.0.1", to),
                    dialers,
                    opened -> {
                        connection = opened;
                        return this;
                    },
                    reason -> ended = reason);
        }

        void say(String words) {
            driver.runOn(dialers, () -> connection.reserve(100).put(words.getBytes(StandardCharsets.US_ASCII)));
        }

        @Override
        public void received(ByteBuffer in) {
            came += StandardCharsets.US_ASCII.decode(in);
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {
            ended = reason;
        }
    }

    @BeforeEach
    void listen() throws WorldException {
        loop = driver.world().newLoop("server");
        dialers = driver.world().newLoop("dialers");
        Network.Listener listener = driver.world().network().listen(driver.newAddress(), loop, connection -> {
            letIn.incrementAndGet();
            proofs.add(connection.proof());
            return new Echo(connection);
        });
        port = ((Address.Tcp) listener.address()).port();
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private Network network(TestCluster of, int node) {
        return driver.machine().network(of.keys(node)::over);
    }

    private Dialled open(int node) {
        Dialled opened = new Dialled(network(cluster, node), port);
        driver.runUntil(() -> opened.connection != null || !opened.ended.isEmpty());
        assertEquals("", opened.ended);
        return opened;
    }

    /** Node 2 is served. */
    private void served() {
        Dialled good = open(2);
        assertEquals(TestCluster.id(1), good.connection.proof());
        good.say("hello");
        driver.runUntil(() -> good.came.equals("hello"));
        assertTrue(proofs.stream().allMatch(TestCluster.id(2)::equals), proofs::toString);
        driver.runOn(dialers, good.connection::close);
    }

    private Socket raw() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /** Reads to the end of the stream, however it comes. */
    private static void awaitEnd(Socket socket) {
        try {
            socket.setSoTimeout(60_000);
            InputStream in = socket.getInputStream();
            while (in.read() >= 0) {
                continue;
            }
        } catch (java.net.SocketTimeoutException hangs) {
            throw new AssertionError("the stream does not end", hangs);
        } catch (IOException reset) {
            assertTrue(reset.getMessage() != null);
        }
    }

    @Test
    void bothEndsKnowWhoIsThere() {
        served();
        assertEquals(List.of(TestCluster.id(2)), proofs);
    }

    @Test
    void aNodeOfAnotherClusterIsRefusedByBothEnds() {
        Dialled stranger = new Dialled(network(new TestCluster(), 2), port);
        driver.runUntil(() -> !stranger.ended.isEmpty());
        assertTrue(stranger.ended.contains("another cluster"), stranger.ended);
        served();
        assertEquals(1, letIn.get());
    }

    /** A TLS client that believes everybody, and shows {@code keys} if there are any. */
    private SSLSocket client(KeyStore keys, String protocol) throws IOException, GeneralSecurityException {
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), new TrustManager[] {new Everybody()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        socket.setReceiveBufferSize(4096);
        socket.setEnabledProtocols(new String[] {protocol});
        socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private static final class Everybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private static KeyStore store() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, new char[0]);
        return store;
    }

    private static KeyStore store(Certificates.Authority signer, String subject, Instant then)
            throws IOException, GeneralSecurityException {
        KeyPair keys = Certificates.newKeys();
        X509Certificate made = Certificates.issue(signer, keys.getPublic(), subject, then);
        KeyStore store = store();
        store.setKeyEntry("node", keys.getPrivate(), new char[0], new Certificate[] {made});
        return store;
    }

    private void refused(KeyStore keys, String protocol) throws IOException, GeneralSecurityException {
        try (SSLSocket stranger = client(keys, protocol)) {
            stranger.getOutputStream().write(1);
            awaitEnd(stranger);
        } catch (IOException alert) {
            assertTrue(alert.getMessage() != null);
        }
        served();
        assertEquals(1, letIn.get());
    }

    @Test
    void whoShowsNoCertificateIsRefused() throws Exception {
        refused(store(), "TLSv1.3");
    }

    @Test
    void aCertificateThatHasExpiredIsRefused() throws Exception {
        Instant then = Instant.now().minus(Duration.ofDays(21 * 365));
        refused(store(cluster.authority(), TestCluster.id(2), then), "TLSv1.3");
    }

    @Test
    void aCertificateThatIsNotValidYetIsRefused() throws Exception {
        Instant then = Instant.now().plus(Duration.ofDays(2));
        refused(store(cluster.authority(), TestCluster.id(2), then), "TLSv1.3");
    }

    @Test
    void aCertificateOfTheClusterThatIsNoNodesIsRefused() throws Exception {
        refused(store(cluster.authority(), "somebody", Instant.now()), "TLSv1.3");
    }

    @Test
    void theCertificateOfAnUnknownAuthorityIsRefused() throws Exception {
        refused(store(new TestCluster().authority(), TestCluster.id(2), Instant.now()), "TLSv1.3");
    }

    @Test
    void anEarlierVersionOfTlsIsRefused() throws Exception {
        refused(store(cluster.authority(), TestCluster.id(2), Instant.now()), "TLSv1.2");
    }

    @Test
    void aNodeThatWasRemovedIsRefused() throws WorldException {
        NodeKeys own = cluster.keys(1);
        AtomicInteger came = new AtomicInteger();
        Network.Listener door = driver.machine().network(own::over).listen(driver.newAddress(), loop, connection -> {
            came.incrementAndGet();
            return new Echo(connection);
        });
        own.refuse(TestCluster.id(3));
        Dialled removed = new Dialled(network(cluster, 3), ((Address.Tcp) door.address()).port());
        driver.runUntil(() -> !removed.ended.isEmpty());
        assertEquals(0, came.get());
    }

    @Test
    void plainBytesAndNoiseAreCutOff() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 20; i++) {
            byte[] noise = new byte[1 + random.nextInt(20_000)];
            random.nextBytes(noise);
            if (i % 2 == 0) { // the head of a TLS record, then nonsense
                noise[0] = 22;
                System.arraycopy(new byte[] {3, 3, 0, 40}, 0, noise, 1, Math.min(4, noise.length - 1));
            }
            try (Socket socket = raw()) {
                socket.getOutputStream().write(noise);
                socket.shutdownOutput();
                awaitEnd(socket);
            } catch (IOException reset) {
                assertTrue(reset.getMessage() != null);
            }
        }
        try (Socket plain = raw()) {
            plain.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            awaitEnd(plain);
        }
        served();
        assertEquals(1, letIn.get());
    }

    @Test
    void whoIsSilentIsCutOffAndOnlySoManyMayGreet() throws IOException {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < GREETING_AT_ONCE; i++) {
            silent.add(raw());
        }
        try (Socket tooMany = raw()) {
            awaitEnd(tooMany);
        }
        for (Socket socket : silent) {
            awaitEnd(socket);
            socket.close();
        }
        served();
        assertEquals(1, letIn.get());
    }

    @Test
    void whoGoesInMidGreetingMakesRoomForOthers() throws IOException {
        for (int i = 0; i < 2 * GREETING_AT_ONCE; i++) {
            try (Socket socket = raw()) {
                socket.getOutputStream().write(new byte[] {22, 3, 1, 1, 0, 1});
            }
        }
        served();
    }

    @Test
    void whoAsksForNewKeysWithoutEndIsCutOff() throws Exception {
        try (SSLSocket hostile = client(store(cluster.authority(), TestCluster.id(2), Instant.now()), "TLSv1.3")) {
            hostile.startHandshake();
            driver.runUntil(() -> letIn.get() == 1);
            hostile.getOutputStream().write(1);
            assertEquals(1, hostile.getInputStream().read());
            for (int i = 0; ; i++) {
                assertTrue(i < 1_000_000, "it is never cut off");
                hostile.startHandshake();
            }
        } catch (IOException cut) {
            assertTrue(cut.getMessage() != null);
        }
        served();
    }

    @Test
    void aDialerThatFindsSomethingElseFails() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Dialled dialled = new Dialled(network(cluster, 2), other.getLocalPort());
            try (Socket accepted = other.accept()) {
                accepted.getOutputStream()
                        .write("220 welcome to something else\r\n".getBytes(StandardCharsets.US_ASCII));
                driver.runUntil(() -> !dialled.ended.isEmpty());
            }
            assertTrue(dialled.ended.startsWith("can't connect to 127.0.0.1:"), dialled.ended);
            Dialled gone = new Dialled(network(cluster, 2), other.getLocalPort());
            other.accept().close();
            driver.runUntil(() -> !gone.ended.isEmpty());
            assertTrue(gone.ended.contains("greeting") || gone.ended.contains("reset"), gone.ended);
        }
    }
}
