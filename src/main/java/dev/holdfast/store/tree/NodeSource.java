package dev.holdfast.store.tree;

import java.nio.ByteBuffer;

/**
 * Blocks that are at hand: a cache or a table. Asking never waits and never brings one in.
 *
 * <p>Address and birth together name one content for ever: an address is used again only by a later consistency point.
 * A handle is good until the owner of the source changes it (inserts, drops); nothing in this package keeps one beyond
 * the call that asked.
 */
public interface NodeSource {
    /**
     * A handle (&gt;= 0) to the verified block written at {@code address} by consistency point {@code birth}, or -1.
     */
    long find(long address, long birth);

    /** The buffer that the block lies in, in little endian order; position and limit mean nothing. */
    ByteBuffer bytes(long handle);

    /** Where in {@link #bytes} its 4096 bytes begin. */
    int offset(long handle);
}
