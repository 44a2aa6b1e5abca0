package dev.holdfast.replica;

import dev.holdfast.store.lane.Gate;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.Shard;

/**
 * The gate of a copy that counts for nobody any more, so that it can go, or stay without a word from others: what is
 * held here is held everywhere. Its volume is going, or goes on without it, which is in the control log.
 */
public final class LoneGate implements Gate {
    private final ReplicaShard replica;
    private boolean forgets;

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

    /**
     * Takes {@code shard}, whose copy was taken away, from its protocol, which has ended; on the shard's loop. What not
     * everybody has logged is forgotten, so that nothing of it stays in the pool's log for ever, nor in a root what the
     * others may come to lose. Should a copy be kept here again it goes on from there.
     */
    public static void leave(ReplicaShard shard) {
        LoneGate gate = new LoneGate(shard);
        gate.forgets = true;
        shard.attach(gate);
        shard.endEpoch();
        gate.forget();
    }

    /** Not once another gate decides: a copy that is kept here again answers for what it holds. */
    private void forget() {
        long stays = replica.stableSeq();
        if (!replica.isDecidedBy(this)) {
            return;
        }
        if (replica.heldSeq() == stays || replica.rewind(stays)) {
            forgets = false;
            replica.opened(stays);
        } else {
            replica.shard().whenRoom(this::forget);
        }
    }

    @Override
    public void held(Shard shard, long seq) {
        replica.opened(seq);
    }

    /** Not for what is to be forgotten, nor for another gate: what a root covers stays. */
    @Override
    public void stabilityWanted(Shard shard, long seq) {
        if (!forgets) {
            replica.log(seq, status -> {
                if (replica.isDecidedBy(this)) {
                    replica.stable(Math.min(seq, replica.loggedSeq()));
                }
            });
        }
    }

    @Override
    public void flushWanted(Shard shard) {
        long upTo = replica.visibleSeq();
        replica.log(upTo, status -> replica.flushed(upTo));
    }
}
