package dev.holdfast.store.root;

import dev.holdfast.array.RootPeek;
import dev.holdfast.array.RootRing;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Which root of those found counts, and whether a newer one existed that can't be read any more. It reads nothing
 * itself.
 *
 * <p>A root is written to the second half of the ring only when the first half's copy is durable everywhere
 * (RootWriter,
 * N1). So of the slots that the root after the newest readable one would have, a crash damages at most one; if both
 * are damaged on every member, that root existed, and going on with an older one would silently lose what was
 * flushed.
 */
public final class RootChoice {
    /** What the root rings say. */
    public sealed interface Verdict {
        /** This root counts. */
        record Newest(Root root) implements Verdict {}

        /** Nothing was ever written: a new pool. */
        record Blank() implements Verdict {}

        /** A newer root than {@code older} existed, or none can be read; one line for people. */
        record Lost(Optional<Root> older, String why) implements Verdict {}
    }

    private RootChoice() {}

    /** What the array asks of each block of a root ring. */
    public static Optional<RootPeek.Summary> peek(ByteBuffer ring, int base) {
        return Root.decode(ring, base)
                .map(root -> new RootPeek.Summary(
                        root.poolId(),
                        root.number().generation(),
                        root.number().cp(),
                        root.written().members()));
    }

    /** Judges the rings of the present members. */
    public static Verdict choose(Id128 poolId, List<RootRing> rings) {
        Optional<Root> newest = Optional.empty();
        boolean blank = true;
        for (RootRing ring : rings) {
            if (!ring.present()) {
                continue;
            }
            for (int slot = 0; slot < Root.SLOTS; slot++) {
                int base = slot * Root.BYTES;
                blank &= Root.isBlank(ring.bytes(), base);
                Optional<Root> root = Root.decode(ring.bytes(), base)
                        .filter(found -> found.poolId().equals(poolId));
                if (root.isPresent() && (newest.isEmpty() || root.get().isNewerThan(newest.get()))) {
                    newest = root;
                }
            }
        }
        if (newest.isEmpty()) {
            return blank ? new Verdict.Blank() : new Verdict.Lost(newest, "no root of the pool can be read");
        }
        long next = newest.get().number().cp() + 1;
        return existed(next, rings)
                ? new Verdict.Lost(
                        newest,
                        "root " + next + " existed and cannot be read; the newest readable one is "
                                + newest.get().number().cp())
                : new Verdict.Newest(newest.get());
    }

    /**
     * Whether all that is in the rings lies in one slot. Both slots of a root are written one after the other: if none
     * can be read there, the power went while the first root ever was written, or while the last of all was erased.
     */
    public static boolean isInOneSlot(List<RootRing> rings) {
        Checks.that(!rings.isEmpty(), "an array has devices");
        int slots = 0;
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            int base = slot * Root.BYTES;
            slots += rings.stream().anyMatch(ring -> ring.present() && !Root.isBlank(ring.bytes(), base)) ? 1 : 0;
        }
        return slots == 1;
    }

    private static boolean existed(long cp, List<RootRing> rings) {
        boolean everywhere = false;
        for (RootRing ring : rings) {
            if (ring.present()) {
                int slot = (int) (cp % Root.HALF);
                Checks.that(slot >= 0, "roots are numbered from 1", cp);
                if (!isDamaged(ring.bytes(), slot) || !isDamaged(ring.bytes(), Root.HALF + slot)) {
                    return false;
                }
                everywhere = true;
            }
        }
        return everywhere;
    }

    private static boolean isDamaged(ByteBuffer ring, int slot) {
        int base = slot * Root.BYTES;
        return !Root.isBlank(ring, base) && Root.decode(ring, base).isEmpty();
    }
}
