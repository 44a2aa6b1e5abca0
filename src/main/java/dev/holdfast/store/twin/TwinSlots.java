package dev.holdfast.store.twin;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.work.Trouble;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which roots stand in a twin's ring of roots, and how they are erased there. It does not decide which. */
final class TwinSlots {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Mirror array;
    private final Loop loop;
    private final Trouble trouble;
    private final ByteBuffer zeroes = BlockBuffer.allocate(Root.BYTES);
    private final long[] cps = new long[Root.SLOTS];

    /** The slots of {@code array}, with {@code ring} in them. */
    TwinSlots(Mirror array, Loop loop, Trouble trouble, List<Optional<Root>> ring) {
        Checks.that(ring.size() == Root.SLOTS, "a root or none in each slot", ring.size());
        this.array = array;
        this.loop = loop;
        this.trouble = trouble;
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            cps[slot] = ring.get(slot).map(root -> root.number().cp()).orElse(0L);
        }
    }

    /** Root {@code cp} is durable in its slots. */
    void written(long cp) {
        Checks.that(cp > 0, "a root has a number", cp);
        int slot = (int) (cp % Root.HALF);
        cps[slot] = cp;
        cps[Root.HALF + slot] = cp;
    }

    /** Erases root {@code cp} durably. */
    void erase(long cp, Runnable then) {
        int slot = (int) (cp % Root.HALF);
        erase(List.of(slot, Root.HALF + slot), 0, then);
    }

    /** Erases every other root durably, the oldest first: whatever a crash leaves, the newest that stands is whole. */
    void eraseAllBut(long cp, Runnable then) {
        List<Integer> slots = new ArrayList<>();
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            if (cps[slot] != cp) {
                slots.add(slot);
            }
        }
        slots.sort(Comparator.comparingLong(slot -> cps[slot]));
        erase(slots, 0, then);
    }

    private void erase(List<Integer> slots, int index, Runnable then) {
        Checks.that(index <= slots.size(), "slot after slot", index);
        if (index == slots.size()) {
            then.run();
            return;
        }
        int slot = slots.get(index);
        array.writeRoot(
                slot,
                zeroes.duplicate(),
                loop,
                (token, outcome) -> {
                    switch (outcome) {
                        case OK, MEMBER_LOST -> {
                            if (outcome == ArrayOutcome.MEMBER_LOST) {
                                trouble.memberLost();
                            }
                            cps[slot] = 0;
                            erase(slots, index + 1, then);
                        }
                        case NO_SPACE -> loop.after(RETRY_NANOS, () -> erase(slots, index, then));
                        case FAILED -> trouble.failed("no device of the twin takes its roots");
                    }
                },
                0);
    }
}
