package dev.holdfast.frontend.nbd;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * A connection in memory that is as mean as {@link Connection} allows and checks that its user keeps to the rules:
 * calls only on its loop, nothing said after the end, never a full buffer of which nothing is taken.
 */
final class FakeConnection implements Connection {
    private Loop loop;
    private Receiver receiver;

    /** Sent by the peer and not yet presented. */
    private ByteBuffer incoming = ByteBuffer.allocate(0);

    /** Presented and not taken, from 0 to its position; grows up to what is allowed. */
    private ByteBuffer kept = ByteBuffer.allocateDirect(4096);

    private boolean presentsKept;
    private boolean paused;
    private boolean moving;
    private boolean pumping;
    private int segmentBytes = Integer.MAX_VALUE;

    private ByteBuffer reserved = ByteBuffer.allocate(0);
    private final ByteArrayOutputStream queued = new ByteArrayOutputStream();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private boolean peerTakes = true;
    private boolean passedMegabyte;
    private boolean flushing;

    private boolean closing;
    private boolean closed;
    int presented;
    int sends;

    FakeConnection(Loop loop, Network.Acceptor acceptor) {
        this.loop = loop;
        this.receiver = new Nobody();
        loop.post(() -> receiver = acceptor.accepted(this));
    }

    /** The peer sends {@code bytes}. */
    void feed(byte[] bytes) {
        incoming = ByteBuffer.allocate(incoming.remaining() + bytes.length)
                .put(incoming)
                .put(bytes)
                .flip();
        pump();
    }

    /** No more than {@code bytes} new bytes are presented at once. */
    void segment(int bytes) {
        segmentBytes = bytes;
    }

    /** The peer stops taking what is sent, or takes it again. */
    void peerTakes(boolean takes) {
        peerTakes = takes;
        loop.post(this::flush);
    }

    /** The peer is gone. */
    void cutByPeer() {
        loop.post(() -> end("the peer is gone"));
    }

    /** Everything sent since the last call. */
    byte[] sent() {
        byte[] bytes = sent.toByteArray();
        sent.reset();
        return bytes;
    }

    boolean isClosed() {
        return closed;
    }

    boolean isPaused() {
        return paused;
    }

    Loop loop() {
        return loop;
    }

    /** Bytes the peer has sent that nobody has taken. */
    int untakenBytes() {
        return incoming.remaining() + kept.position();
    }

    @Override
    public ByteBuffer reserve(int lengthBytes) {
        checkUse();
        if (lengthBytes > RESERVE_BYTES) {
            throw new AssertionError("reserve of " + lengthBytes);
        }
        reserved = ByteBuffer.allocateDirect(lengthBytes);
        if (!flushing) {
            flushing = true;
            loop.atEndOfTurn(this::flush);
        }
        return reserved;
    }

    @Override
    public long queuedBytes() {
        checkUse();
        return queued.size();
    }

    @Override
    public void pause() {
        checkUse();
        paused = true;
    }

    @Override
    public void resume() {
        checkUse();
        paused = false;
        presentsKept = true;
        pump();
    }

    @Override
    public void moveTo(Loop target, Runnable arrived) {
        checkUse();
        moving = true;
        target.post(() -> {
            loop = target;
            moving = false;
            if (flushing) {
                loop.atEndOfTurn(this::flush);
            }
            arrived.run();
            presentsKept = true;
            pump();
        });
    }

    @Override
    public void closeAfterSending() {
        checkUse();
        closing = true;
        loop.post(this::flush);
    }

    @Override
    public void close() {
        if (!loop.isCurrent() || moving) {
            throw new AssertionError("close from elsewhere");
        }
        loop.post(() -> end("closed here"));
    }

    @Override
    public String peer() {
        return "fake";
    }

    private void checkUse() {
        commit();
        if (!loop.isCurrent() || moving || closed || closing) {
            throw new AssertionError("used after its end or from elsewhere: current " + loop.isCurrent() + " moving "
                    + moving + " closed " + closed + " closing " + closing);
        }
    }

    private void commit() {
        byte[] bytes = new byte[reserved.position()];
        reserved.get(0, bytes);
        queued.writeBytes(bytes);
        reserved = ByteBuffer.allocate(0);
        passedMegabyte |= queued.size() > 1 << 20;
    }

    private void flush() {
        if (moving) {
            return;
        }
        flushing = false;
        commit();
        if (closed || !peerTakes) {
            return;
        }
        if (queued.size() > 0) {
            sends++;
            sent.writeBytes(queued.toByteArray());
            queued.reset();
        }
        if (closing) {
            end("closed after sending");
        } else if (passedMegabyte) {
            passedMegabyte = false;
            receiver.drained();
        }
    }

    private void pump() {
        if (!pumping) {
            pumping = true;
            loop.post(this::present);
        }
    }

    private void present() {
        pumping = false;
        int fresh = Math.min(Math.min(segmentBytes, incoming.remaining()), RECEIVE_BYTES - kept.position());
        if (closed || paused || moving || (fresh == 0 && !presentsKept)) {
            return;
        }
        presentsKept = false;
        if (fresh > kept.remaining()) {
            int capacity = Math.min(RECEIVE_BYTES, 2 * (kept.position() + fresh));
            kept = ByteBuffer.allocateDirect(capacity).put(kept.flip());
        }
        kept.put(kept.position(), incoming, incoming.position(), fresh);
        kept.position(kept.position() + fresh);
        incoming.position(incoming.position() + fresh);
        kept.flip();
        if (kept.hasRemaining()) {
            int before = kept.remaining();
            presented++;
            receiver.received(kept);
            if (before == RECEIVE_BYTES && kept.remaining() == before && !paused && !closing) {
                throw new AssertionError("nothing was taken of a full buffer");
            }
        }
        kept.compact();
        if (incoming.hasRemaining() || presentsKept) {
            pump();
        }
    }

    private void end(String reason) {
        if (!closed) {
            closed = true;
            receiver.closed(reason);
        }
    }

    /** There before the acceptor has named a receiver. */
    private static final class Nobody implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            throw new AssertionError("received before accepted");
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
