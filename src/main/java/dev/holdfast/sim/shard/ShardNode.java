package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Copies;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaProcess;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.replica.Comparison;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * One node of the shard: a machine, what it keeps ({@link ShardStore}), and the process that runs on it now and then.
 * Clients reach it by {@link #write}, {@link #read} and {@link #flush}; who waits for an answer when the node stops
 * being primary never gets one.
 */
final class ShardNode {
    private static final long ROOT_NANOS = 700_000_000L;

    private final SimMachine machine;
    private final int number;
    private final ShardStore store;
    private final Wire wire;
    private final Judge judge;
    private Optional<Running> running = Optional.empty();
    private long memorySince;
    private boolean isMixture;
    private final Keepers keepers;
    private List<Integer> kept;
    private List<Integer> leaving = List.of();
    private boolean isGone;

    ShardNode(SimMachine machine, int number, ShardStore store, Keepers keepers, Wire wire, Judge judge) {
        this.machine = machine;
        this.number = number;
        this.store = store;
        this.keepers = keepers;
        this.kept = keepers.nodes();
        this.wire = wire;
        this.judge = judge;
        judge.add(this);
    }

    int number() {
        return number;
    }

    SimMachine machine() {
        return machine;
    }

    ShardStore store() {
        return store;
    }

    /** Incarnation since which memory is unbroken; 0 if it was lost and no start has been registered since. */
    long memorySince() {
        return memorySince;
    }

    boolean isRunning() {
        return machine.isRunning();
    }

    /** The replica of the present process, once its start is registered. */
    Optional<Replica> replica() {
        return isRunning() ? running.flatMap(process -> process.replica.replica()) : Optional.empty();
    }

    /** Seq up to which readers see here; it has a {@link #replica}. */
    long visible() {
        return store.log().visible();
    }

    /** Starts a process, if this node keeps a copy; none of its own runs. */
    void start() {
        if (isGone) {
            return;
        }
        Checks.that(running.isEmpty() || !isRunning(), "a process has one replica", number);
        SimProcess process = machine.isRunning() ? machine.process() : machine.start();
        running = Optional.of(new Running(process));
    }

    void kill() {
        machine.kill();
        judge.died(this);
    }

    /** The process is about to be stopped by somebody who waits for it. */
    void resign() {
        ask(() -> replica().ifPresent(Replica::resign));
    }

    /** Ends the process in the middle of its next turn, of which nobody hears. */
    void killInTurn() {
        machine.killInTurn();
    }

    boolean isDoomed() {
        return machine.isRunning() && machine.process().isDoomed();
    }

    void powerCut() {
        machine.powerCut();
        store.powerCut();
        memorySince = 0;
        judge.lostMemory(this);
    }

    void pause(long nanos) {
        machine.process().pause(nanos);
    }

    /** Tells the judge what came since the last look. */
    void look() {
        running.filter(process -> isRunning() && process.isOpen).ifPresent(process -> process.loop.look(store::look));
    }

    /** A message comes in a turn of its own. */
    void arrived(Message message) {
        ask(() -> received(message));
    }

    /** A message comes; on the shard's loop. */
    void received(Message message) {
        if (isRunning() && !store.compared(message)) {
            running.orElseThrow().replica.received(message);
        }
    }

    /** A client's request, run on the node's loop if it is alive then. */
    void ask(Runnable request) {
        if (isRunning()) {
            running.orElseThrow().loop.post(request);
        }
    }

    /** True once when an image has begun to be laid here. */
    boolean hasBecomeMixture() {
        boolean was = isMixture;
        isMixture = isRunning() && store.isMixture();
        return isMixture && !was;
    }

    /** A good moment for a root. */
    void makeRoot() {
        running.filter(process -> isRunning() && process.isOpen)
                .ifPresent(process -> process.loop.post(store::makeRoot));
    }

    /** True if requests are served at this moment. */
    boolean serves() {
        return replica().filter(Replica::serves).isPresent();
    }

    /** Makes a snapshot, or lets one go, if the replica serves. */
    void snapshot(long id, boolean keeps) {
        ask(() -> {
            if (serves()) {
                store.snapshot(id, keeps);
            }
        });
    }

    /** Compares what replicas have as snapshot {@code id}; {@code ended} hears of it if the process lives so long. */
    void compare(long id, boolean reads, Consumer<Comparison.Outcome> ended) {
        ask(() -> store.compare(id, reads, ended));
    }

    /** Changes something that nobody reads but who compares all. */
    void scribble() {
        store.scribble();
    }

    /** Writes; {@code done} is told the seq once that is acknowledged. */
    void write(int register, long value, LongConsumer done) {
        store.write(register, value, done);
    }

    /** Reads; {@code done} is told the value. */
    void read(int register, LongConsumer done) {
        store.read(register, done);
    }

    /** Flushes; {@code done} is told up to which seq. */
    void flush(LongConsumer done) {
        store.flush(done);
    }

    /** Hears who keeps a copy now. */
    void hearKeepers() {
        if (!isGone) {
            kept = keepers.nodes();
            leaving = keepers.leaving().stream().toList();
            ask(() -> running.orElseThrow().replica.keptBy(kept, leaving));
        }
    }

    /** Its copy has been taken away: no process starts here any more. */
    void go() {
        if (isRunning()) {
            kill();
        }
        isGone = true;
    }

    /** It gets a copy again, and has what it had. */
    void comeAgain() {
        isGone = false;
        kept = keepers.nodes();
        start();
    }

    boolean isGone() {
        return isGone;
    }

    /** One process. */
    private final class Running implements ReplicaProcess.Reach {
        final SimProcess process;
        final SimLoop loop;
        final Copies copies = new Copies(kept);
        final ReplicaProcess replica;
        boolean isOpen;

        Running(SimProcess process) {
            this.process = process;
            this.loop = process.newLoop("shard");
            OrderedLog log = keepers.seen(process.orderedLog("shard"));
            ReplicaProcess.Decided decided = new ReplicaProcess.Decided(log, new Authority());
            ReplicaProcess.Place place = new ReplicaProcess.Place(number, copies, 0);
            this.replica = new ReplicaProcess(place, process.clock(), loop, decided, this);
            store.open(process, loop, () -> {
                isOpen = true;
                replica.keptBy(kept, leaving);
                replica.start(process.entropy().nextLong(), store.found());
                makeRoots();
            });
        }

        /** Makes a root now and then. */
        private void makeRoots() {
            store.makeRoot();
            loop.after(ROOT_NANOS, this::makeRoots);
        }

        @Override
        public ShardLog log() {
            return store.log();
        }

        @Override
        public void begun(Replica begun) {
            memorySince = replica.authority().start(number).orElseThrow().memorySince();
            store.attach(begun);
            store.reach(process.clock(), () -> replica.authority().presentStarts(kept), this::send);
            wire.begin(ShardNode.this, begun.member(), new Wire.Running(process, loop));
        }

        @Override
        public void send(Message message) {
            if (!process.isSilent()) {
                wire.send(message);
            }
        }

        @Override
        public void flushed(long seq) {
            store.flushed(seq);
        }

        @Override
        public void ticked() {
            store.tick();
        }

        @Override
        public void looked() {
            store.told();
        }
    }
}
