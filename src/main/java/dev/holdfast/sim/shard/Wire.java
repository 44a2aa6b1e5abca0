package dev.holdfast.sim.shard;

import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;

/** Carries messages between the nodes of one shard, with faults. */
interface Wire {
    /**
     * A process that speaks.
     *
     * @param process itself
     * @param loop the shard's
     */
    record Running(SimProcess process, SimLoop loop) {}

    /** From now on {@code member} is who runs on {@code node}; on the shard's loop. */
    void begin(ShardNode node, Member member, Running running);

    /** Sends a message of a process that runs; on the shard's loop. */
    void send(Message message);

    /** Nothing gets from {@code from} to {@code to} any more. */
    void cutOneWay(int from, int to);

    /** Ends every cut. */
    void join();

    /** Nothing arrives, whatever its way; or it does again. */
    void loseAll(boolean all);

    /** From now on the wire is bad in ways that {@code dice} say. */
    void roughen(SimRandom dice);

    /** From now on nothing is lost, late, repeated or cut. */
    void calm();
}
