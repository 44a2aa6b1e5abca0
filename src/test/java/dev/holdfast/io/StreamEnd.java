package dev.holdfast.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One end of a stream under test: sends a pattern that says where in the stream each byte is, and checks the peer's. It
 * can be told to misbehave in the ways a receiver may.
 */
final class StreamEnd implements Receiver {
    private static final int SENT_AT_ONCE = 300_000;

    final AtomicLong takenBytes = new AtomicLong();
    final AtomicLong shownBytes = new AtomicLong();
    final AtomicInteger calls = new AtomicInteger();
    final AtomicInteger drainedCalls = new AtomicInteger();
    final AtomicInteger closedCalls = new AtomicInteger();
    final AtomicInteger wrongLoop = new AtomicInteger();
    final AtomicInteger wrongBuffers = new AtomicInteger();
    final AtomicInteger movesAsked = new AtomicInteger();
    final AtomicInteger moves = new AtomicInteger();

    volatile Connection connection;
    volatile String reason = "";
    volatile Runnable whenClosed = () -> {};

    int takesPerCall = Integer.MAX_VALUE;
    int waitsForBytes;
    boolean pausesWhenCalled;
    boolean pausesWhenFull;
    boolean closesWhenCalled;
    Runnable onFirstCall = () -> {};

    private final int salt;
    private volatile Loop loop;
    private long sentBytes;
    private Loop moveHome;
    private Loop moveAway;

    /** Its pattern depends on {@code salt}; the peers' salts are 1 and 2, or the pattern is not checked. */
    StreamEnd(int salt) {
        this.salt = salt;
    }

    StreamEnd begin(Connection accepted, Loop on) {
        loop = on;
        connection = accepted;
        return this;
    }

    boolean isOpen() {
        return connection != null;
    }

    boolean isClosed() {
        return closedCalls.get() > 0;
    }

    /** Queues {@code length} more bytes of the pattern. */
    void send(int length) {
        ByteBuffer space = connection.reserve(length);
        for (int i = 0; i < length; i++) {
            space.put(pattern(salt, sentBytes++));
        }
    }

    /** Queues {@code total} bytes, some in each turn, never more than a few megabytes waiting. */
    void sendInTurns(long total) {
        if (isClosed()) {
            return;
        }
        int now = (int) Math.min(SENT_AT_ONCE, total);
        if (connection.queuedBytes() > 4L << 20) {
            loop.after(100_000, () -> sendInTurns(total));
        } else {
            send(now);
            if (total > now) {
                loop.post(() -> sendInTurns(total - now));
            }
        }
    }

    void moveTo(Loop target, Runnable arrived) {
        connection.moveTo(target, () -> {
            wrongLoop.addAndGet(target.isCurrent() ? 0 : 1);
            arrived.run();
        });
        loop = target;
    }

    /** From now on moves at every second call from one loop to the other and back. */
    void movesBetween(Loop home, Loop away) {
        moveHome = home;
        moveAway = away;
    }

    @Override
    public void received(ByteBuffer in) {
        note(in);
        if (calls.incrementAndGet() == 1) {
            onFirstCall.run();
        }
        if (pausesWhenCalled) {
            pausesWhenCalled = false;
            connection.pause();
        }
        if (closesWhenCalled) {
            connection.close();
        }
        if (pausesWhenFull && in.remaining() == Connection.RECEIVE_BYTES) {
            connection.pause();
            shownBytes.set(in.remaining());
            return;
        }
        if (in.remaining() >= waitsForBytes) {
            take(in);
        }
        shownBytes.set(in.remaining());
        moveNow();
    }

    private void note(ByteBuffer in) {
        wrongLoop.addAndGet(loop.isCurrent() ? 0 : 1);
        boolean right = in.isDirect()
                && in.order() == ByteOrder.BIG_ENDIAN
                && in.hasRemaining()
                && in.remaining() <= Connection.RECEIVE_BYTES;
        wrongBuffers.addAndGet(right ? 0 : 1);
    }

    private void take(ByteBuffer in) {
        int count = Math.min(takesPerCall, in.remaining());
        long at = takenBytes.get();
        for (int i = 0; i < count; i++) {
            byte arrived = in.get();
            if (salt <= 2 && arrived != pattern(3 - salt, at + i)) {
                throw new AssertionError("byte " + (at + i) + " of the stream is another");
            }
        }
        takenBytes.addAndGet(count);
    }

    private void moveNow() {
        if (moveAway != null && calls.get() % 2 == 0) {
            movesAsked.incrementAndGet();
            Loop target = loop.equals(moveHome) ? moveAway : moveHome;
            moveTo(target, moves::incrementAndGet);
        }
    }

    @Override
    public void drained() {
        wrongLoop.addAndGet(loop.isCurrent() ? 0 : 1);
        drainedCalls.incrementAndGet();
    }

    @Override
    public void closed(String why) {
        wrongLoop.addAndGet(loop.isCurrent() ? 0 : 1);
        reason = why;
        closedCalls.incrementAndGet();
        whenClosed.run();
    }

    private static byte pattern(int salt, long index) {
        return (byte) (index * 31 + (index >>> 8) * 17 + (index >>> 16) * 7 + salt * 101L);
    }
}
