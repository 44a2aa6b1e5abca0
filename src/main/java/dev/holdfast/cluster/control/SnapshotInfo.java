package dev.holdfast.cluster.control;

import dev.holdfast.base.Id128;

/** A snapshot as the control plane knows it. */
public record SnapshotInfo(long id, Id128 volume, String name, Life life) {
    private static final String COMPARED = ".verify-";
    private static final int MOST_DIGITS = 9;

    /** What the snapshot is called by which copies of a volume are compared in an epoch: no name that people give. */
    public static String comparedIn(int epoch) {
        return COMPARED + epoch;
    }

    /** The epoch in which copies are compared by it; 0 if it is a person's. */
    public int comparedIn() {
        return isCompared(name) ? Integer.parseInt(name.substring(COMPARED.length())) : 0;
    }

    static boolean isCompared(String name) {
        String digits = name.startsWith(COMPARED) ? name.substring(COMPARED.length()) : "";
        return !digits.isEmpty()
                && digits.length() <= MOST_DIGITS
                && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    SnapshotInfo with(Life next) {
        return new SnapshotInfo(id, volume, name, next);
    }
}
