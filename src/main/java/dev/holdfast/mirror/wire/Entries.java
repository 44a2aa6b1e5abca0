package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Batch;
import dev.holdfast.store.log.EntryReader;

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

    /** Bytes of the payload of entry {@code seq}, which is in the batch. */
    int payloadBytes(long seq);

    /** Tells {@code reader} entry {@code seq}, which is in the batch. */
    void read(long seq, EntryReader reader);
}
