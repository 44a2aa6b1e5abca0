package dev.holdfast.host.tls;

import dev.holdfast.base.Checks;
import dev.holdfast.host.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;

/**
 * TLS over one socket. It holds what the socket has brought and is not deciphered, what is enciphered and the socket
 * has not taken, and, when a reader has less room than a record needs, the rest of that record; no more than
 * {@link HeldBuffers#BYTES} of each.
 *
 * <ol>
 *   <li>{@code in} is what came and was not looked at, between position and limit; {@code out} is filled at its end.
 *   <li>Bytes of the reader are deciphered only after the peer was believed.
 *   <li>What the protocol itself has to say finds {@link #packetBytes} free in {@code out}: a peer that asks for more
 *       than it takes, or again and again, is left.
 * </ol>
 */
final class TlsTransport implements Transport {

    /** What one read takes in at most, so that a peer whose records have no bytes does not keep its loop. */
    private static final int MOST_FILLS = 32;

    /** Each question to the protocol itself has so many bytes before it, ... */
    private static final long BYTES_PER_QUESTION = 1 << 20;

    /** ... but for so many. */
    private static final int FREE_QUESTIONS = 32;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket;
    private final SSLEngine engine;
    private final NodeTrust trust;
    private final int packetBytes;
    private final int recordBytes;
    private final HeldBuffers buffers;
    private ByteBuffer in;
    private ByteBuffer out;
    private ByteBuffer rest = NOTHING;
    private String proof = "";
    private boolean dry = true;
    private boolean ended;
    private int fills;
    private long heardBytes;
    private long questions;

    TlsTransport(SocketChannel socket, SSLEngine engine, NodeTrust trust, HeldBuffers buffers) throws SSLException {
        this.socket = socket;
        this.engine = engine;
        this.trust = trust;
        this.buffers = buffers;
        this.packetBytes = engine.getSession().getPacketBufferSize();
        this.recordBytes = engine.getSession().getApplicationBufferSize();
        Checks.that(
                HeldBuffers.BYTES >= 3 * packetBytes,
                "what is held takes a record, and what the protocol says",
                packetBytes);
        engine.beginHandshake();
        this.in = buffers.take().limit(0);
        this.out = buffers.take();
    }

    @Override
    public SocketChannel socket() {
        return socket;
    }

    @Override
    public Step greet() throws IOException {
        while (true) {
            if (!flush()) {
                return Step.WRITE;
            }
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    return Step.COMPUTE;
                }
                case NEED_WRAP -> sayOwn();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!hear()) {
                        return Step.READ;
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    believe();
                    return Step.DONE;
                }
            }
        }
    }

    @Override
    public void compute() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** One message of the peer's greeting; false if it has not come yet. */
    private boolean hear() throws IOException {
        SSLEngineResult result = engine.unwrap(in, NOTHING.duplicate());
        switch (result.getStatus()) {
            case OK -> Checks.that(result.bytesProduced() == 0, "nothing comes before the greeting is over");
            case CLOSED -> throw new EOFException("the peer ended the greeting");
            case BUFFER_OVERFLOW -> throw new SSLException("something comes before the greeting is over");
            case BUFFER_UNDERFLOW -> {
                int received = fill();
                if (received < 0) {
                    throw new EOFException("the peer ended the stream in its greeting");
                }
                return received > 0;
            }
        }
        return true;
    }

    /** A session that was resumed is looked at like any other. */
    private void believe() throws IOException {
        try {
            Certificate[] shown = engine.getSession().getPeerCertificates();
            proof = trust.idOf(Arrays.copyOf(shown, shown.length, X509Certificate[].class));
            dry = !in.hasRemaining();
        } catch (CertificateException refused) {
            throw new SSLException(refused.getMessage(), refused);
        }
    }

    @Override
    public String proof() {
        return proof;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        Checks.that(!proof.isEmpty(), "a peer is heard once it was believed");
        int before = into.position();
        moveRest(into);
        dry = ended;
        fills = 0;
        while (into.hasRemaining() && !dry && fills <= MOST_FILLS) {
            decipher(into);
        }
        int got = into.position() - before;
        heardBytes += got;
        return got == 0 && ended ? -1 : got;
    }

    @Override
    public boolean holdsInput() {
        return rest.hasRemaining() || ended || in.hasRemaining() && !dry;
    }

    private void decipher(ByteBuffer into) throws IOException {
        boolean direct = into.remaining() >= recordBytes;
        SSLEngineResult result = engine.unwrap(in, direct ? into : emptyRest());
        if (!direct) {
            rest.flip();
            moveRest(into);
        }
        switch (result.getStatus()) {
            case OK -> answer();
            case CLOSED -> {
                ended = true;
                dry = true;
            }
            case BUFFER_OVERFLOW -> throw new SSLException("a record is longer than it may be");
            case BUFFER_UNDERFLOW -> {
                int received = fill();
                ended = received < 0;
                dry = received <= 0;
            }
        }
    }

    private ByteBuffer emptyRest() {
        if (rest.capacity() == 0) {
            rest = ByteBuffer.allocateDirect(recordBytes);
        }
        return rest.clear();
    }

    private void moveRest(ByteBuffer into) {
        int count = Math.min(rest.remaining(), into.remaining());
        into.put(into.position(), rest, rest.position(), count);
        into.position(into.position() + count);
        rest.position(rest.position() + count);
    }

    /** What the peer asked the protocol itself. */
    private void answer() throws IOException {
        compute();
        if (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP) {
            questions++;
            if ((questions - FREE_QUESTIONS) * BYTES_PER_QUESTION > heardBytes) {
                throw new SSLException("the peer asks for new keys without end");
            }
            flush();
            sayOwn();
            flush();
        }
    }

    private void sayOwn() throws IOException {
        SSLEngineResult result = engine.wrap(NOTHING.duplicate(), out);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            throw new SSLException("the peer asks for more than it takes");
        }
        if (result.getStatus() == SSLEngineResult.Status.CLOSED && result.bytesProduced() == 0) {
            throw new EOFException("the stream has ended");
        }
    }

    private int fill() throws IOException {
        fills++;
        in.compact();
        try {
            return socket.read(in);
        } finally {
            in.flip();
        }
    }

    @Override
    public long write(ByteBuffer[] from, int count) throws IOException {
        Checks.that(out.capacity() > 0, "what has ended sends nothing");
        long taken = 0;
        boolean sent = flush();
        while (sent && hasRemaining(from, count)) {
            while (out.remaining() >= 2 * packetBytes && hasRemaining(from, count)) {
                SSLEngineResult result = engine.wrap(from, 0, count, out);
                if (result.getStatus() != SSLEngineResult.Status.OK) {
                    throw new SSLException("nothing can be sent any more: " + result.getStatus());
                }
                taken += result.bytesConsumed();
            }
            sent = flush();
        }
        return taken;
    }

    private static boolean hasRemaining(ByteBuffer[] from, int count) {
        for (int i = 0; i < count; i++) {
            if (from[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean flush() throws IOException {
        if (out.position() > 0) {
            out.flip();
            try {
                socket.write(out);
            } finally {
                out.compact();
            }
        }
        return out.position() == 0;
    }

    @Override
    public void endOutput() throws IOException {
        engine.closeOutbound();
        sayOwn();
        flush();
        socket.shutdownOutput();
    }

    /** A peer that still listens is told that it ends, or why it was refused. */
    @Override
    public void close() throws IOException {
        try {
            if (!engine.isOutboundDone()) {
                engine.closeOutbound();
                sayOwn();
                flush();
            }
        } catch (IOException ignored) {
            ended = true; // It ends in any case.
        } finally {
            giveBack();
            socket.close();
        }
    }

    private void giveBack() {
        if (out.capacity() > 0) {
            buffers.giveBack(in);
            buffers.giveBack(out);
            in = NOTHING;
            out = NOTHING;
        }
    }
}
