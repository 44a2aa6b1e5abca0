package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Which root of a pool one is, wherever it stands: the same at the source and at its twin, which set generation and
 * members for arrays of their own. A store that started at root n-1 makes another root n, with another open counter.
 *
 * @param cp consistency point; 0: no root
 * @param openCounter of the run that made it
 * @param checksum over all of it but generation, members and its own checksum
 */
public record RootIdentity(long cp, long openCounter, int checksum) {
    /** Bytes of one. */
    public static final int BYTES = 24;

    /** No root. */
    public static final RootIdentity NONE = new RootIdentity(0, 0, 0);

    /** Checks the number. */
    public RootIdentity {
        Checks.that(cp >= 0, "roots are numbered from 1", cp);
    }

    /** The identity in 24 bytes, whatever the byte order of {@code from}; a negative number reads as no root. */
    public static RootIdentity read(ByteBuffer from, int at) {
        long cp = from.getLong(at);
        return cp <= 0 ? NONE : new RootIdentity(cp, from.getLong(at + 8), from.getInt(at + 16));
    }

    /** Writes 24 bytes. */
    public void write(ByteBuffer into, int at) {
        into.putLong(at, cp)
                .putLong(at + 8, openCounter)
                .putInt(at + 16, checksum)
                .putInt(at + 20, 0);
    }

    /** True if it is one. */
    public boolean isRoot() {
        return cp > 0;
    }
}
