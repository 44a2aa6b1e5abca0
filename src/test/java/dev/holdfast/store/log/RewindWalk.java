package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.array.ArrayOutcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/**
 * Mirrored shards on lanes with memory logs and a ring, walked at random: changes are held, opened, taken back, logged
 * and covered by roots. Beside it stands the plain list of everything that was ever put into each memory log; what a
 * start must find is that list up to some entry, read in order.
 */
final class RewindWalk {
    private static final int SHARDS = 4;

    /** What was put into a memory log: a change, or a rewind to {@code seq}. */
    private record Step(long entry, int shard, long seq, boolean rewind, Change change) {}

    private final Random random;
    private final int laneCount;
    private final LogArray array;
    private final TestLoop loop = new TestLoop();
    private final List<MemoryLog> logs = new ArrayList<>();
    private final List<ByteBuffer> regions = new ArrayList<>();
    private final RingWriter writer;
    private final List<List<Step>> steps = new ArrayList<>();
    private final long[] logged;
    private final long[] released;
    private final List<RingStart> recordStarts = new ArrayList<>();
    private final List<long[]> recordEnds = new ArrayList<>();
    private final long[] held = new long[SHARDS];
    private final long[] visible = new long[SHARDS];
    private final long[] applied = new long[SHARDS];
    private final int[] epochs = new int[SHARDS];
    private RingStart start = RingBed.START;
    private long cp = 50;
    int rewinds;
    int rootsWithALaneLeft;

    RewindWalk(long seed) {
        random = new Random(seed);
        laneCount = 1 + random.nextInt(2);
        array = new LogArray(300 * 4096, 1);
        List<LogView> views = new ArrayList<>();
        for (int lane = 0; lane < laneCount; lane++) {
            regions.add(MemoryLogTest.region(200));
            logs.add(MemoryLog.label(regions.get(lane), MemoryLogTest.IDENTITY, lane, laneCount));
            views.add(logs.get(lane).view());
            steps.add(new ArrayList<>());
        }
        logged = new long[laneCount];
        released = new long[laneCount];
        writer = new RingWriter(views, start, cp, array.logBytes());
    }

    void walk(int count) {
        for (int i = 0; i < count; i++) {
            int shard = random.nextInt(SHARDS);
            switch (random.nextInt(12)) {
                case 0, 1 -> visible[shard] += random.nextLong(held[shard] - visible[shard] + 1);
                case 2 -> rewind(shard);
                case 3, 4 -> log();
                case 5 -> {
                    if (random.nextInt(3) == 0) {
                        root();
                    }
                }
                default -> hold(shard);
            }
            if (i % 7 == 0) {
                check(i);
            }
        }
    }

    private int laneOf(int shard) {
        return shard % laneCount;
    }

    private void hold(int shard) {
        long end = logs.get(laneOf(shard)).published();
        Change change = Change.append(logs.get(laneOf(shard)), random, shard, held[shard] + 1, 5 * 4096);
        if (change == null) {
            root();
        } else {
            assertEquals(end + 1, logs.get(laneOf(shard)).published());
            held[shard]++;
            steps.get(laneOf(shard)).add(new Step(end, shard, held[shard], false, change));
        }
    }

    private void rewind(int shard) {
        MemoryLog log = logs.get(laneOf(shard));
        if (held[shard] == visible[shard] || !log.room(0, 0)) {
            return;
        }
        long toSeq = visible[shard] + random.nextLong(held[shard] - visible[shard]);
        long entry = log.appendRewind(shard, ++epochs[shard], toSeq);
        held[shard] = toSeq;
        steps.get(laneOf(shard)).add(new Step(entry, shard, toSeq, true, null));
        rewinds++;
    }

    /** A record of some of what no record and no root has. */
    private void log() {
        long[] to = new long[laneCount];
        for (int lane = 0; lane < laneCount; lane++) {
            long published = logs.get(lane).published();
            to[lane] = random.nextInt(3) == 0
                    ? logged[lane]
                    : logged[lane] + random.nextLong(published - logged[lane] + 1);
        }
        if (Arrays.equals(to, logged) || !writer.build(logged, to)) {
            return;
        }
        recordStarts.add(writer.next());
        array.writeLog(
                writer.offset(),
                writer.parts(),
                writer.partCount(),
                loop,
                (token, outcome) -> assertEquals(ArrayOutcome.OK, outcome),
                0);
        loop.run();
        for (int lane = 0; lane < laneCount; lane++) {
            logged[lane] = writer.takenTo(lane);
        }
        recordEnds.add(logged.clone());
        writer.written();
    }

    /** A root that covers of each shard some of what is visible, as {@code GroupCommit} and the lanes would make it. */
    private void root() {
        for (int shard = 0; shard < SHARDS; shard++) {
            applied[shard] = random.nextInt(3) == 0 ? visible[shard] : applied[shard];
        }
        for (int lane = 0; lane < laneCount; lane++) {
            released[lane] = firstUncovered(lane);
            logged[lane] = Math.max(logged[lane], released[lane]);
        }
        while (!recordEnds.isEmpty() && isCovered(recordEnds.getFirst())) {
            recordEnds.removeFirst();
            recordStarts.removeFirst();
        }
        start = recordStarts.isEmpty() ? writer.next() : recordStarts.getFirst();
        rootsWithALaneLeft += recordStarts.isEmpty() ? 0 : 1;
        writer.trim(start.position(), ++cp);
        for (int lane = 0; lane < laneCount; lane++) {
            logs.get(lane).release(released[lane]);
        }
    }

    private boolean isCovered(long[] ends) {
        for (int lane = 0; lane < laneCount; lane++) {
            if (ends[lane] > released[lane]) {
                return false;
            }
        }
        return true;
    }

    private long firstUncovered(int lane) {
        List<Step> all = steps.get(lane);
        TreeMap<Integer, List<Step>> found = read(lane, all.size());
        for (int entry = 0; entry < all.size(); entry++) {
            Step step = all.get(entry);
            if (!step.rewind
                    && step.seq > applied[step.shard]
                    && found.get(step.shard).contains(step)) {
                return entry;
            }
        }
        return all.size();
    }

    /** The model: what the shards of a lane are after its first {@code end} entries. */
    private TreeMap<Integer, List<Step>> read(int lane, long end) {
        TreeMap<Integer, List<Step>> shards = new TreeMap<>();
        for (Step step : steps.get(lane).subList(0, (int) end)) {
            List<Step> run = shards.computeIfAbsent(step.shard, id -> new ArrayList<>());
            if (step.rewind) {
                run.subList((int) step.seq, run.size()).clear();
            } else {
                assertEquals(run.size() + 1, step.seq, "the walk itself leaves no gap");
                run.add(step);
            }
        }
        return shards;
    }

    /**
     * After a power cut a rewind that was not logged is forgotten, unless a root has let go of what it took back: of
     * that the first goes first.
     */
    private void takeBackWhatWasLetGo(int lane, TreeMap<Integer, List<Step>> shards) {
        List<Step> all = steps.get(lane);
        for (Step step : all.subList((int) logged[lane], all.size())) {
            List<Step> run = shards.getOrDefault(step.shard, List.of());
            if (step.rewind && run.size() > step.seq && run.get((int) step.seq).entry < released[lane]) {
                run.subList((int) step.seq, run.size()).clear();
            }
        }
    }

    private TreeMap<Integer, List<Change>> expected(long[] end) {
        TreeMap<Integer, List<Change>> expected = new TreeMap<>();
        for (int lane = 0; lane < laneCount; lane++) {
            TreeMap<Integer, List<Step>> shards = read(lane, end[lane]);
            takeBackWhatWasLetGo(lane, shards);
            shards.forEach((shard, run) -> {
                List<Change> changes = run.stream()
                        .filter(step -> step.seq > applied[shard])
                        .map(Step::change)
                        .toList();
                if (!changes.isEmpty()) {
                    expected.put(shard, changes);
                }
            });
        }
        return expected;
    }

    private void check(int at) {
        List<MemoryScan> memories = regions.stream().map(MemoryLogTest::trusted).toList();
        long[] published = logs.stream().mapToLong(MemoryLog::published).toArray();
        assertEquals(expected(published), found(memories, true), "the process died after step " + at);
        assertEquals(expected(logged), found(List.of(), false), "power cut after step " + at);
    }

    private TreeMap<Integer, List<Change>> found(List<MemoryScan> memories, boolean isWhole) {
        AppliedSeq covered = new AppliedSeq() {
            @Override
            public long of(int shard) {
                return applied[shard];
            }

            @Override
            public long firstEntry(int shard) {
                return released[laneOf(shard)];
            }
        };
        List<String> cuts = new ArrayList<>();
        RingFound ring = RingBed.scan(array, start, memories, covered).found();
        List<Change> changes = RingBed.replay(array, ring, memories, covered, cuts);
        assertEquals(List.of(), isWhole ? cuts : List.of());
        return ReplaySetTest.byShard(changes);
    }
}
