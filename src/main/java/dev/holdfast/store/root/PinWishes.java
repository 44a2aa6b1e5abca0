package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import java.util.TreeSet;

/**
 * Pins of this pool alone that the next consistency point makes for a shard, or lets go. They are no changes of the
 * shard: no other replica knows of them. A start forgets wishes, and finds the pins that were made.
 */
public final class PinWishes {
    private final TreeSet<Long> letGo = new TreeSet<>();
    private final TreeSet<Long> held = new TreeSet<>();
    private boolean pin;

    /** What the newest root has of the shard is to be kept. */
    public void pin() {
        pin = true;
    }

    /** The pin is not kept any more. */
    public void letGo(long id) {
        Checks.that(id < 0, "pins of a pool alone have negative ids", id);
        letGo.add(id);
    }

    /** The snapshot that root {@code cp} made is read: deleted, it becomes a pin of this pool alone. */
    public void hold(long cp) {
        held.add(cp);
    }

    /** It is not read any more. */
    public void release(long cp) {
        held.remove(cp);
    }

    /** Whether the snapshot of root {@code cp} is read. */
    public boolean isHeld(long cp) {
        return held.contains(cp);
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return !pin && letGo.isEmpty();
    }

    /** Whether a pin is wished; not any more. */
    public boolean takePin() {
        boolean wished = pin;
        pin = false;
        return wished;
    }

    /** Pins that go; they are no wishes any more. */
    public TreeSet<Long> takeLetGo() {
        TreeSet<Long> going = new TreeSet<>(letGo);
        letGo.clear();
        return going;
    }
}
