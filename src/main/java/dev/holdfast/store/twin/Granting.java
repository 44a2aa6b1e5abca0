package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.TwinRecord;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A pool that was handed over and whose process ended before the twin had heard of it: the next process, which opens
 * nothing, tells the twin, until that has said that it is the pool. It sends no block and no root, as the twin has all.
 */
public final class Granting {
    private static final long AGAIN_NANOS = 1_000_000_000L;

    private final Root handed;
    private final long logBytes;

    /** {@code handed} is the newest root, which says that the pool was handed over. */
    public Granting(Root handed, long logBytes) {
        Checks.that(handed.twin().state() == TwinRecord.State.HANDED_OVER, "what was handed over", logBytes);
        this.handed = handed;
        this.logBytes = logBytes;
    }

    /** Begins, on {@code loop}, for as long as the process lives or until the twin has answered. */
    public void start(Network network, Loop loop) {
        String address = handed.twin().address();
        int colon = address.lastIndexOf(':');
        if (colon > 0) {
            int tcp = Integer.parseInt(address.substring(colon + 1));
            loop.post(() -> again(network, new Network.Address.Tcp(address.substring(0, colon), tcp), loop));
        }
    }

    private void again(Network network, Network.Address there, Loop loop) {
        Runnable later = () -> loop.after(AGAIN_NANOS, () -> again(network, there, loop));
        network.connect(there, loop, connection -> new Session(connection, later), why -> later.run());
    }

    private final class Session implements Receiver {
        private final Connection connection;
        private final Runnable later;
        private boolean taken;

        Session(Connection connection, Runnable later) {
            this.connection = connection;
            this.later = later;
            TwinFrames.send(
                    connection,
                    new TwinFrame.Hello(
                            handed.poolId(),
                            handed.twin().reign(),
                            handed.space().dataBlocks(),
                            logBytes));
        }

        @Override
        public void received(ByteBuffer in) {
            for (Optional<TwinFrame> frame = TwinFrames.read(in);
                    frame.isPresent();
                    frame = taken ? Optional.empty() : TwinFrames.read(in)) {
                take(frame.get());
            }
        }

        private void take(TwinFrame frame) {
            switch (frame) {
                case TwinFrame.State _ ->
                    TwinFrames.send(
                            connection, new TwinFrame.Grant(handed.twin().reign(), handed.identity()));
                case TwinFrame.Wanted _, TwinFrame.Pong _ -> {}
                case TwinFrame.Promoted _ -> {
                    Marks.reached("twin.granted-after-start");
                    taken = true;
                    connection.close();
                }
                case TwinFrame.Hello _,
                        TwinFrame.Withdraw _,
                        TwinFrame.Begin _,
                        TwinFrame.Blocks _,
                        TwinFrame.Flush _,
                        TwinFrame.Flushed _,
                        TwinFrame.TheRoot _,
                        TwinFrame.Rooted _,
                        TwinFrame.Refused _,
                        TwinFrame.Grant _,
                        TwinFrame.Log _,
                        TwinFrame.Logged _,
                        TwinFrame.Ping _,
                        TwinFrame.Malformed _ -> connection.close();
            }
        }

        @Override
        public void drained() {
            // Two messages.
        }

        @Override
        public void closed(String reason) {
            if (!taken) {
                later.run();
            }
        }
    }
}
