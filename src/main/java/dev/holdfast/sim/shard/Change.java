package dev.holdfast.sim.shard;

import dev.holdfast.mirror.Position;

/**
 * One entry of the model's log: register {@code block} takes {@code value}, which no other change ever writes.
 *
 * @param position epoch and seq
 * @param block which register
 * @param value what it becomes
 */
record Change(Position position, int block, long value) {
    long seq() {
        return position.seq();
    }

    int epoch() {
        return position.epoch();
    }
}
