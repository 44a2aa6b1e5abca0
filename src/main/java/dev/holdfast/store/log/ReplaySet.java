package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Everything that is to be applied again after a root, in an order in which it can be: of each shard by seq and without
 * a gap, first what the ring has, then what trusted memory has beyond (L5). It applies nothing itself.
 *
 * <ul>
 *   <li><b>I1</b> The entries of a shard are root's applied seq + 1, + 2, ... without a gap; the first of a shard that
 *       the root does not know creates it.
 *   <li><b>I2</b> Of a memory log nothing is used behind an entry that is not complete, counted from the first that the
 *       root does not cover.
 *   <li><b>I4</b> Nothing that a rewind took back is used, whichever of the two sources has it or the rewind, and no
 *       entry that the root says does not count.
 *   <li><b>I3</b> A payload that is handed out has its checksum; the one exception says that it is unreadable.
 * </ul>
 *
 * <p>Use: call {@link #next} until END; after WAIT call it again when {@code ready} has run.
 */
public final class ReplaySet {
    /** What {@link #next} came to. */
    public enum Step {
        /** {@link #entry} is the next change. */
        ENTRY,
        /** Records are being read; {@code ready} will run. */
        WAIT,
        /** There is nothing more. */
        END,
        /** The ring could not be read again as the scan had found it. */
        FAILED
    }

    private final RingFound ring;
    private final List<MemoryScan> memories;
    private final AppliedSeq applied;
    private final RingWalk walk;
    private final ReplayEntry entry = new ReplayEntry();
    private final TreeMap<Integer, Run> runs = new TreeMap<>();
    private final Rewinds rewinds = new Rewinds();
    private final List<String> cuts = new ArrayList<>();
    private boolean inRing = true;
    private boolean ended;
    private long recordsTaken;
    private long unreadable;
    private int recordEntries;
    private int recordIndex;
    private long payloadPosition;
    private int memoryIndex;
    private long memoryEntry;
    private boolean memoryCounts;

    /** How far one shard has come. */
    private static final class Run {
        private final long appliedSeq;
        private long next;
        private long newestSeen;

        Run(long appliedSeq) {
            this.appliedSeq = appliedSeq;
            next = appliedSeq == Long.MAX_VALUE ? appliedSeq : appliedSeq + 1;
            newestSeen = appliedSeq;
        }
    }

    /**
     * A set from its beginning.
     *
     * @param ring what the scan found
     * @param memories trusted memory, in order of lanes; not relabelled before END
     * @param ready runs on {@code loop} when a WAIT is over
     */
    public ReplaySet(
            Array array, RingFound ring, List<MemoryScan> memories, AppliedSeq applied, Loop loop, Runnable ready) {
        this.ring = ring;
        this.memories = List.copyOf(memories);
        this.applied = applied;
        LastRecord known = Mutant.on("log.read-last-again") ? LastRecord.NONE : ring.last();
        walk = new RingWalk(array, ring.start(), known, loop, ready);
        ring.rewinds().forEach(this::noteRewind);
        memories.forEach(memory -> memory.rewinds().forEach(this::noteRewind));
    }

    private void noteRewind(Rewind rewind) {
        if (rewind.entry() >= applied.firstEntry(rewind.shard())) {
            rewinds.add(rewind);
        }
    }

    /** I4: whether the entry is no change to be applied. */
    private boolean isPassedOver(ByteBuffer descriptors, int at) {
        long first = Mutant.on("log.count-released") ? 0 : applied.firstEntry(Entry.shard(descriptors, at));
        return Entry.kind(descriptors, at) == EntryKind.REWIND
                || Entry.number(descriptors, at) < first
                || rewinds.voids(descriptors, at);
    }

    /** Goes one change on. */
    public Step next() {
        Checks.that(!ended, "nothing is asked after the end");
        while (inRing) {
            if (recordIndex == recordEntries) {
                Step step = nextRecord();
                if (step != Step.ENTRY) {
                    ended = step == Step.FAILED;
                    return step;
                }
            } else if (takeFromRing()) {
                return Step.ENTRY;
            } else if (unreadable > ring.lost().count()) {
                ended = true;
                return Step.FAILED;
            }
        }
        while (memoryIndex < memories.size()) {
            if (takeFromMemory(memories.get(memoryIndex))) {
                return Step.ENTRY;
            }
        }
        ended = true;
        runs.forEach(this::noteCut);
        return Step.END;
    }

    /** The change that the last {@link #next} came to. */
    public ReplayEntry entry() {
        return entry;
    }

    /** For people, after END: one line for every shard or memory log whose run ended at a gap before its last entry. */
    public List<String> cuts() {
        return List.copyOf(cuts);
    }

    /** ENTRY: there may be entries now, of the next record or of memory. */
    private Step nextRecord() {
        if (recordsTaken >= ring.records() - (Mutant.on("log.skip-last-record") ? 1 : 0)) {
            endRing();
            return Step.ENTRY;
        }
        return switch (walk.next()) {
            case WAIT -> Step.WAIT;
            case NONE -> Step.FAILED;
            case RECORD -> {
                recordsTaken++;
                recordEntries = walk.entries();
                recordIndex = 0;
                payloadPosition = walk.payloadPosition();
                yield Step.ENTRY;
            }
        };
    }

    private void endRing() {
        Checks.that(inRing, "the ring ends once");
        inRing = false;
        beginMemory(0);
    }

    private boolean takeFromRing() {
        Checks.that(recordIndex < recordEntries && recordsTaken <= ring.records(), "within the scan", recordsTaken);
        int at = walk.descriptorAt(recordIndex);
        long payload = payloadPosition;
        recordIndex++;
        payloadPosition += (long) Entry.slots(walk.area(), at) * Entry.SLOT_BYTES;
        if (isPassedOver(walk.area(), at) || !follows(walk.area(), at)) {
            return false;
        }
        int copy = walk.intactCopy(at, payload);
        if (copy >= 0) {
            int start = walk.at(payload) + Entry.payloadStart(walk.area(), at);
            return take(walk.area(), at, part(walk.windows().bytes(copy), start, Entry.payloadLength(walk.area(), at)));
        }
        return takeElsewhere(walk.area(), at);
    }

    /** No member has the payload; trusted memory may. Else the range is lost, if the commit was complete. */
    private boolean takeElsewhere(ByteBuffer area, int at) {
        for (MemoryScan memory : memories) {
            if (memory.holds(area, at)) {
                return take(area, at, payloadOf(memory, Entry.number(area, at)));
            }
        }
        boolean torn = ring.lastTorn() && recordsTaken == ring.records();
        if (torn || Entry.kind(area, at) != EntryKind.WRITE) {
            Run run = run(Entry.shard(area, at));
            run.newestSeen = torn ? run.next - 1 : run.newestSeen; // Nobody was told of a torn commit: it is no gap.
            endRing();
            return false;
        }
        if (++unreadable > ring.lost().count()) {
            return false; // The scan could read it: another start may be able to again.
        }
        Marks.reached("log.range-unreadable");
        take(area, at, MemoryLog.noPayload());
        entry.set(area, at, MemoryLog.noPayload(), true);
        return true;
    }

    private boolean takeFromMemory(MemoryScan memory) {
        if (memoryEntry == memory.endEntry()) {
            beginMemory(memoryIndex + 1);
            return false;
        }
        long number = memoryEntry++;
        if (!memory.has(number)) {
            return memoryCounts && cutMemory(memory, number);
        }
        int at = memory.at(number);
        if (isPassedOver(memory.descriptors(), at)) {
            return false;
        }
        memoryCounts |= Entry.seq(memory.descriptors(), at) > run(Entry.shard(memory.descriptors(), at)).appliedSeq;
        if (!follows(memory.descriptors(), at)) {
            return false;
        }
        if (!memory.payloadIsIntact(number)) {
            return cutMemory(memory, number);
        }
        return take(memory.descriptors(), at, payloadOf(memory, number));
    }

    private void beginMemory(int index) {
        Checks.that(!inRing && index >= memoryIndex, "memory comes after the ring, in order of lanes", index);
        memoryIndex = index;
        memoryCounts = false;
        memoryEntry = index < memories.size() ? memories.get(index).firstEntry() : 0;
    }

    private boolean cutMemory(MemoryScan memory, long number) {
        Marks.reached("log.memory-cut");
        cuts.add("memory of lane " + memory.lane() + ": entry " + number + " is not complete, so "
                + (memory.endEntry() - number - 1) + " later entries are not used");
        beginMemory(memoryIndex + 1);
        return false;
    }

    /** Whether this is the very next entry of its shard. */
    private boolean follows(ByteBuffer descriptors, int at) {
        Run run = run(Entry.shard(descriptors, at));
        long seq = Entry.seq(descriptors, at);
        run.newestSeen = Math.max(run.newestSeen, seq);
        boolean creates = Entry.kind(descriptors, at) == EntryKind.CREATE_SHARD;
        if (Mutant.on("log.skip-gap-check")) {
            return seq >= run.next;
        }
        return seq == run.next && run.next != Long.MAX_VALUE && (seq == 1) == creates;
    }

    private boolean take(ByteBuffer descriptors, int at, ByteBuffer payload) {
        Run run = run(Entry.shard(descriptors, at));
        long seq = Entry.seq(descriptors, at);
        Checks.that(seq > run.appliedSeq, "nothing that a root covers is applied again", seq, run.appliedSeq);
        Checks.that(seq == run.next || Mutant.on("log.skip-gap-check"), "a shard's entries have no gap", seq, run.next);
        run.next = seq + 1;
        entry.set(descriptors, at, payload, false);
        return true;
    }

    private Run run(int shard) {
        return runs.computeIfAbsent(shard, id -> new Run(applied.of(id)));
    }

    private void noteCut(int shard, Run run) {
        if (run.appliedSeq != Long.MAX_VALUE && run.newestSeen >= run.next) {
            Marks.reached("log.shard-cut");
            cuts.add("shard " + shard + ": change " + run.next + " is missing, so later ones up to " + run.newestSeen
                    + " are not used");
        }
    }

    private static ByteBuffer payloadOf(MemoryScan memory, long entry) {
        int length = Entry.payloadLength(memory.descriptors(), memory.at(entry));
        return part(memory.slotBytes(), memory.payloadAt(entry), length);
    }

    private static ByteBuffer part(ByteBuffer bytes, int at, int length) {
        return bytes.duplicate()
                .order(ByteOrder.LITTLE_ENDIAN)
                .limit(at + length)
                .position(at);
    }
}
