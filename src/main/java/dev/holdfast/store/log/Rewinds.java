package dev.holdfast.store.log;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * All rewinds that ring and memory have, so that a change is known to be void before the rewind itself comes by. Both
 * sources are logs of one open, in which a shard stays in its lane: the number in the memory log, which every
 * descriptor carries, is one order for both.
 */
final class Rewinds {
    private final TreeMap<Integer, List<Rewind>> shards = new TreeMap<>();

    /** One that was found, perhaps for the second time. */
    void add(Rewind rewind) {
        Checks.that(rewind.entry() >= 0 && rewind.toSeq() >= 0, "a rewind stands somewhere", rewind.entry());
        shards.computeIfAbsent(rewind.shard(), id -> new ArrayList<>()).add(rewind);
    }

    /** Whether the change that is described at {@code at} was taken back. */
    boolean voids(ByteBuffer descriptors, int at) {
        if (shards.isEmpty() || Mutant.on("log.forget-rewind")) {
            return false;
        }
        long entry = Entry.number(descriptors, at);
        long seq = Entry.seq(descriptors, at);
        for (Rewind rewind : shards.getOrDefault(Entry.shard(descriptors, at), List.of())) {
            if (rewind.entry() > entry && rewind.toSeq() < seq) {
                return true;
            }
        }
        return false;
    }
}
