package dev.holdfast.sim;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.function.Predicate;

/**
 * A network whose streams are cut at messages: at each one, counted over both directions of whatever goes through it,
 * somebody says whether it is the last of its stream, and then whether it still arrives. It counts reservations:
 * whoever uses it asks for one for each message.
 */
final class CutStreams {
    private final Predicate<Long> cutAt;
    private final boolean arrives;
    private long messages;

    /** Cuts at messages that {@code cutAt} accepts, numbered from 1, before or after they are sent. */
    CutStreams(Predicate<Long> cutAt, boolean arrives) {
        this.cutAt = cutAt;
        this.arrives = arrives;
    }

    /** Messages so far. */
    long messages() {
        return messages;
    }

    /** {@code inner} with those cuts. */
    Network over(Network inner) {
        return new Net(inner);
    }

    private final class Net implements Network {
        private final Network inner;

        Net(Network inner) {
            this.inner = inner;
        }

        @Override
        public Listener listen(Address address, Loop loop, Acceptor acceptor) throws WorldException {
            return inner.listen(address, loop, real -> acceptor.accepted(new Cut(real, loop)));
        }

        @Override
        public void connect(Address address, Loop loop, Acceptor acceptor, ConnectFailed failed) {
            inner.connect(address, loop, real -> acceptor.accepted(new Cut(real, loop)), failed);
        }
    }

    private final class Cut implements Connection {
        private final Connection real;
        private final Loop loop;

        Cut(Connection real, Loop loop) {
            this.real = real;
            this.loop = loop;
        }

        @Override
        public ByteBuffer reserve(int lengthBytes) {
            if (cutAt.test(++messages)) {
                if (arrives) {
                    loop.atEndOfTurn(() -> loop.post(real::close));
                } else {
                    real.close();
                }
            }
            return real.reserve(lengthBytes);
        }

        @Override
        public long queuedBytes() {
            return real.queuedBytes();
        }

        @Override
        public void pause() {
            real.pause();
        }

        @Override
        public void resume() {
            real.resume();
        }

        @Override
        public void moveTo(Loop target, Runnable arrived) {
            real.moveTo(target, arrived);
        }

        @Override
        public void closeAfterSending() {
            real.closeAfterSending();
        }

        @Override
        public void close() {
            real.close();
        }

        @Override
        public String peer() {
            return real.peer();
        }
    }
}
