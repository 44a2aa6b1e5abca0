package dev.holdfast.mirror;

import dev.holdfast.base.Checks;

/**
 * Where a log stands: its entry number {@code seq}, numbered in {@code epoch}; (0, 0) is before the first. Two logs
 * that both have an entry at one position are equal up to it (M6).
 *
 * @param epoch of the entry
 * @param seq of the entry
 */
public record Position(int epoch, long seq) implements Comparable<Position> {
    /** Before the first entry. */
    public static final Position START = new Position(0, 0);

    /** Checks the ranges. */
    public Position {
        Checks.that(epoch >= 0 && seq >= 0, "a position is not negative", epoch, seq);
    }

    @Override
    public int compareTo(Position other) {
        return epoch == other.epoch ? Long.compare(seq, other.seq) : Integer.compare(epoch, other.epoch);
    }
}
