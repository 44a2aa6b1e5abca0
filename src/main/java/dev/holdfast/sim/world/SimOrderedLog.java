package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** One process's membership in an ordered log; the fault model is that of {@link SimLogGroup}. */
final class SimOrderedLog implements OrderedLog {
    private static final long UNKNOWN_NANOS = 10_000_000_000L;
    private static final Reader NOBODY = (index, bytes) -> {};

    private final SimLogGroup group;
    private final SimProcess process;
    private final SimRandom random;
    private final List<Proposal> unanswered = new ArrayList<>();
    private final TreeMap<Integer, Proposal> waiting = new TreeMap<>();
    private SimLoop loop;
    private Reader reader = NOBODY;
    private Runnable replayed = () -> {};
    private int replayCount;
    private int delivered;
    private int underWay;
    private int survivors = -1;
    private long lastPlaceNanos;
    private boolean deliveryDue;
    private boolean started;
    private boolean closed;

    /** One append, compared by identity. */
    private static final class Proposal {
        final byte[] record;
        final AppendDone done;

        Proposal(byte[] record, AppendDone done) {
            this.record = record;
            this.done = done;
        }
    }

    SimOrderedLog(SimLogGroup group, SimProcess process, SimRandom random) {
        this.group = group;
        this.process = process;
        this.random = random;
        this.loop = process.newLoop("log");
    }

    boolean isOver() {
        return closed || process.isDead();
    }

    @Override
    public void start(Loop readerLoop, Reader newReader, Runnable whenReplayed) {
        Checks.that(!started, "an ordered log is started once");
        started = true;
        loop = (SimLoop) readerLoop;
        reader = newReader;
        replayed = whenReplayed;
        replayCount = group.size();
        group.join(this);
        deliverLater();
    }

    @Override
    public void append(byte[] record, AppendDone done) {
        Checks.that(started, "an ordered log is started before it is appended to");
        Checks.that(record.length <= RECORD_BYTES, "a record within its limit", record.length);
        byte[] copy = record.clone();
        if (process.isSilent()) {
            return;
        }
        Proposal proposal = new Proposal(copy, done);
        if (closed || random.perMillion(group.refusedPerMillion)) {
            later(random.below(group.appendNanos), loop, () -> tell(done, Outcome.REFUSED));
        } else if (random.perMillion(group.unknownPerMillion)) {
            unanswered.add(proposal);
            if (random.oneIn(2)) {
                later(random.below(2 * UNKNOWN_NANOS), group.world().scene(), () -> group.add(copy));
            }
            later(UNKNOWN_NANOS, loop, () -> answer(proposal, Outcome.UNKNOWN));
        } else {
            unanswered.add(proposal);
            underWay++;
            Scheduler scheduler = process.scheduler();
            lastPlaceNanos = Math.max(lastPlaceNanos, scheduler.nowNanos() + random.below(group.appendNanos)) + 1;
            long waitNanos = lastPlaceNanos - scheduler.nowNanos();
            later(waitNanos, group.world().scene(), () -> place(proposal));
        }
    }

    /** Places what one member proposes in order; of what a close or death leaves behind, the first few. */
    private void place(Proposal proposal) {
        if (isOver() && survivors < 0) {
            survivors = random.below(underWay + 1);
        }
        underWay--;
        if (!isOver()) {
            waiting.put(group.add(proposal.record), proposal);
        } else if (survivors-- > 0) {
            group.add(proposal.record);
        } else {
            survivors = 0;
        }
    }

    @Override
    public void close() {
        closed = true;
        group.leave(this);
        List.copyOf(unanswered).forEach(proposal -> answer(proposal, Outcome.UNKNOWN));
    }

    /** Delivers what is there, soon. */
    void deliverLater() {
        if (!deliveryDue && !isOver()) {
            deliveryDue = true;
            long nanos = random.below(random.oneIn(50) ? 1_000_000_000L : 300_000L);
            later(nanos, loop, () -> loop.enqueue(SimLoop.UNORDERED, EventKind.LOG, delivered, this::deliver));
        }
    }

    private void deliver() {
        deliveryDue = false;
        if (group.isCut(process.machine())) {
            return;
        }
        int until = delivered + random.below(group.size() - delivered + 1);
        while (delivered < until && !isOver()) {
            int index = delivered++;
            reader.record(index, ByteBuffer.wrap(group.record(index)).asReadOnlyBuffer());
            Proposal proposal = waiting.remove(index);
            if (proposal != null) {
                answer(proposal, Outcome.APPENDED);
            }
        }
        if (delivered >= replayCount && !isOver()) {
            Runnable once = replayed;
            replayed = () -> {};
            once.run();
        }
        if (delivered < group.size()) {
            deliverLater();
        }
    }

    private void answer(Proposal proposal, Outcome outcome) {
        if (unanswered.remove(proposal)) {
            tell(proposal.done, outcome);
        }
    }

    private void tell(AppendDone done, Outcome outcome) {
        loop.enqueue(SimLoop.UNORDERED, EventKind.LOG, outcome.ordinal(), () -> done.done(outcome));
    }

    private void later(long nanos, Owner owner, Runnable task) {
        process.scheduler().after(nanos, owner, EventKind.LOG, 0, task);
    }
}
