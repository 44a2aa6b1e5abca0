package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionLog;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Outbox;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.mirror.Self;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * One node of the shard: a machine, what it keeps, and the process that runs on it now and then. Clients reach it by
 * {@link #write}, {@link #read} and {@link #flush}; who waits for an answer when the node stops being primary never
 * gets one.
 */
final class ShardNode {
    private static final long TICK_NANOS = 20_000_000L;
    private static final long ROOT_NANOS = 700_000_000L;

    private final SimMachine machine;
    private final Medium medium;
    private final List<Integer> nodes;
    private final Wire wire;
    private final Judge judge;
    private Optional<Running> running = Optional.empty();

    ShardNode(SimMachine machine, int number, List<Integer> nodes, Wire wire, Judge judge) {
        this.machine = machine;
        this.medium = new Medium(number);
        this.nodes = nodes;
        this.wire = wire;
        this.judge = judge;
        wire.add(this);
        judge.add(this);
    }

    int number() {
        return medium.node;
    }

    SimMachine machine() {
        return machine;
    }

    Medium medium() {
        return medium;
    }

    boolean isRunning() {
        return machine.isRunning();
    }

    /** The replica of the present process, once its start is registered. */
    Optional<Replica> replica() {
        return isRunning() ? running.flatMap(process -> process.replica) : Optional.empty();
    }

    /** Seq up to which readers see here. */
    long visible() {
        return running.orElseThrow().log.visible();
    }

    /** What readers see here. */
    TreeMap<Integer, Long> state() {
        return running.orElseThrow().log.state();
    }

    void start() {
        SimProcess process = machine.isRunning() ? machine.process() : machine.start();
        running = Optional.of(new Running(process));
    }

    void kill() {
        machine.kill();
        judge.died(this);
    }

    void powerCut() {
        machine.powerCut();
        medium.powerCut();
        judge.lostMemory(this);
    }

    void pause(long nanos) {
        machine.process().pause(nanos);
    }

    void arrived(Message message) {
        if (isRunning()) {
            Running process = running.orElseThrow();
            process.loop.post(() -> process.arrived(message));
        }
    }

    /** A client's request, run on the node's loop if it is alive then. */
    void ask(Runnable request) {
        if (isRunning()) {
            running.orElseThrow().loop.post(request);
        }
    }

    /** True if requests are served at this moment. */
    boolean serves() {
        return replica().filter(Replica::serves).isPresent();
    }

    /** Numbers a write; {@code done} is told its seq once it is acknowledged. */
    void write(int block, long value, LongConsumer done) {
        Running process = running.orElseThrow();
        process.writes.put(process.log.write(block, value), done);
        process.replica.orElseThrow().numbered();
    }

    long read(int block) {
        return running.orElseThrow().log.read(block);
    }

    /** Flushes; {@code done} is told up to which seq. */
    void flush(LongConsumer done) {
        Running process = running.orElseThrow();
        process.flushes.add(new Flush(process.log.visible(), done));
        process.replica.orElseThrow().flush();
    }

    private record Flush(long upTo, LongConsumer done) {}

    /** One process. */
    private final class Running implements ModelLog.Listener, DecisionLog.Listener, Outbox {
        final SimProcess process;
        final SimLoop loop;
        final ModelLog log;
        final DecisionLog decisions;
        final Authority authority = new Authority();
        final TreeMap<Long, LongConsumer> writes = new TreeMap<>();
        final List<Flush> flushes = new ArrayList<>();
        Optional<Replica> replica = Optional.empty();

        Running(SimProcess process) {
            this.process = process;
            this.loop = process.newLoop("shard");
            this.log = new ModelLog(
                    medium, loop, process.machine().world().random().split(), this);
            this.decisions = new DecisionLog(process.orderedLog("shard"), loop, authority, this);
            loop.post(() -> {
                decisions.start(started());
                tick();
                makeRoots();
            });
        }

        private DecisionLog.Start started() {
            Decision.Found found = new Decision.Found(medium.memory, medium.ringEnd());
            return new DecisionLog.Start(number(), process.entropy().nextLong(), found);
        }

        private void tick() {
            replica.ifPresent(Replica::tick);
            loop.after(TICK_NANOS, this::tick);
        }

        /** Makes a root now and then, and the first set of a new shard. */
        private void makeRoots() {
            log.makeRoot();
            if (authority.newest().isEmpty()) {
                judge.first(nodes, authority).ifPresent(this::propose);
            }
            loop.after(ROOT_NANOS, this::makeRoots);
        }

        void arrived(Message message) {
            replica.ifPresent(present -> present.received(message));
        }

        @Override
        public void registered(Member member) {
            medium.memorySince = authority.start(number()).orElseThrow().memorySince();
            Replica started = new Replica(new Self(member, nodes, log, authority, process.clock(), this));
            replica = Optional.of(started);
            started.told();
        }

        @Override
        public void told() {
            replica.orElseThrow().told();
        }

        @Override
        public void refused(ReplicaSet set) {
            replica.ifPresent(present -> present.refused(set));
        }

        @Override
        public void opened(long upTo) {
            while (!writes.isEmpty() && writes.firstKey() <= upTo) {
                long seq = writes.firstKey();
                LongConsumer done = writes.remove(seq);
                judge.acknowledged(medium.at(seq).position());
                done.accept(seq);
            }
        }

        @Override
        public void logged() {
            replica.ifPresent(Replica::logged);
        }

        @Override
        public void endEpoch() {
            writes.clear();
            flushes.clear();
        }

        @Override
        public void held(Change change, Position before) {
            judge.held(change, before);
        }

        @Override
        public void send(Message message) {
            wire.send(message);
        }

        @Override
        public void propose(ReplicaSet set) {
            decisions.propose(set);
        }

        @Override
        public void act(int epoch) {
            decisions.act(epoch, replica.orElseThrow().member());
        }

        @Override
        public void flushed(long seq) {
            List<Flush> done =
                    flushes.stream().filter(flush -> flush.upTo <= seq).toList();
            flushes.removeAll(done);
            for (Flush flush : done) {
                Checks.that(flush.upTo <= medium.held(), "what was flushed is held", flush.upTo);
                judge.flushed(medium.history().at(flush.upTo));
                flush.done.accept(flush.upTo);
            }
        }
    }
}
