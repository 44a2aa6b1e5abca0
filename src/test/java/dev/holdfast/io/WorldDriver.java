package dev.holdfast.io;

import dev.holdfast.io.Network.Address;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * A world under a contract suite, and what makes it move on: waiting for the real one, running the scheduler of a
 * simulated one. It asserts nothing itself, but a task that threw fails whoever waits.
 */
public interface WorldDriver extends AutoCloseable {
    /** The world; the same until {@link #close}. */
    World world();

    /** Lets the world run until {@code done} holds; throws if it does not within some generous bound. */
    void runUntil(BooleanSupplier done);

    /** Where no file or disk is yet. */
    String newPath();

    /** Where nobody listens yet, with port 0 where there are ports. */
    Address newAddress();

    @Override
    void close();

    /** Runs {@code task} on {@code loop} and returns when it has run. */
    default void runOn(Loop loop, Runnable task) {
        AtomicBoolean ran = new AtomicBoolean();
        loop.post(() -> {
            task.run();
            ran.set(true);
        });
        runUntil(ran::get);
    }

    /** Lets the world's clock advance by {@code nanos} and everything happen that is going to happen meanwhile. */
    default void passTime(Loop loop, long nanos) {
        AtomicBoolean passed = new AtomicBoolean();
        loop.post(() -> loop.after(nanos, () -> passed.set(true)));
        runUntil(passed::get);
    }
}
