package dev.holdfast.sim.shard;

import dev.holdfast.mirror.Batch;
import java.util.List;

/** A batch of the model's entries. */
record Changes(List<Change> list) implements Batch {
    Changes {
        list = List.copyOf(list);
    }

    @Override
    public long first() {
        return list.getFirst().seq();
    }

    @Override
    public long last() {
        return list.getLast().seq();
    }

    @Override
    public int epochAt(long seq) {
        return at(seq).epoch();
    }

    Change at(long seq) {
        return list.get((int) (seq - first()));
    }
}
