package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Where the source of a twin connects to; the newest connection that says HELLO counts. It decides nothing else. */
public final class TwinDoor {
    private static final long TICK_NANOS = 5_000_000_000L;
    private static final int MOST_SILENT_TICKS = 6;

    private final TwinCopy copy;
    private final Loop loop;

    private TwinDoor(TwinCopy copy, Loop loop) {
        this.copy = copy;
        this.loop = loop;
    }

    /**
     * Opens the door of {@code copy} on its loop.
     *
     * @throws WorldException if the address can't be had
     */
    public static Network.Listener open(Network network, Network.Address address, TwinCopy copy, Loop loop)
            throws WorldException {
        Checks.that(loop.isCurrent(), "on the loop of the twin");
        TwinDoor door = new TwinDoor(copy, loop);
        if (address instanceof Network.Address.Tcp(String host, int port)) {
            copy.isAt(host + ":" + port);
        }
        return network.listen(address, loop, door::accepted);
    }

    private Receiver accepted(Connection connection) {
        Session session = new Session(connection);
        loop.after(TICK_NANOS, session::tick);
        return session;
    }

    private final class Session implements Receiver, TwinSession {
        private final Connection connection;
        private boolean joined;
        private boolean over;
        private boolean paused;
        private int silent;

        Session(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void received(ByteBuffer in) {
            silent = 0;
            if (!joined && !over) {
                join(in);
            }
            while (joined && !over && !copy.isBusy()) {
                Optional<TwinFrame> frame = TwinFrames.read(in);
                if (frame.isEmpty()) {
                    return;
                }
                copy.take(this, frame.get());
            }
            if (over) {
                in.position(in.limit());
            } else if (joined && copy.isBusy() && !paused) {
                paused = true;
                connection.pause();
            }
        }

        /** Looks at the first message and leaves it where it is. */
        private void join(ByteBuffer in) {
            Checks.that(!joined && !over, "one greeting");
            Optional<TwinFrame> first = TwinFrames.read(in.duplicate());
            if (first.isPresent()) {
                joined = first.get() instanceof TwinFrame.Hello;
                if (joined) {
                    copy.connected(this);
                } else {
                    Marks.reached("twin.stranger");
                    over = true;
                    connection.close();
                }
            }
        }

        private void tick() {
            if (over) {
                return;
            }
            silent = paused ? 0 : silent + 1;
            if (silent > MOST_SILENT_TICKS) {
                connection.close();
            } else {
                loop.after(TICK_NANOS, this::tick);
            }
        }

        @Override
        public void drained() {
            // Answers are few.
        }

        @Override
        public void closed(String reason) {
            over = true;
            copy.closed(this);
        }

        @Override
        public void send(TwinFrame frame) {
            if (!over) {
                TwinFrames.send(connection, frame);
            }
        }

        @Override
        public void goOn() {
            Checks.that(loop.isCurrent(), "on the loop of the twin");
            if (paused && !over && !copy.isBusy()) {
                paused = false;
                connection.resume();
            }
        }

        @Override
        public void end() {
            if (!over) {
                over = true;
                if (paused) {
                    connection.resume();
                }
                connection.closeAfterSending();
            }
        }
    }
}
