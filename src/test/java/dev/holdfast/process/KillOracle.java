package dev.holdfast.process;

import java.util.ArrayList;
import java.util.List;

/**
 * What each block may hold after the server was killed, for a client that has at most one write under way per block and
 * writes versions 1, 2, 3, ... into it. It does not check the order between blocks.
 */
final class KillOracle {
    private final int[] sent;
    private final int[] acknowledged;
    private final int[] flushed;

    KillOracle(int blocks) {
        sent = new int[blocks];
        acknowledged = new int[blocks];
        flushed = new int[blocks];
    }

    int nextVersion(int block) {
        return ++sent[block];
    }

    void acknowledged(int block, int version, boolean durable) {
        acknowledged[block] = version;
        if (durable) {
            flushed[block] = version;
        }
    }

    /** What a flush that is sent now will cover. */
    int[] atFlush() {
        return acknowledged.clone();
    }

    void flushed(int[] covered) {
        for (int i = 0; i < covered.length; i++) {
            flushed[i] = Math.max(flushed[i], covered[i]);
        }
    }

    /** Whether a read that comes back now, of a block without a write under way, may have found {@code version}. */
    boolean allows(int block, int version) {
        return version >= acknowledged[block] && version <= sent[block];
    }

    /**
     * Compares what is there with what may be, and goes on from what is there.
     *
     * @param found version per block
     * @param powerCut memory was lost too: only what was flushed must be there
     */
    List<String> judge(int[] found, boolean powerCut) {
        List<String> violations = new ArrayList<>();
        for (int block = 0; block < found.length; block++) {
            int least = powerCut ? flushed[block] : acknowledged[block];
            if (found[block] < least || found[block] > sent[block]) {
                violations.add("block " + block + " holds version " + found[block] + ", must be " + least + " to "
                        + sent[block]);
            }
            sent[block] = Math.max(sent[block], found[block]);
            acknowledged[block] = found[block];
            if (powerCut) {
                flushed[block] = Math.min(flushed[block], found[block]);
            }
        }
        return violations;
    }
}
