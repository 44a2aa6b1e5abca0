package dev.holdfast.sim.shard;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.replica.Comparison;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/**
 * What one machine keeps of the shard: a model, or a pool. Positions are those of the present process, or, while none
 * has the store open, what is known to be left.
 */
interface ShardStore {
    /** Seq of the newest entry. */
    long held();

    /** Seq up to which entries are on stable storage. */
    long logged();

    /** Seq that the newest durable root covers. */
    long rooted();

    /** Epochs of what is held. */
    History history();

    /** Whether an entry at this position is held. */
    default boolean holds(Position position) {
        return position.seq() == 0
                || position.seq() <= held() && history().at(position.seq()).equals(position);
    }

    /** Whether an entry at this position is on stable storage, in the ring or in the root. */
    default boolean hasLogged(Position position) {
        return holds(position) && (position.seq() <= logged() || position.seq() <= rooted());
    }

    /** The process opens it; {@code ready} runs on {@code loop}, the shard's. */
    void open(SimProcess process, SimLoop loop, Runnable ready);

    /** What the process found. */
    Decision.Found found();

    /** The log that the process has. */
    ShardLog log();

    /** Who is told what happens in the log. */
    void attach(Replica replica);

    /** Flushes up to {@code seq} may be answered. */
    void flushed(long seq);

    /** Writes a register; {@code done} is told the seq when that is acknowledged, and never if it fails. */
    void write(int register, long value, LongConsumer done);

    /** Reads a register; {@code done} is told its value, 0 if nothing was ever written. */
    void read(int register, LongConsumer done);

    /** Flushes; {@code done} is told up to which seq. */
    void flush(LongConsumer done);

    /** Keeps what readers see as snapshot {@code id}, or lets it go; waits for nothing. Repeating it does no harm. */
    default void snapshot(long id, boolean keeps) {}

    /** Changes something that no register is part of, and waits for nothing. */
    default void scribble() {}

    /** Compares what replicas have as snapshot {@code id}, if they can be; {@code ended} is told how that ended. */
    default void compare(long id, boolean reads, Consumer<Comparison.Outcome> ended) {}

    /** From now on messages of the replica that is attached can be sent, to the present starts of {@code copies}. */
    default void reach(Clock clock, Supplier<List<Member>> copies, Consumer<Message> send) {}

    /** Whether a message was about a comparison, so that it is nobody else's. */
    default boolean compared(Message message) {
        return false;
    }

    /** Time passes. */
    default void tick() {}

    /** Whether a part of an image is laid over what it was. */
    default boolean isMixture() {
        return false;
    }

    /** A good moment for a root. */
    default void makeRoot() {}

    /** Something has happened to the replica that is attached. */
    default void told() {}

    /** Tells the judge what came since the last look. */
    default void look() {}

    /** Its disk does not answer any more, or does again. */
    default void diskGone(boolean isGone) {}

    /**
     * Flips a bit in up to {@code most} blocks of its disk that are a register's with a value that {@code may} rot.
     *
     * @return how many there were
     */
    default int rot(LongPredicate may, SimRandom dice, int most) {
        return 0;
    }

    /** Values of registers of which whole blocks are on its disk, in use or not; and 0. */
    default TreeSet<Long> values() {
        return new TreeSet<>();
    }

    /** Whether the present process has met a disk that did not answer: it may have to start again. */
    default boolean isTroubled() {
        return false;
    }

    /** The power went: memory is lost. */
    void powerCut();

    /** Runs {@code then} with everything that readers see here, to be compared with {@code equals}. */
    void contents(Consumer<Object> then);
}
