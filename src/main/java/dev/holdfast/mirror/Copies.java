package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.util.List;

/**
 * The nodes that keep a copy of a shard, or should, as far as one process knows. What is kept for others is kept for
 * these; who may be in a set is not decided by them. On the shard's loop.
 */
public final class Copies {
    private List<Integer> nodes;

    /** These, ascending. */
    public Copies(List<Integer> nodes) {
        this.nodes = checked(nodes);
    }

    /** From now on it is these, ascending. */
    public void become(List<Integer> now) {
        nodes = checked(now);
    }

    /** All of them, ascending. */
    public List<Integer> nodes() {
        return nodes;
    }

    private static List<Integer> checked(List<Integer> nodes) {
        List<Integer> copy = List.copyOf(nodes);
        Checks.that(
                !copy.isEmpty() && copy.stream().sorted().distinct().toList().equals(copy), "ascending", copy.size());
        return copy;
    }
}
