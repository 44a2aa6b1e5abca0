package dev.holdfast.mirror.wire;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Receiver;
import java.nio.ByteBuffer;

/** One connection from its beginning to its end: hands what happens to the phase it is in. It knows no protocol. */
final class Stream implements Receiver {
    private static final Phase OVER = new Over();

    private final Connection connection;
    private Phase phase = OVER;

    /** What is made of a connection at the moment. */
    interface Phase {
        /** Takes what it can; what it leaves is shown to the next phase, or again with what comes later. */
        void received(ByteBuffer in);

        /** The connection has ended. */
        void closed(String reason);
    }

    Stream(Connection connection) {
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }

    /** From now on {@code next} is told. */
    void enter(Phase next) {
        phase = next;
    }

    /** Ends the connection; nobody is told. */
    void cut() {
        phase = OVER;
        connection.close();
    }

    /** Answers a greeting with no and ends the connection; nobody is told. */
    void refuse(Verdict verdict) {
        phase = OVER;
        Hello.refusal(verdict).put(connection.reserve(Hello.BYTES));
        connection.closeAfterSending();
    }

    @Override
    public void received(ByteBuffer in) {
        Phase before;
        do {
            before = phase;
            before.received(in);
        } while (before != phase && in.hasRemaining());
    }

    @Override
    public void drained() {}

    @Override
    public void closed(String reason) {
        phase.closed(reason);
    }

    /** Nobody cares any more. */
    private static final class Over implements Phase {
        @Override
        public void received(ByteBuffer in) {
            in.position(in.limit());
        }

        @Override
        public void closed(String reason) {}
    }
}
