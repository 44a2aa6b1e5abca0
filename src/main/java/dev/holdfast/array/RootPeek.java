package dev.holdfast.array;

import dev.holdfast.base.Id128;
import java.nio.ByteBuffer;
import java.util.Optional;

/** How the array learns which members are current without knowing what a root is: the store reads one for it. */
@FunctionalInterface
public interface RootPeek {
    /** The root in the 4096 bytes of {@code ring} from {@code base} on; empty if there is no whole root. Any bytes. */
    Optional<Summary> peek(ByteBuffer ring, int base);

    /**
     * What a root says of the array.
     *
     * @param pool the pool it belongs to
     * @param generation rises whenever members are left behind or come back
     * @param cp its consistency point
     * @param members slots (bits) that hold all it reaches
     */
    record Summary(Id128 pool, long generation, long cp, long members) {
        /** True if this one counts rather than {@code other}. */
        boolean isNewerThan(Summary other) {
            return generation != other.generation ? generation > other.generation : cp > other.cp;
        }

        /**
         * True if this is {@code newest} or the root written just before it. Each root is durable on all members before
         * the next is begun, so after a crash a member is behind by one root at most.
         */
        boolean isAtMostOneBefore(Summary newest) {
            boolean before = !isNewerThan(newest) && cp <= newest.cp;
            return before && newest.generation - generation <= 1 && newest.cp - cp <= 1;
        }
    }
}
