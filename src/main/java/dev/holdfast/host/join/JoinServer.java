package dev.holdfast.host.join;

import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.NodeKeys;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * Where nodes join: one request and one answer on each connection, on a few threads of its own. Everything that comes
 * is a stranger's.
 *
 * <ol>
 *   <li>A connection ends after {@link #CONNECTION_SECONDS}, whatever it does.
 *   <li>So many are looked at at once, so many wait, more are closed.
 *   <li>A wrong secret is answered after a second, on the thread that looked at it.
 *   <li>No certificate is made before a secret was right.
 * </ol>
 */
public final class JoinServer implements AutoCloseable {
    private static final int AT_ONCE = 4;
    private static final int WAITING = 16;
    private static final int CONNECTION_SECONDS = 10;
    private static final long WRONG_SECRET_NANOS = 1_000_000_000L;
    private static final int REQUEST_WORDS = 5;
    private static final int MOST_KEY_BYTES = 256;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
    private static final String[] PROTOCOLS = {"TLSv1.3"};

    private final SSLServerSocket listener;
    private final IssuedTokens tokens;
    private final Certificates.Authority authority;
    private final Cluster cluster;
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor watch;

    /** What a join has to know of the cluster; may be asked from any thread. */
    public interface Cluster {
        /** Of the control log. */
        String group();

        /** Who keeps it: id=host:port of each. */
        List<String> members() throws IOException;

        /** Why a node can't join under this name and id, or the empty text. */
        String objection(JoinRequest request);
    }

    private JoinServer(
            SSLServerSocket listener, IssuedTokens tokens, Certificates.Authority authority, Cluster cluster) {
        this.listener = listener;
        this.tokens = tokens;
        this.authority = authority;
        this.cluster = cluster;
        this.threads = new ThreadPoolExecutor(
                AT_ONCE, AT_ONCE, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), JoinServer::thread);
        this.threads.allowCoreThreadTimeOut(true);
        this.watch = new ScheduledThreadPoolExecutor(1, JoinServer::thread);
    }

    private static Thread thread(Runnable task) {
        return Thread.ofPlatform().name("join").daemon(true).unstarted(task);
    }

    /**
     * Listens at {@code host}:{@code port}.
     *
     * @throws IOException if that can't be listened on
     */
    public static JoinServer open(
            InetSocketAddress at, NodeKeys keys, IssuedTokens tokens, Certificates.Authority authority, Cluster cluster)
            throws IOException {
        SSLServerSocket socket =
                (SSLServerSocket) keys.context().getServerSocketFactory().createServerSocket();
        socket.setReuseAddress(true);
        socket.setEnabledProtocols(PROTOCOLS);
        socket.bind(at);
        JoinServer server = new JoinServer(socket, tokens, authority, cluster);
        thread(server::accept).start();
        return server;
    }

    /** Where it listens. */
    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                SSLSocket socket = (SSLSocket) listener.accept();
                try {
                    threads.execute(() -> serve(socket));
                    watch.schedule(() -> end(socket), CONNECTION_SECONDS, TimeUnit.SECONDS);
                } catch (RejectedExecutionException tooMany) {
                    end(socket);
                }
            } catch (IOException none) {
                LockSupport.parkNanos(WRONG_SECRET_NANOS / 10); // Closed, or no descriptor is left for a moment.
            }
        }
    }

    private static void end(SSLSocket socket) {
        try {
            socket.close();
        } catch (IOException gone) {
            return;
        }
    }

    private void serve(SSLSocket socket) {
        try (socket) {
            socket.setSoTimeout(CONNECTION_SECONDS * 1_000);
            List<byte[]> request = JoinWords.receive(new DataInputStream(socket.getInputStream()), REQUEST_WORDS);
            JoinWords.send(new DataOutputStream(socket.getOutputStream()), answer(request));
        } catch (IOException strangers) {
            return; // It costs this connection.
        }
    }

    private List<byte[]> answer(List<byte[]> words) {
        JoinRequest request;
        try {
            request = request(words);
        } catch (GeneralSecurityException unusable) {
            return refusal("the request is not understood");
        }
        try {
            String refused = tokens.objection(words.getFirst(), request.id());
            if (!refused.isEmpty()) {
                LockSupport.parkNanos(WRONG_SECRET_NANOS);
                return refusal(refused);
            }
            String objection = cluster.objection(request);
            if (objection.isEmpty()) {
                objection = tokens.give(words.getFirst(), request.id());
            }
            return objection.isEmpty() ? welcome(request) : refusal(objection);
        } catch (IOException | GeneralSecurityException failed) {
            return refusal("the node there can't do it now: " + failed.getMessage());
        }
    }

    private static JoinRequest request(List<byte[]> words) throws GeneralSecurityException {
        String id = JoinWords.text(words.get(1));
        if (!ID.matcher(id).matches() || words.get(4).length > MOST_KEY_BYTES) {
            throw new GeneralSecurityException("no node's");
        }
        PublicKey key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(words.get(4)));
        return new JoinRequest(id, JoinWords.text(words.get(2)), JoinWords.text(words.get(3)), key);
    }

    private static List<byte[]> refusal(String why) {
        return List.of(JoinWords.of(why));
    }

    private List<byte[]> welcome(JoinRequest request) throws IOException, GeneralSecurityException {
        X509Certificate made = Certificates.issue(authority, request.key(), request.id(), Instant.now());
        List<byte[]> words = new ArrayList<>();
        words.add(JoinWords.of("welcome"));
        words.add(made.getEncoded());
        words.add(authority.certificate().getEncoded());
        words.add(authority.keys().getPrivate().getEncoded());
        words.add(JoinWords.of(cluster.group()));
        cluster.members().forEach(member -> words.add(JoinWords.of(member)));
        return words;
    }

    /** Nobody joins any more. */
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException gone) {
            return;
        } finally {
            threads.shutdownNow();
            watch.shutdownNow();
        }
    }
}
