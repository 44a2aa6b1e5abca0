package dev.holdfast.array;

import dev.holdfast.base.Id128;
import java.util.List;

/** How opening an array ended. */
public sealed interface ArrayOpened {
    /**
     * It is open, its members are those that hold everything the newest root reaches.
     *
     * @param pool the pool its labels name
     * @param array the array
     * @param rings the root rings of all devices that were found, members or not, by slot
     * @param blank paths of disks that carry nothing; closed again
     * @param isTwin its labels name no cluster: it was made to be the twin of a pool
     * @param left slots (bits) that the newest root names and that are not here;
     *     if there are any, nothing may be acknowledged before a root with generation + 1 is durable
     */
    record Opened(Id128 pool, Mirror array, List<RootRing> rings, List<String> blank, boolean isTwin, long left)
            implements ArrayOpened {}

    /** It is not open, and every disk is closed again. One line for people. */
    record Refused(String reason) implements ArrayOpened {}
}
