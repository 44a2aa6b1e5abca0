package dev.holdfast.store.log;

import java.nio.ByteBuffer;

/** Told an entry that is a change, where it lies. */
@FunctionalInterface
public interface EntryReader {
    /**
     * An entry, its fields sound by themselves ({@link Entry#isSoundChange}).
     *
     * @param flags see {@link Entry}
     * @param offset in bytes, a snapshot's id for the snapshot kinds
     * @param lengthBytes of the range; of a write that of the payload
     * @param payload between position and limit; valid until this returns, not to be written
     * @param payloadChecksum CRC32C of the payload, as it was computed where the entry was first held; 0 of none
     */
    void entry(
            int epoch,
            long seq,
            EntryKind kind,
            int flags,
            long offset,
            long lengthBytes,
            ByteBuffer payload,
            int payloadChecksum);
}
