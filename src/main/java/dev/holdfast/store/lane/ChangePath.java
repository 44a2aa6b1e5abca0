package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.log.MemoryLog;
import dev.holdfast.store.log.ReplayEntry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The path of every change of one shard, in this order and in no other: admit, number, hold, gate, visible,
 * acknowledge; and, of a mirrored shard, the way back behind the gate. It makes nothing durable ({@link Durability}).
 *
 * <ol>
 *   <li>numbered = held &gt;= visible; a number is held in the same call that gives it.
 *   <li>Changes become visible in the order of their numbers, whatever the gate does.
 *   <li>Nobody is told of a change before it is visible; with forced unit access, not before it is durable: of a
 *       mirrored shard with every replica of the in-sync set, as the gate says.
 * </ol>
 */
final class ChangePath {
    private final Shard shard;
    private final Lane lane;
    private final ShardChanges changes;
    private Gate gate;
    private final @Nullable HeldRun mirrored;
    private final HeldChanges waiting = new HeldChanges();
    private final Waiters flushes = new Waiters();
    private int epoch;
    private boolean numbersHere;
    private long held;
    private long visible;
    private long visibleEnd;

    ChangePath(Shard shard, Lane lane, ShardChanges changes, Gate gate, ShardOpening opening) {
        this.shard = shard;
        this.lane = lane;
        this.changes = changes;
        this.gate = gate;
        this.mirrored = gate == Gate.OPEN ? null : new HeldRun(opening.appliedSeq(), opening.history());
        this.numbersHere = mirrored == null;
        this.epoch = opening.epoch();
        this.held = opening.appliedSeq();
        this.visible = opening.appliedSeq();
    }

    /** Number of the newest change that is held here. */
    long held() {
        return held;
    }

    /** Number of the newest change that readers see. */
    long visible() {
        return visible;
    }

    /** Epoch in which changes are numbered. */
    int epoch() {
        return epoch;
    }

    /** Whether nobody waits at the gate; at that of a mirrored shard nobody does once the lane stops. */
    boolean isIdle() {
        return mirrored != null || waiting.isEmpty();
    }

    /** Whether every change is visible. */
    boolean isAllVisible() {
        return waiting.isEmpty();
    }

    /** First memory log entry that is held and not visible; beyond all of them if there is none. */
    long firstInvisibleEntry() {
        return waiting.isEmpty() ? Long.MAX_VALUE : waiting.firstEntry();
    }

    /** What is known of the log of a mirrored shard; null for one alone. */
    @Nullable
    HeldRun mirrored() {
        return mirrored;
    }

    /** This process numbers in an epoch of its own; that of a mirrored shard comes by {@link #beginEpoch}. */
    void startEpoch() {
        if (mirrored == null) {
            epoch++;
        }
    }

    /** Another gate of a mirrored shard decides from now on. */
    void attach(Gate newGate) {
        Checks.that(mirrored != null && newGate != Gate.OPEN, "a shard is mirrored for good", shard.id());
        gate = newGate;
    }

    /** Whether {@code other} was attached last. */
    boolean isDecidedBy(Gate other) {
        return gate == other;
    }

    /** A mirrored shard numbers changes here, in {@code newEpoch}. */
    void beginEpoch(int newEpoch) {
        Checks.that(mirrored != null && newEpoch > epoch, "epochs only grow", newEpoch, epoch);
        epoch = newEpoch;
        numbersHere = true;
    }

    /** Why no change may be numbered here now, or OK. */
    private Status refusal() {
        return numbersHere ? lane.admission().refusal() : Status.MOVED;
    }

    /** Takes a WRITE whose range was checked. */
    void write(Request request, ByteBuffer data) {
        int lengthBytes = (int) request.lengthBytes;
        int limit = data.limit();
        data.limit(data.position() + lengthBytes);
        Status admitted = numbersHere ? lane.admission().admitWrite(lengthBytes) : Status.MOVED;
        if (admitted == Status.OK) {
            lane.statistics().changes++;
            lane.statistics().bytesWritten += lengthBytes;
            hold(EntryKind.WRITE, flags(request), request.offset, lengthBytes, data, request, null);
        }
        data.position(data.limit()).limit(limit);
        if (admitted != Status.OK) {
            request.completion().completed(request, admitted);
        }
    }

    /** Takes a TRIM or ZERO whose range was checked; it waits for room if it must. */
    void zero(Request request) {
        Status refusal = shard.isDeleted() ? Status.IO_ERROR : refusal();
        if (refusal != Status.OK) {
            request.completion().completed(request, refusal);
            return;
        }
        if (!lane.admission().fitsOther(0) || !hasRoom(0)) {
            lane.admission().whenRoom(() -> zero(request));
            return;
        }
        lane.statistics().changes++;
        EntryKind kind = request.kind == Request.Kind.TRIM ? EntryKind.TRIM : EntryKind.ZEROES;
        long lengthBytes =
                Math.min(request.lengthBytes, Math.max(0, changes.meta().sizeBytes() - request.offset));
        hold(kind, flags(request), request.offset, lengthBytes, MemoryLog.noPayload(), request, null);
    }

    /** Takes a change that is not one of bytes; it waits for room if it must. */
    void control(ControlChange change) {
        boolean begins = change.kind() == EntryKind.CREATE_SHARD;
        Status refusal =
                shard.isDeleted() ? Status.INVALID : begins ? lane.admission().refusal() : refusal();
        if (refusal != Status.OK) {
            change.done().done(refusal);
            return;
        }
        int payloadBytes = change.payload().remaining();
        if (!lane.admission().fitsOther(payloadBytes) || !hasRoom(payloadBytes)) {
            lane.admission().whenRoom(() -> control(change));
            return;
        }
        hold(change.kind(), change.flags(), change.offset(), change.lengthBytes(), change.payload(), null, change);
    }

    /** Numbers a change and holds it: from here on it survives the process. */
    private void hold(
            EntryKind kind,
            int flags,
            long offset,
            long lengthBytes,
            ByteBuffer payload,
            @Nullable Request request,
            @Nullable ControlChange control) {
        long seq = held + 1;
        long entry = lane.log().append(kind, flags, shard.id(), epoch, seq, offset, lengthBytes, payload);
        Checks.that(waiting.isEmpty() == (visible == held), "what is held and not visible waits", visible, held);
        held = seq;
        waiting.add(entry, request, control);
        if (mirrored == null) {
            lane.durability().held(entry + 1);
        } else {
            heldHere(mirrored, kind, lengthBytes, entry);
        }
        if (Mutant.on("lane.visible-before-gate")) {
            opened(seq);
            return;
        }
        gate.held(shard, seq);
    }

    private void heldHere(HeldRun run, EntryKind kind, long lengthBytes, long entry) {
        lane.admission().promise(blocks(kind, lengthBytes));
        if (kind == EntryKind.CREATE_SHARD) {
            run.begin(epoch, entry);
            opened(held);
        } else {
            add(run, epoch, entry);
        }
    }

    /** What is held newest, in {@code entry}, is known from now on, and counts. */
    private void add(HeldRun run, int changeEpoch, long entry) {
        long bytes =
                bytes(Entry.slots(lane.logView().descriptors(), lane.logView().at(entry)));
        run.add(changeEpoch, held, entry, bytes);
        lane.admission().uncovered(bytes);
    }

    /** What a change takes of the log. */
    private static long bytes(int slots) {
        return Entry.BYTES + (long) slots * Entry.SLOT_BYTES;
    }

    /** A change that an earlier process left is held again, as it is: {@code entry} of the log has it. */
    void holdTail(long entry) {
        HeldRun run = Objects.requireNonNull(mirrored, "a shard alone has no tail");
        ByteBuffer descriptors = lane.logView().descriptors();
        int at = lane.logView().at(entry);
        Checks.that(Entry.seq(descriptors, at) == held + 1, "a tail has no gap", entry, held);
        held++;
        epoch = Math.max(epoch, Entry.epoch(descriptors, at));
        waiting.add(entry, null, null);
        add(run, Entry.epoch(descriptors, at), entry);
        lane.admission().promise(blocks(Entry.kind(descriptors, at), Entry.length(descriptors, at)));
    }

    /** Whether a mirrored shard may hold a change with such a payload; one alone may always. */
    boolean hasRoom(int payloadBytes) {
        return mirrored == null || lane.admission().fitsUncovered(bytes(payloadBytes / Entry.SLOT_BYTES + 2));
    }

    /** Holds the next change of a mirrored shard, which was numbered elsewhere; false without room. */
    boolean holdNumbered(
            int changeEpoch, EntryKind kind, int flags, long offset, long lengthBytes, ByteBuffer payload) {
        HeldRun run = Objects.requireNonNull(mirrored, "a shard alone numbers its changes itself");
        Checks.that(!numbersHere || changeEpoch > epoch, "one replica numbers in an epoch", changeEpoch, epoch);
        boolean fits = hasRoom(payload.remaining());
        if (!fits || !lane.admission().fitsNumbered(kind == EntryKind.WRITE, payload.remaining())) {
            return false;
        }
        long seq = held + 1;
        long entry = lane.log().append(kind, flags, shard.id(), changeEpoch, seq, offset, lengthBytes, payload);
        held = seq;
        epoch = Math.max(epoch, changeEpoch);
        numbersHere = false;
        waiting.add(entry, null, null);
        add(run, changeEpoch, entry);
        lane.admission().promise(blocks(kind, lengthBytes));
        return true;
    }

    /**
     * Takes back what a mirrored shard holds after {@code toSeq}, nothing of it stable; false without room. If readers
     * see some of it, they see none of what is newer than the last sealed changes before it, until the gate opens
     * again.
     */
    boolean rewind(long toSeq) {
        HeldRun run = Objects.requireNonNull(mirrored, "a shard alone takes nothing back");
        Checks.that(toSeq >= run.stable() && toSeq <= held, "what is stable stays", toSeq, run.stable(), held);
        numbersHere = false;
        if (toSeq == held) {
            return true;
        }
        if (!lane.admission().fitsRewind()) {
            return false;
        }
        List<Request> requests = new ArrayList<>();
        List<ControlChange> controls = new ArrayList<>();
        for (long seq = held; seq > Math.max(toSeq, visible); seq--) {
            int at = lane.logView().at(waiting.lastEntry());
            ByteBuffer descriptors = lane.logView().descriptors();
            lane.admission().kept(blocks(Entry.kind(descriptors, at), Entry.length(descriptors, at)));
            waiting.removeLast(requests, controls);
        }
        if (toSeq < visible) {
            hideAfter(run, toSeq);
        }
        long entry = lane.log().appendRewind(shard.id(), epoch, toSeq);
        lane.admission().uncovered(-run.rewind(toSeq, entry));
        held = toSeq;
        requests.forEach(request -> request.completion().completed(request, Status.MOVED));
        controls.forEach(control -> control.done().done(Status.MOVED));
        return true;
    }

    /** Nothing after {@code toSeq} is visible; what is before it and no more visible waits at the gate again. */
    private void hideAfter(HeldRun run, long toSeq) {
        Marks.reached("lane.hide-visible");
        Checks.that(waiting.isEmpty(), "what is not visible goes first", toSeq, visible);
        int blocks = changes.unfrozenBlocks();
        visible = Math.max(changes.hideAfter(toSeq), run.rooted());
        lane.admission().hidden(blocks - changes.unfrozenBlocks());
        for (long seq = visible + 1; seq <= toSeq; seq++) {
            waiting.add(run.entryOf(seq), null, null);
            ByteBuffer descriptors = lane.logView().descriptors();
            int at = lane.logView().at(run.entryOf(seq));
            lane.admission().promise(blocks(Entry.kind(descriptors, at), Entry.length(descriptors, at)));
        }
    }

    /** The gate is open for changes up to {@code upTo}. */
    void opened(long upTo) {
        Checks.that(upTo <= held, "the gate opens only for what is held", upTo, held);
        while (visible < upTo) {
            long entry = waiting.firstEntry();
            Request request = waiting.firstRequest();
            ControlChange control = waiting.firstControl();
            waiting.removeFirst();
            Segment segment = changes.open();
            becomeVisible(entry);
            acknowledge(entry, request, control, segment);
        }
    }

    private void becomeVisible(long entry) {
        LogView view = lane.logView();
        ByteBuffer descriptors = view.descriptors();
        int at = view.at(entry);
        Checks.that(Entry.shard(descriptors, at) == shard.id(), "the entry is of this shard", entry);
        DirtyMap map = changes.open().map();
        int before = map.entries();
        long seq = Entry.seq(descriptors, at);
        cover(entry, seq, Entry.epoch(descriptors, at));
        EntryKind kind = Entry.kind(descriptors, at);
        long offset = Entry.offset(descriptors, at);
        long lengthBytes = Entry.length(descriptors, at);
        if (mirrored != null) {
            lane.admission().kept(blocks(kind, lengthBytes));
        }
        long payloadAt = (long) Entry.firstSlot(descriptors, at) * Entry.SLOT_BYTES;
        switch (kind) {
            case WRITE ->
                changes.write(offset, (int) inside(offset, lengthBytes), payloadAt + offset % Entry.SLOT_BYTES);
            case TRIM, ZEROES -> changes.zero(offset, inside(offset, lengthBytes));
            case CONTEXT -> {} // Nothing keeps what front ends know yet; its number is covered.
            default -> {
                ByteBuffer payload =
                        lane.log().slotBytes().slice((int) payloadAt, Entry.payloadLength(descriptors, at));
                changes.control(ControlChange.entry(kind, seq, offset, lengthBytes, payload));
            }
        }
        visibleEnd = entry + 1;
        lane.changed(map.entries() - before);
    }

    private void acknowledge(long entry, @Nullable Request request, @Nullable ControlChange control, Segment segment) {
        if (request != null) {
            boolean waits = request.forceUnitAccess
                    || mirrored == null && lane.durability().isTwinned();
            if (waits && !Mutant.on("lane.acknowledge-before-logged")) {
                awaitDurable(request, entry + 1);
            } else {
                request.completion().completed(request, Status.OK);
            }
        }
        if (control != null) {
            if (changes.open() == segment) {
                boolean alone = mirrored == null || control.kind() == EntryKind.CREATE_SHARD;
                if (alone) {
                    lane.durability().await(control.done(), entry + 1);
                } else {
                    flushes.add(control.done(), visible);
                    gate.flushWanted(shard);
                }
            } else {
                segment.awaitRoot(status -> isRooted(status, control, entry + 1));
                lane.markerIsVisible();
            }
        }
    }

    private void isRooted(Status status, ControlChange control, long end) {
        if (status == Status.OK && mirrored == null && lane.durability().isTwinned()) {
            lane.durability().await(control.done(), end);
        } else {
            control.done().done(status);
        }
    }

    /** Takes a FLUSH: it waits for everything that is visible now. */
    void flush(Request request) {
        if (mirrored != null && !numbersHere) {
            request.completion().completed(request, Status.MOVED);
            return;
        }
        if (mirrored == null) {
            lane.durability().flushes(visibleEnd);
        }
        awaitDurable(request, visibleEnd);
    }

    /** Entries below {@code end} are visible; {@code request} waits until they are durable. */
    private void awaitDurable(Request request, long end) {
        if (mirrored == null || Mutant.on("lane.flush-own-log-only")) {
            lane.durability().await(request, end);
        } else {
            flushes.add(request, visible);
            gate.flushWanted(shard);
        }
    }

    /** Changes up to {@code seq} of a mirrored shard are durable with every replica of the in-sync set. */
    void flushed(long seq) {
        Checks.that(mirrored != null && seq <= visible, "what is flushed is visible", seq, visible);
        flushes.tellUpTo(seq, Status.OK);
    }

    /** Changes of a mirrored shard are not numbered here any more; who waits here is told, for it may wait for ever. */
    void endEpoch() {
        Checks.that(mirrored != null, "a shard alone numbers its changes itself", shard.id());
        numbersHere = false;
        tellWaiters(Status.MOVED);
    }

    private void tellWaiters(Status status) {
        List<Request> requests = new ArrayList<>();
        List<ControlChange> controls = new ArrayList<>();
        waiting.forgetWaiters(requests, controls);
        requests.forEach(request -> request.completion().completed(request, status));
        controls.forEach(control -> control.done().done(status));
        flushes.tellUpTo(Long.MAX_VALUE, status);
    }

    /**
     * Whether a consistency point may take the oldest changes, of which there are some; those of a mirrored shard are
     * sealed and must be stable.
     */
    boolean mayFreeze() {
        if (mirrored == null) {
            return true;
        }
        changes.sealOldest();
        return isSealedStable() || Mutant.on("lane.root-covers-unstable");
    }

    /** Asks the gate for what is missing before a consistency point may take what is sealed and was left out. */
    void askForStability() {
        long sealed = changes.firstSealedSeq();
        if (mirrored != null && sealed != Long.MAX_VALUE && sealed > mirrored.stable()) {
            gate.stabilityWanted(shard, sealed);
        }
    }

    /** Whether somebody waits for a root, or the room for what none covers gets short. */
    boolean needsRoot() {
        return changes.isAwaited() || lane.admission().isPressed();
    }

    /** Whether sealed changes wait for a consistency point that may take them. */
    boolean isSealedStable() {
        long sealed = changes.firstSealedSeq();
        return sealed != Long.MAX_VALUE && (mirrored == null || sealed <= mirrored.stable());
    }

    /** The lane stops: who waits at the gate of a mirrored shard is told; what is held stays held. */
    void stop() {
        if (mirrored != null) {
            tellWaiters(Status.SHUTDOWN);
        }
    }

    /** Nothing is kept any more: who waits at the gate of a mirrored shard is told. */
    void fail() {
        if (mirrored != null) {
            endEpoch();
            gate.failed(shard);
        }
    }

    /** First memory log entry that another replica may ask for; beyond all of them if there is none. */
    long firstKeptEntry() {
        return mirrored == null ? Long.MAX_VALUE : mirrored.firstKeptEntry();
    }

    /** Changes up to here are on stable storage with every replica; 0 for a shard alone. */
    long durable() {
        return mirrored == null ? 0 : mirrored.durable();
    }

    /** What roots cover is not kept for others any more. */
    void letGoAll() {
        if (mirrored != null) {
            mirrored.letGoAll();
        }
    }

    /** A durable root covers changes up to {@code seq}. */
    void rooted(long seq) {
        Checks.that(seq <= visible, "a root covers what is visible", seq, visible);
        if (mirrored != null) {
            lane.admission().uncovered(-mirrored.rootedTo(seq));
        }
    }

    /** A root is durable with an image of the mirrored shard at {@code seq}, numbered in {@code atEpoch}. */
    void jump(int atEpoch, long seq) {
        Checks.that(waiting.isEmpty() && visible == held && seq > held, "an image comes alone", visible, held, seq);
        held = seq;
        visible = seq;
        epoch = Math.max(epoch, atEpoch);
        gate.imageLaid(shard);
    }

    /** Applies a change that was found after a crash: the same step, with bytes copied; nobody is told. */
    void replay(ReplayEntry entry) {
        Checks.that(waiting.isEmpty(), "nothing is replayed while changes come", entry.seq());
        if (mirrored != null) {
            Checks.that(entry.kind() == EntryKind.CREATE_SHARD, "of a mirrored shard only its creation", entry.seq());
            mirrored.begin(entry.epoch(), Segment.REPLAYED);
        }
        cover(Segment.REPLAYED, entry.seq(), entry.epoch());
        held = visible;
        epoch = Math.max(epoch, entry.epoch());
        long lengthBytes = inside(entry.offset(), entry.length());
        switch (entry.kind()) {
            case WRITE -> {
                if (entry.isUnreadable()) {
                    changes.lose(entry.offset(), lengthBytes);
                } else {
                    changes.writeCopy(entry.offset(), (int) lengthBytes, entry.payload());
                }
            }
            case TRIM, ZEROES -> changes.zero(entry.offset(), lengthBytes);
            case CONTEXT -> {} // Nothing keeps what front ends know yet; its number is covered.
            default ->
                changes.control(ControlChange.entry(
                        entry.kind(), entry.seq(), entry.offset(), entry.length(), entry.payload()));
        }
    }

    private void cover(long entry, long seq, int changeEpoch) {
        Checks.that(seq == visible + 1, "changes become visible in order", seq, visible);
        changes.open().covers(entry, seq, changeEpoch);
        visible = seq;
    }

    /** How much of a range lies inside the shard now: it may have shrunk since the change was admitted. */
    private long inside(long offset, long lengthBytes) {
        return Math.max(0, Math.min(lengthBytes, changes.meta().sizeBytes() - offset));
    }

    /** How many blocks a change may make dirty at most, or 0 if it makes none but zeroes. */
    private static long blocks(EntryKind kind, long lengthBytes) {
        return kind == EntryKind.WRITE ? lengthBytes / Entry.SLOT_BYTES + 2 : 0;
    }

    private static int flags(Request request) {
        return (request.forceUnitAccess ? Entry.FUA : 0) | (request.keepAllocated ? Entry.KEEP_ALLOCATED : 0);
    }
}
