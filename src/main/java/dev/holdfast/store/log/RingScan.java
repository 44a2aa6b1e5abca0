package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds out how far the ring goes after a root, and whether anything that was complete is missing (L7). It applies
 * nothing: {@link ReplaySet} reads the same records again.
 */
public final class RingScan {
    /**
     * A scan that has not begun.
     *
     * @param start what the newest root says
     * @param trusted memory that may help out with payloads
     * @param done told once, on {@code loop}
     */
    public RingScan(Array array, RingStart start, List<MemoryScan> trusted, Loop loop, Consumer<RingVerdict> done) {}

    /** Begins. */
    public void start() {
        throw Checks.unreachable("the scan is built");
    }
}
