package dev.holdfast.replica;

import dev.holdfast.store.lane.Gate;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.Shard;

/**
 * The gate of a copy that counts for nobody any more, so that it can go: what is held here is held everywhere. The
 * volume is going, which is in the control log: no set of it counts from there on.
 */
public final class LoneGate implements Gate {
    private final ReplicaShard replica;

    private LoneGate(ReplicaShard replica) {
        this.replica = replica;
    }

    /** Takes {@code shard} away from its protocol, which has ended; on the shard's loop. */
    public static void openFor(ReplicaShard shard) {
        LoneGate gate = new LoneGate(shard);
        shard.attach(gate);
        shard.beginEpoch(shard.shard().epoch() + 1);
        shard.opened(shard.heldSeq());
        gate.stabilityWanted(shard.shard(), shard.heldSeq());
    }

    @Override
    public void held(Shard shard, long seq) {
        replica.opened(seq);
    }

    @Override
    public void stabilityWanted(Shard shard, long seq) {
        replica.log(seq, status -> replica.stable(Math.min(seq, replica.loggedSeq())));
    }

    @Override
    public void flushWanted(Shard shard) {
        long upTo = replica.visibleSeq();
        replica.log(upTo, status -> replica.flushed(upTo));
    }
}
