package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ring and trusted memory together give every shard's changes once, in order and without a gap (L5). */
final class ReplaySetTest {
    private final List<String> cuts = new ArrayList<>();

    static TreeMap<Integer, List<Change>> byShard(List<Change> changes) {
        TreeMap<Integer, List<Change>> shards = new TreeMap<>();
        changes.forEach(change ->
                shards.computeIfAbsent(change.shard(), id -> new ArrayList<>()).add(change));
        return shards;
    }

    private static List<Change> allHeld(RingBed bed) {
        return bed.held.stream().flatMap(List::stream).toList();
    }

    private List<Change> replay(RingBed bed, List<MemoryScan> memories) {
        cuts.clear();
        return bed.replay(bed.array, bed.scan(bed.array, memories).found(), memories, cuts);
    }

    /** Roots, records and appends at random; then the process dies: nothing held is missing, whatever the ring has. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void afterTheProcessDiedEverythingHeldIsReplayed(long seed) {
        Random random = new Random(seed);
        RingBed bed = new RingBed(1 + random.nextInt(3), 300, 300, 1);
        long cp = 50;
        for (int step = 0; step < 300; step++) {
            boolean room = bed.append(random);
            boolean wrote = random.nextInt(5) > 0 || bed.log();
            if (!room || !wrote || random.nextInt(60) == 0) {
                bed.root(++cp);
            }
            if (step % 10 == 0) {
                List<MemoryScan> memories = bed.memories();
                assertEquals(byShard(allHeld(bed)), byShard(replay(bed, memories)), "step " + step);
                assertEquals(bed.logged(), replay(bed, List.of()), "after a power cut, step " + step);
                assertEquals(List.of(), cuts);
            }
        }
        assertTrue(bed.seqs.size() >= 3, "several shards");
    }

    /** A small fixed scene: 1 creates shard 3, 2..6 write a block each; 1..4 are logged in two records. */
    private static RingBed scene() {
        return scene(1);
    }

    private static RingBed scene(int copies) {
        RingBed bed = new RingBed(1, 64, 64, copies);
        for (int seq = 1; seq <= 6; seq++) {
            ByteBuffer payload = ByteBuffer.allocate(4096);
            for (int i = 0; i < 4096; i += 4) {
                payload.putInt(i, seq * 1000003 + i);
            }
            EntryKind kind = seq == 1 ? EntryKind.CREATE_SHARD : EntryKind.WRITE;
            bed.lanes.get(0).append(kind, 0, 3, 1, seq, seq * 4096L, 4096, payload);
            bed.held.get(0).add(new Change(kind, 0, 3, seq, seq * 4096L, 4096, Change.checksum(payload), false));
            bed.seqs.put(3, (long) seq);
            if (seq == 2 || seq == 4) {
                bed.log();
            }
        }
        return bed;
    }

    private List<Long> seqs(RingBed bed, List<MemoryScan> memories, AppliedSeq applied) {
        cuts.clear();
        RingVerdict verdict = RingBed.scan(bed.array, bed.start, memories, applied);
        return RingBed.replay(bed.array, verdict.found(), memories, applied, cuts).stream()
                .map(Change::seq)
                .toList();
    }

    @Test
    void whatTheRootCoversIsSkipped() {
        RingBed bed = scene();
        assertEquals(List.of(4L, 5L, 6L), seqs(bed, bed.memories(), shard -> 3));
        assertEquals(List.of(6L), seqs(bed, bed.memories(), shard -> 5));
        assertEquals(List.of(), seqs(bed, bed.memories(), shard -> 6));
        assertEquals(List.of(), seqs(bed, bed.memories(), shard -> Long.MAX_VALUE), "a deleted shard");
        assertEquals(List.of(), cuts);
        assertEquals(List.of(3L, 4L), seqs(bed, List.of(), shard -> 2));
    }

    @Test
    void aShardWithoutItsCreationIsNotInvented() {
        RingBed bed = new RingBed(1, 64, 64, 1);
        bed.lanes.get(0).append(EntryKind.WRITE, 0, 3, 1, 1, 0, 4096, ByteBuffer.allocate(4096));
        assertEquals(List.of(), seqs(bed, bed.memories(), shard -> 0));
        assertEquals(List.of("shard 3: change 1 is missing, so later ones up to 1 are not used"), cuts);
    }

    @Test
    void aPayloadThatRottedInTheRingComesFromMemory() {
        RingBed bed = scene();
        bed.array.members[0][4096 + 4096 + 50] ^= 1; // seq 2 in the first record, seq 1 comes before it
        bed.array.members[0][3 * 4096 + 4096 + 50] ^= 1; // seq 3 in the second
        assertEquals(allHeld(bed), replay(bed, bed.memories()));
        List<Change> alone = replay(bed, List.of());
        assertEquals(List.of(allHeld(bed).get(0), allHeld(bed).get(1).unreadable()), alone.subList(0, 2));
        assertEquals(2, alone.size(), "the second record is torn at its first entry");
    }

    /** A commit nobody was told of: one copy has all of the last record, the other nothing of it. */
    @Test
    void theLastRecordIsWhatTheScanReadOfItThoughItsOnlyCopyIsLostSince() {
        for (int page = 0; page < 3; page++) {
            for (boolean rots : new boolean[] {true, false}) {
                RingBed bed = scene(2);
                int last = bed.offsets.get(1).intValue();
                Arrays.fill(bed.array.members[1], last, last + bed.lengths.get(1), (byte) 0);
                RingVerdict verdict = bed.scan(bed.array);
                assertFalse(verdict.found().lastTorn(), "one copy has it");
                bed.array.members[0][last + page * 4096 + 100] ^= (byte) (rots ? 1 : 0);
                if (!rots) {
                    bed.array.fail(0, last + page * 4096);
                }
                assertEquals(bed.logged(), bed.replay(bed.array, verdict.found(), List.of(), cuts), "page " + page);
            }
        }
    }

    @Test
    void whatTheScanCouldReadIsNotGivenUpForGood() {
        RingBed bed = scene(1);
        RingFound found = bed.scan(bed.array).found();
        bed.array.members[0][4096 + 4096 + 50] ^= 1; // seq 2 in the first record
        AssertionError failed = assertThrows(AssertionError.class, () -> bed.replay(bed.array, found, List.of(), cuts));
        assertEquals("the ring changed between scan and replay", failed.getMessage());
        assertEquals(1, bed.scan(bed.array).found().lost().count(), "the next start finds it lost, and goes on");
    }

    @Test
    void memoryFillsAHoleInTheRing() {
        RingBed bed = scene();
        bed.array.members[0][0] ^= 1;
        List<MemoryScan> memories = bed.memories();
        RingVerdict verdict = bed.scan(bed.array, memories);
        assertTrue(verdict instanceof RingVerdict.Damaged, verdict.message());
        assertEquals(allHeld(bed), bed.replay(bed.array, verdict.found(), memories, cuts));
        assertEquals(List.of(), bed.replay(bed.array, verdict.found(), List.of(), cuts));
    }

    @Test
    void nothingIsUsedBehindAMissingEntryOfMemory() {
        RingBed bed = scene();
        bed.regions.get(0).put(4096 + 4 * 64 + 33, (byte) 0x55); // entry 4 is seq 5
        assertEquals(List.of(1L, 2L, 3L, 4L), seqs(bed, bed.memories(), shard -> 0));
        assertEquals(List.of("memory of lane 0: entry 4 is not complete, so 1 later entries are not used"), cuts);
    }

    @Test
    void nothingIsUsedBehindADamagedPayloadOfMemory() {
        RingBed bed = scene();
        MemoryScan scan = bed.memories().get(0);
        scan.slotBytes().put(scan.payloadAt(4) + 7, (byte) 0x55);
        assertEquals(List.of(1L, 2L, 3L, 4L), seqs(bed, bed.memories(), shard -> 0));
        scan.slotBytes().put(scan.payloadAt(0) + 7, (byte) 0x55); // logged: the ring has it
        scan.slotBytes().put(scan.payloadAt(4), ByteBuffer.allocate(4096).array());
        assertEquals(List.of(1L, 2L, 3L, 4L), seqs(bed, bed.memories(), shard -> 0));
    }

    @Test
    void whatIsBrokenBeforeTheFirstUncoveredEntryDoesNotMatter() {
        RingBed bed = scene();
        bed.regions.get(0).put(4096 + 64 + 33, (byte) 0x55); // entry 1, seq 2
        assertEquals(List.of(4L, 5L, 6L), seqs(bed, bed.memories(), shard -> 3));
        assertEquals(List.of(), cuts);
    }

    @Test
    void aGapInAShardEndsItAndIsSaid() {
        RingBed bed = scene();
        bed.lanes.get(0).append(EntryKind.TRIM, 0, 3, 1, 8, 0, 4096, MemoryLog.noPayload());
        bed.lanes.get(0).append(EntryKind.CREATE_SHARD, 0, 4, 1, 1, 0, 4096, MemoryLog.noPayload());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 1L), seqs(bed, bed.memories(), shard -> 0));
        assertEquals(List.of("shard 3: change 7 is missing, so later ones up to 8 are not used"), cuts);
    }

    /** The ring has what was taken back, and not that it was; only memory has that, and what came instead. */
    @Test
    void whatWasTakenBackIsNotUsedThoughOnlyTheRingHasIt() {
        RingBed bed = scene();
        MemoryLog log = bed.lanes.get(0);
        log.appendRewind(3, 2, 2);
        for (int seq = 3; seq <= 4; seq++) {
            log.append(EntryKind.TRIM, 0, 3, 2, seq, seq * 4096L, 8192, MemoryLog.noPayload());
        }
        List<Change> found = replay(bed, bed.memories());
        assertEquals(List.of(1L, 2L, 3L, 4L), found.stream().map(Change::seq).toList());
        assertEquals(
                List.of(EntryKind.TRIM, EntryKind.TRIM),
                found.subList(2, 4).stream().map(Change::kind).toList());
        assertEquals(List.of(), cuts);
        assertEquals(bed.logged(), replay(bed, List.of()), "after a power cut it was not taken back");
    }

    @Test
    void aRewindTakesBackOnlyWhatStandsBeforeItAndIsAfterItsNumber() {
        RingBed bed = scene();
        MemoryLog log = bed.lanes.get(0);
        log.appendRewind(7, 2, 0); // another shard's
        log.appendRewind(3, 2, 5);
        log.append(EntryKind.TRIM, 0, 3, 2, 6, 0, 4096, MemoryLog.noPayload());
        log.appendRewind(3, 3, 6); // nothing to take back
        log.append(EntryKind.TRIM, 0, 3, 3, 7, 0, 4096, MemoryLog.noPayload());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L), seqs(bed, bed.memories(), shard -> 0));
        assertEquals(List.of(), cuts);
    }

    @Test
    void whatARootLetGoDoesNotCountThoughItsNumberIsGreater() {
        RingBed bed = scene();
        AppliedSeq covered = new AppliedSeq() {
            @Override
            public long of(int shard) {
                return 2;
            }

            @Override
            public long firstEntry(int shard) {
                return 5; // entry 5 is seq 6: what were 3, 4 and 5 had been taken back when the root was made
            }
        };
        assertEquals(List.of(), seqs(bed, bed.memories(), covered));
        assertEquals(List.of(), seqs(bed, List.of(), covered));
    }
}
