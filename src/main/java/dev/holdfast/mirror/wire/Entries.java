package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Batch;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;

/**
 * A batch whose entries can be read: what a log gives to be sent, and what came over the wire. It refers to payloads
 * where they are and copies nothing, so it lives no longer than the call it is passed to.
 */
public interface Entries extends Batch {
    /** Most entries of one message. */
    int MOST = 512;

    /** Most bytes that the payloads of one message have together; one entry's payload always fits. */
    int MOST_PAYLOAD_BYTES = 1 << 20;

    /** Bytes of all payloads. */
    int payloadBytes();

    /** Tells {@code reader} entry {@code seq}, which is in the batch. */
    void read(long seq, Reader reader);

    /** Told an entry. */
    @FunctionalInterface
    interface Reader {
        /**
         * An entry, its fields sound by themselves ({@link dev.holdfast.store.log.Entry#isSoundChange}).
         *
         * @param flags see {@link dev.holdfast.store.log.Entry}
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
}
