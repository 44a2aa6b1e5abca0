package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.util.List;

/**
 * The nodes that keep a copy of a shard, or should, as far as one process knows. What is kept for others is kept for
 * these; who may be in a set is not decided by them. On the shard's loop.
 */
public final class Copies {
    private List<Integer> nodes;
    private List<Integer> leaving = List.of();

    /** These, ascending. */
    public Copies(List<Integer> nodes) {
        this.nodes = checked(nodes);
    }

    /** From now on it is these, ascending; {@code nextLeaving} are those of them whose copy is to be taken away. */
    public void become(List<Integer> now, List<Integer> nextLeaving) {
        nodes = checked(now);
        leaving = List.copyOf(nextLeaving);
    }

    /** All of them, ascending. */
    public List<Integer> nodes() {
        return nodes;
    }

    /** Whether the copy of {@code node} is to be taken away once the others go on without it. */
    boolean leaves(int node) {
        return leaving.contains(node);
    }

    /** Whether {@code node} keeps a copy that is not to be taken away. */
    boolean stays(int node) {
        return nodes.contains(node) && !leaves(node);
    }

    private static List<Integer> checked(List<Integer> nodes) {
        List<Integer> copy = List.copyOf(nodes);
        Checks.that(
                !copy.isEmpty() && copy.stream().sorted().distinct().toList().equals(copy), "ascending", copy.size());
        return copy;
    }
}
