package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Where a promoted twin was while it was one: whoever looks for the twin there is told who the pool is now. It takes
 * nothing.
 */
final class PromotedDoor {
    private final Id128 pool;
    private final long reign;
    private final LongConsumer newer;

    private PromotedDoor(Id128 pool, long reign, LongConsumer newer) {
        this.pool = pool;
        this.reign = reign;
        this.newer = newer;
    }

    /**
     * Opens it; {@code newer} is told of a greater reign.
     *
     * @throws WorldException if the address can't be had
     */
    static Network.Listener open(
            Network network, Network.Address here, Loop loop, TwinFrame.Hello self, LongConsumer newer)
            throws WorldException {
        Checks.that(loop.isCurrent() && self.reign() > 0, "who was promoted reigns", self.reign());
        PromotedDoor door = new PromotedDoor(self.pool(), self.reign(), newer);
        return network.listen(here, loop, door::accepted);
    }

    private Receiver accepted(Connection connection) {
        return new Receiver() {
            private boolean told;

            @Override
            public void received(ByteBuffer in) {
                Optional<TwinFrame> first = told ? Optional.empty() : TwinFrames.read(in);
                in.position(told ? in.limit() : in.position());
                first.ifPresent(frame -> {
                    told = true;
                    in.position(in.limit());
                    if (frame instanceof TwinFrame.Hello hello && hello.pool().equals(pool)) {
                        answer(connection, hello);
                    }
                    connection.closeAfterSending();
                });
            }

            @Override
            public void drained() {
                // One answer.
            }

            @Override
            public void closed(String reason) {
                told = true;
            }
        };
    }

    private void answer(Connection to, TwinFrame.Hello hello) {
        Checks.that(reign > 0, "who was promoted reigns", reign);
        if (hello.reign() > reign) {
            newer.accept(hello.reign());
        } else {
            Marks.reached("twin.old-source-told");
            TwinFrames.send(to, new TwinFrame.Promoted(reign));
        }
    }
}
