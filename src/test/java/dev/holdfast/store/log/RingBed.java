package dev.holdfast.store.log;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** Lanes with memory logs, a ring on a {@link LogArray}, and what should be found there again. */
final class RingBed {
    static final RingStart START = new RingStart(0x1111, 0x2222, 7, 0, 0);

    final TestLoop loop = new TestLoop();
    final LogArray array;
    final List<MemoryLog> lanes = new ArrayList<>();
    final List<ByteBuffer> regions = new ArrayList<>();
    final RingWriter writer;
    final TreeMap<Integer, Long> seqs = new TreeMap<>();
    /** Every change of a lane that is not released, from {@code released()} on. */
    final List<List<Change>> held = new ArrayList<>();
    /** Below this, per lane, entries are in the ring. */
    final long[] logged;
    /** Records in the ring since the last trim, in order. */
    final List<List<Change>> records = new ArrayList<>();
    /** Where each of them begins in the log region; parallel to {@link #records}. */
    final List<Long> offsets = new ArrayList<>();

    final List<Integer> lengths = new ArrayList<>();
    RingStart start;

    RingBed(int laneCount, int regionPages, int ringPages, int copies) {
        this(laneCount, regionPages, ringPages, copies, START);
    }

    RingBed(int laneCount, int regionPages, int ringPages, int copies, RingStart start) {
        this(laneCount, regionPages, new LogArray(ringPages * 4096, copies), start);
    }

    RingBed(int laneCount, int regionPages, LogArray array, RingStart start) {
        this.array = array;
        this.start = start;
        List<LogView> views = new ArrayList<>();
        for (int lane = 0; lane < laneCount; lane++) {
            regions.add(MemoryLogTest.region(regionPages));
            lanes.add(MemoryLog.label(regions.get(lane), MemoryLogTest.IDENTITY, lane, laneCount));
            views.add(lanes.get(lane).view());
            held.add(new ArrayList<>());
        }
        logged = new long[laneCount];
        writer = new RingWriter(views, start, 40, array.logBytes());
    }

    /** Appends a random change to a random shard; shard s lives in lane s mod lanes. */
    boolean append(Random random) {
        int shard = random.nextInt(3 * lanes.size());
        int lane = shard % lanes.size();
        MemoryLog log = lanes.get(lane);
        int max = Math.min(log.maxPayloadBytes(), RingRecord.maxPayloadBytes(array.logBytes()));
        long seq = seqs.getOrDefault(shard, 0L) + 1;
        Change change = Change.append(log, random, shard, seq, max);
        if (change != null) {
            seqs.put(shard, seq);
            held.get(lane).add(change);
        }
        return change != null;
    }

    /** Builds and writes one record of everything not logged; false when the ring is full or nothing is to be done. */
    boolean log() {
        long[] to = lanes.stream().mapToLong(MemoryLog::published).toArray();
        if (Arrays.equals(logged, to) || !writer.build(logged, to)) {
            return false;
        }
        boolean[] ok = new boolean[1];
        array.writeLog(
                writer.offset(),
                writer.parts(),
                writer.partCount(),
                loop,
                (token, outcome) -> ok[0] = outcome == ArrayOutcome.OK,
                0);
        loop.run();
        Checks.that(ok[0], "written");
        List<Change> record = new ArrayList<>();
        for (int lane = 0; lane < lanes.size(); lane++) {
            long released = lanes.get(lane).released();
            for (long entry = logged[lane]; entry < writer.takenTo(lane); entry++) {
                record.add(held.get(lane).get((int) (entry - released)));
            }
            logged[lane] = writer.takenTo(lane);
        }
        records.add(record);
        offsets.add(writer.offset());
        lengths.add(writer.lengthBytes());
        writer.written();
        return true;
    }

    /** A root: everything appended so far is covered. */
    void root(long cp) {
        for (int lane = 0; lane < lanes.size(); lane++) {
            lanes.get(lane).release(lanes.get(lane).published());
            logged[lane] = lanes.get(lane).published();
            held.get(lane).clear();
        }
        start = writer.next();
        writer.trim(start.position(), cp);
        records.clear();
        offsets.clear();
        lengths.clear();
    }

    /** What the newest root covers: nothing of what was appended since {@link #root}. */
    TreeMap<Integer, Long> applied() {
        TreeMap<Integer, Long> applied = new TreeMap<>(seqs);
        held.forEach(lane -> lane.forEach(change -> applied.merge(change.shard(), change.seq() - 1, Math::min)));
        return applied;
    }

    RingVerdict scan(LogArray from, List<MemoryScan> memories) {
        TreeMap<Integer, Long> applied = applied();
        return scan(from, start, memories, shard -> applied.getOrDefault(shard, 0L));
    }

    RingVerdict scan(LogArray from) {
        return scan(from, List.of());
    }

    static RingVerdict scan(LogArray from, RingStart start, List<MemoryScan> memories, AppliedSeq applied) {
        TestLoop loop = new TestLoop();
        RingVerdict[] verdict = new RingVerdict[1];
        new RingScan(from, start, memories, applied, loop, found -> verdict[0] = found).start();
        loop.run();
        return verdict[0];
    }

    /** Everything that is to be replayed after a verdict. */
    List<Change> replay(LogArray from, RingFound found, List<MemoryScan> memories, List<String> cuts) {
        TreeMap<Integer, Long> applied = applied();
        return replay(from, found, memories, shard -> applied.getOrDefault(shard, 0L), cuts);
    }

    static List<Change> replay(
            LogArray from, RingFound found, List<MemoryScan> memories, AppliedSeq applied, List<String> cuts) {
        TestLoop loop = new TestLoop();
        boolean[] ready = {true};
        ReplaySet set = new ReplaySet(from, found, memories, applied, loop, () -> ready[0] = true);
        List<Change> changes = new ArrayList<>();
        while (true) {
            Checks.that(ready[0], "ready runs after every WAIT");
            switch (set.next()) {
                case ENTRY -> changes.add(Change.of(set.entry()));
                case WAIT -> {
                    ready[0] = false;
                    loop.run();
                }
                case END -> {
                    cuts.addAll(set.cuts());
                    return changes;
                }
                case FAILED -> throw new AssertionError("the ring changed between scan and replay");
            }
        }
    }

    List<Change> logged() {
        return records.stream().flatMap(List::stream).toList();
    }

    /** Memory as the next process finds it. */
    List<MemoryScan> memories() {
        return regions.stream().map(MemoryLogTest::trusted).toList();
    }
}
