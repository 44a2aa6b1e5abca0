package dev.holdfast.store;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.checkpoint.LaneLink;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.log.RingWriter;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.TwinRing;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.RootWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes log entries durable for everybody who waits, many with one write. One record is under way at a time; what is
 * asked for meanwhile goes into the next. It does not decide when a consistency point is due, but asks for one
 * when the ring is full.
 *
 * <ul>
 *   <li><b>K1</b> A lane is told "logged below e" only after a record with every entry below e that no root covers
 *       is durable on
 *       all present members and the newest root names exactly those (or a root covers them).
 *   <li><b>K3</b> Log memory that a record under way points at is not let go before the record is durable.
 *   <li><b>K2</b> The position a root stores is that of the first record holding an entry the root does not cover.
 * </ul>
 */
final class GroupCommit {
    /** A durable record: where it is, and how far each lane's entries are in it. */
    record Written(RingStart at, long[] to) {}

    private final Core core;
    private final RingWriter ring;
    private final List<LaneLink> lanes;
    private final RootWriter roots;
    private final Runnable ringIsFull;
    private final TwinRing twin;
    private final TwinCommit both;
    private final long[] wanted;
    private final long[] next;
    private final ArrayDeque<Written> records = new ArrayDeque<>();
    private final List<Runnable> betweenWaiters = new ArrayList<>();
    private boolean underWay;
    private boolean held;
    private boolean stopped;
    private boolean willRetry;
    private boolean settling;
    private long fullAt = -1;
    private long coveredTo;
    private long coveredCp;

    GroupCommit(
            Core core, RingWriter ring, List<LaneLink> lanes, RootWriter roots, TwinRing twin, Runnable ringIsFull) {
        this.core = core;
        this.twin = twin;
        this.both = new TwinCommit(core.loop, lanes, twin, this);
        this.ring = ring;
        this.lanes = lanes;
        this.roots = roots;
        this.ringIsFull = ringIsFull;
        this.wanted = new long[lanes.size()];
        this.next = new long[lanes.size()];
    }

    /** Records that were written before the pool was opened, in order: they hold the first entries of every lane. */
    void begin(List<Written> written) {
        Checks.that(records.isEmpty() && !underWay, "records are taken over once");
        for (Written record : written) {
            records.addLast(record);
            System.arraycopy(record.to, 0, next, 0, next.length);
        }
        if (!written.isEmpty()) {
            both.logged(ring.next().position(), written.getLast().to);
        }
        coveredTo = roots.newest().log().position();
        coveredCp = roots.newest().number().cp();
        twin.begin(ring.next().position(), both);
        both.covered(roots.newest(), new long[next.length], true);
    }

    /** Half of the ring stays free: a start must be able to write once more what mirrored shards hold. */
    void keepRoomForTails() {
        ring.keepFree(Mutant.on("store.keep-no-room") ? 0 : Tail.keptBytes(core.array.logBytes()));
    }

    /** Entries of {@code lane} below {@code entry} are to be durable. */
    void want(int lane, long entry) {
        Checks.that(core.loop.isCurrent() && lane < lanes.size(), "a lane asks on the committer's loop", lane);
        wanted[lane] = Math.max(wanted[lane], entry);
        start();
    }

    /** True while nothing waits and nothing is under way. */
    boolean isIdle() {
        return !underWay && !isAnythingWanted();
    }

    /** Nothing is written any more. */
    void stop() {
        stopped = true;
    }

    private void start() {
        if (underWay || held || stopped || settling || twin.holds() || !isAnythingWanted()) {
            return;
        }
        long[] to = new long[next.length];
        for (int lane = 0; lane < to.length; lane++) {
            to[lane] = Math.max(next[lane], wanted[lane]);
        }
        if (!ring.build(next, to) && !(letGo() && ring.build(next, to))) {
            Marks.reached("store.ring-full");
            askForRoom();
            return;
        }
        underWay = true;
        RingStart at = ring.next();
        twin.wrote(ring.position(), ring.parts(), ring.partCount(), ring.lengthBytes());
        array(at);
    }

    /** What only the twin's roots need of the ring goes; false if that is nothing. */
    private boolean letGo() {
        settling = true;
        boolean went = twin.letGo() && trim();
        settling = false;
        return went;
    }

    /** A consistency point that freed nothing, because a mirrored shard waits, is not followed by the next at once. */
    private void askForRoom() {
        if (ring.trimmedTo() != fullAt) {
            fullAt = ring.trimmedTo();
            ringIsFull.run();
        } else if (!willRetry) {
            willRetry = true;
            core.loop.after(1_000_000_000L, () -> {
                willRetry = false;
                fullAt = -1;
                start();
            });
        }
    }

    private void array(RingStart at) {
        Checks.that(underWay && at.equals(ring.next()), "one record at a time", at.number());
        if (Mutant.on("store.acknowledge-before-record")) {
            tellLogged();
        }
        core.array.writeLog(
                ring.offset(), ring.parts(), ring.partCount(), core.loop, (token, outcome) -> done(at, outcome), 0);
    }

    private void done(RingStart at, ArrayOutcome outcome) {
        switch (outcome) {
            case OK -> roots.whenSettled(() -> durable(at));
            case MEMBER_LOST -> {
                Marks.reached("store.record-lost-member");
                core.trouble.memberLost();
                roots.whenSettled(() -> durable(at));
            }
            case NO_SPACE -> {
                core.trouble.hostFull();
                core.loop.after(1_000_000_000L, () -> array(at));
            }
            case FAILED -> core.trouble.failed("no device of the pool takes log records");
        }
    }

    private void durable(RingStart at) {
        Checks.that(underWay, "a record was under way");
        ring.written();
        underWay = false;
        long[] to = tellLogged();
        records.addLast(new Written(at, to));
        both.logged(ring.next().position(), to);
        settling = true;
        twin.durable(ring.next());
        settling = false;
        if (Mutant.on("store.trim-when-logged")) {
            ring.trim(ring.next().position(), roots.newest().number().cp());
        }
        List<Runnable> ready = List.copyOf(betweenWaiters);
        betweenWaiters.clear();
        ready.forEach(Runnable::run);
        start();
    }

    /** Tells the lanes how far the record just made brings them, and answers it. */
    private long[] tellLogged() {
        long[] to = new long[next.length];
        int told = 0;
        for (int lane = 0; lane < to.length; lane++) {
            long logged = Math.max(next[lane], ring.takenTo(lane));
            to[lane] = logged;
            if (logged > next[lane]) {
                next[lane] = logged;
                if (!both.isBoth()) {
                    lanes.get(lane).tell(port -> port.logged(logged));
                }
                told++;
            }
        }
        if (told > 1) {
            Marks.reached("store.record-of-several-lanes");
        }
        return to;
    }

    /** Runs {@code task}, perhaps at once, while no record is under way: then no log memory is being written out. */
    void whenBetweenRecords(Runnable task) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (underWay) {
            Marks.reached("store.retire-waits-for-record");
            betweenWaiters.add(task);
        } else {
            task.run();
        }
    }

    /** No record begins until {@link #goOn}; {@code task} runs, perhaps at once, when none is under way. */
    void hold(Runnable task) {
        Checks.that(!held, "records are held once");
        held = true;
        whenBetweenRecords(task);
    }

    /** Records begin again; the entries of {@code lane} are read through {@code view}. */
    void goOn(int lane, LogView view) {
        Checks.that(held && !underWay, "records were held", lane);
        ring.replaceLane(lane, view);
        held = false;
        start();
    }

    /** Where the record that begins next goes. Between records everything before it is durable. */
    RingStart next() {
        return ring.next();
    }

    /** K2: where recovery must read from if the root covers, of each lane, the entries below {@code release}. */
    RingStart startFor(long[] release) {
        Checks.that(release.length == next.length, "every lane has a release", release.length);
        if (Mutant.on("store.skip-uncovered-records")) {
            return ring.next();
        }
        for (Written record : records) {
            for (int lane = 0; lane < release.length; lane++) {
                if (record.to[lane] > release[lane]) {
                    return record.at;
                }
            }
        }
        return ring.next();
    }

    /**
     * Runs {@code task}, perhaps at once, between records; if records go to a twin, behind those with the entries below
     * {@code release}, so that they have no gap; unless no record can be made now.
     */
    void whenCovered(long[] release, Runnable task) {
        Checks.that(release.length == next.length, "every lane has a release", release.length);
        if (twin.isOn() && isBehind(release)) {
            for (int lane = 0; lane < release.length; lane++) {
                wanted[lane] = Math.max(wanted[lane], release[lane]);
            }
            start();
            if (underWay) {
                betweenWaiters.add(() -> whenCovered(release, task));
                return;
            }
        }
        whenBetweenRecords(task);
    }

    private boolean isBehind(long[] release) {
        boolean behind = false;
        for (int lane = 0; lane < release.length; lane++) {
            behind |= release[lane] > next[lane];
        }
        return behind;
    }

    /** {@code root}, which covers the entries below {@code release}, is durable. */
    void covered(Root root, long[] release) {
        RingStart start = root.ringStart();
        Checks.that(start.position() <= ring.next().position(), "roots name what was written", start.position());
        while (!records.isEmpty() && records.getFirst().at.position() < start.position()) {
            records.removeFirst();
        }
        Checks.that(!underWay, "log memory is let go between records");
        boolean gap = isBehind(release);
        for (int lane = 0; lane < release.length; lane++) {
            next[lane] = Math.max(next[lane], release[lane]);
        }
        coveredTo = start.position();
        coveredCp = root.number().cp();
        both.covered(root, release, gap);
        ring.trim(twin.keep(coveredTo), coveredCp);
        start();
    }

    /** Lets go of what neither the newest root nor the twin's need; false if that is nothing. */
    boolean trim() {
        long to = twin.keep(coveredTo);
        if (to == ring.trimmedTo()) {
            return false;
        }
        ring.trim(to, coveredCp);
        return true;
    }

    /** Records begin again, if something kept them. */
    void goOn() {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        start();
    }

    /** Of each lane, the entries below are durable here. */
    long[] logged() {
        return next.clone();
    }

    /** The pool stops. */
    void stopsWaiting() {
        both.stop();
    }

    double ringUsedFraction() {
        return ring.usedFraction();
    }

    long ringUsedBytes() {
        return core.array.logBytes() - ring.freeBytes();
    }

    private boolean isAnythingWanted() {
        return !Arrays.equals(next, mergedTargets());
    }

    private long[] mergedTargets() {
        long[] targets = new long[next.length];
        for (int lane = 0; lane < next.length; lane++) {
            targets[lane] = Math.max(next[lane], wanted[lane]);
        }
        return targets;
    }
}
