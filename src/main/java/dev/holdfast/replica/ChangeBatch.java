package dev.holdfast.replica;

import dev.holdfast.mirror.Batch;
import dev.holdfast.store.lane.ReplicaShard;

/**
 * Consecutive changes of one log, with their bytes. It may refer to memory of the log or of a connection: it is good
 * until the call that was given it returns, so who goes on with it later copies what it says.
 */
public interface ChangeBatch extends Batch {
    /** Most bytes of payload in a batch of more than one change. */
    int MOST_BYTES = 1 << 20;

    /** Most changes in a batch. */
    int MOST_CHANGES = 256;

    /** Tells {@code reader} change {@code seq}, which is in the batch. */
    void read(long seq, ReplicaShard.Reader reader);
}
