package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A ring that was cut, flipped, or cannot be read: what is left is used, what is lost is said (L7). */
final class RingDamageTest {
    private static final int RECORDS = 6;
    private static final int PAGES = 96;
    private final Random random = new Random(20260101);
    private RingBed bed;
    private byte[] before;
    private byte[] after;

    /** Several records behind a root, over the remains of earlier laps; one of them begins a new lap. */
    @BeforeEach
    void fillTheRing() {
        bed = new RingBed(2, 300, PAGES, 1);
        long cp = 41;
        while (bed.writer.next().position() < 3L * PAGES * 4096 - 20 * 4096) {
            bed.append(random);
            if (!bed.log()) {
                bed.root(cp++);
            }
        }
        bed.root(cp);
        before = bed.array.members[0].clone();
        while (bed.records.size() < RECORDS) {
            while (bed.held.get(0).size() + bed.held.get(1).size() < 4 * (bed.records.size() + 1)) {
                bed.append(random);
            }
            assertTrue(bed.log(), "the ring has room");
        }
        after = bed.array.members[0].clone();
        assertTrue(bed.offsets.getLast() < bed.offsets.getFirst(), "a lap ended: " + bed.offsets);
        assertFound(bed.logged(), bed.scan(LogArray.of(after)), LogArray.of(after));
    }

    private void assertFound(List<Change> expected, RingVerdict verdict, LogArray from) {
        List<String> cuts = new ArrayList<>();
        assertEquals(expected, bed.replay(from, verdict.found(), List.of(), cuts), verdict.message());
    }

    private int entriesBefore(int record) {
        return bed.records.subList(0, record).stream().mapToInt(List::size).sum();
    }

    private int offset(int record) {
        return Math.toIntExact(bed.offsets.get(record));
    }

    /** Records before {@code record} as written, of that one only the 512-byte units that {@code units} names. */
    private byte[] torn(int record, IntPredicate units) {
        byte[] image = before.clone();
        for (int i = 0; i < record; i++) {
            System.arraycopy(after, offset(i), image, offset(i), bed.lengths.get(i));
        }
        for (int unit = 0; unit < bed.lengths.get(record) / 512; unit++) {
            if (units.test(unit)) {
                System.arraycopy(after, offset(record) + unit * 512, image, offset(record) + unit * 512, 512);
            }
        }
        return image;
    }

    private void assertPrefix(byte[] image, int record, String what) {
        LogArray array = LogArray.of(image);
        RingVerdict verdict = bed.scan(array);
        assertInstanceOf(RingVerdict.End.class, verdict, what);
        List<String> cuts = new ArrayList<>();
        List<Change> replayed = bed.replay(array, verdict.found(), List.of(), cuts);
        int atLeast = entriesBefore(record);
        int atMost = atLeast + bed.records.get(record).size();
        assertTrue(replayed.size() >= atLeast && replayed.size() <= atMost, what + ": " + replayed.size());
        assertEquals(bed.logged().subList(0, replayed.size()), replayed, what);
        assertEquals(0, verdict.found().lost().count(), what);
    }

    @Test
    void aRingCutAtAny512BytesGivesEverythingBeforeTheCutCommitAndAPrefixOfIt() {
        for (int record = 0; record < RECORDS; record++) {
            for (int cut = 0; cut <= bed.lengths.get(record) / 512; cut++) {
                int end = cut;
                assertPrefix(torn(record, unit -> unit < end), record, "record " + record + " cut at unit " + cut);
            }
        }
    }

    @Test
    void aCommitTornIntoAnyMixtureOf512BytesGivesAPrefix() {
        for (int round = 0; round < 300; round++) {
            int record = random.nextInt(RECORDS);
            boolean[] units = new boolean[bed.lengths.get(record) / 512];
            for (int i = 0; i < units.length; i++) {
                units[i] = random.nextInt(4) > 0;
            }
            units[0] |= random.nextBoolean();
            assertPrefix(torn(record, unit -> units[unit]), record, "round " + round + " record " + record);
        }
    }

    @Test
    void aFlippedByteOfAHeaderIsNeverSkippedOverAndEndsTheLogOnlyAtItsEnd() {
        for (int record = 0; record < RECORDS; record++) {
            int used = RingRecord.HEADER_BYTES + bed.records.get(record).size() * Entry.BYTES;
            for (int at = 0; at < 4096; at += at < used ? 1 : 61) {
                byte[] image = after.clone();
                image[offset(record) + at] ^= (byte) (1 << random.nextInt(8));
                LogArray array = LogArray.of(image);
                RingVerdict verdict = bed.scan(array);
                String what = "record " + record + " byte " + at;
                if (record == RECORDS - 1) {
                    assertInstanceOf(RingVerdict.End.class, verdict, what);
                } else {
                    RingVerdict.Damaged damaged = assertInstanceOf(RingVerdict.Damaged.class, verdict, what);
                    assertEquals(RECORDS - 1 - record, damaged.laterRecords(), what);
                    assertEquals(bed.logged().size() - entriesBefore(record + 1), damaged.laterEntries(), what);
                }
                assertEquals(record, verdict.found().records(), what);
                if (at % 16 == 0) {
                    assertFound(bed.logged().subList(0, entriesBefore(record)), verdict, array);
                }
            }
        }
    }

    @Test
    void aFlippedPayloadByteCostsExactlyItsRange() {
        ByteBuffer ring = ByteBuffer.wrap(after).order(ByteOrder.LITTLE_ENDIAN);
        for (int record = 0; record < RECORDS; record++) {
            int slot = offset(record) + RingRecord.areaBytes(ring, offset(record));
            for (int entry = 0; entry < bed.records.get(record).size(); entry++) {
                int descriptor = offset(record) + RingRecord.HEADER_BYTES + entry * Entry.BYTES;
                int length = Entry.payloadLength(ring, descriptor);
                int start = slot + Entry.payloadStart(ring, descriptor);
                slot += Entry.slots(ring, descriptor) * Entry.SLOT_BYTES;
                for (int sample : length == 0 ? new int[0] : new int[] {0, length / 2, length - 1}) {
                    byte[] image = after.clone();
                    image[start + sample] ^= (byte) (1 << random.nextInt(8));
                    assertPayloadLost(record, entry, LogArray.of(image));
                }
            }
        }
    }

    private void assertPayloadLost(int record, int entry, LogArray array) {
        RingVerdict verdict = bed.scan(array);
        int index = entriesBefore(record) + entry;
        List<Change> expected = new ArrayList<>(bed.logged());
        if (record == RECORDS - 1) {
            assertTrue(assertInstanceOf(RingVerdict.End.class, verdict).found().lastTorn());
            assertFound(expected.subList(0, index), verdict, array);
        } else if (expected.get(index).kind() == EntryKind.WRITE) {
            assertEquals(
                    1,
                    assertInstanceOf(RingVerdict.End.class, verdict)
                            .found()
                            .lost()
                            .count());
            assertEquals(
                    expected.get(index).seq(),
                    verdict.found().lost().listed().get(0).seq());
            expected.set(index, expected.get(index).unreadable());
            assertFound(expected, verdict, array);
        } else {
            assertInstanceOf(RingVerdict.Damaged.class, verdict, "no range to make unreadable");
            assertFound(expected.subList(0, entriesBefore(record)), verdict, array);
        }
    }

    @Test
    void theBytesOfASlotAroundAPayloadDoNotMatter() {
        ByteBuffer ring = ByteBuffer.wrap(after).order(ByteOrder.LITTLE_ENDIAN);
        int found = 0;
        for (int record = 0; record < RECORDS; record++) {
            int slot = offset(record) + RingRecord.areaBytes(ring, offset(record));
            for (int entry = 0; entry < bed.records.get(record).size(); entry++) {
                int descriptor = offset(record) + RingRecord.HEADER_BYTES + entry * Entry.BYTES;
                int end = Entry.payloadStart(ring, descriptor) + Entry.payloadLength(ring, descriptor);
                if (end % 4096 != 0) {
                    after[slot + end] ^= 1;
                    found++;
                }
                slot += Entry.slots(ring, descriptor) * Entry.SLOT_BYTES;
            }
        }
        assertTrue(found > 0);
        assertFound(bed.logged(), bed.scan(LogArray.of(after)), LogArray.of(after));
    }

    @Test
    void twoCopiesHelpEachOtherOutRecordByRecordAndPayloadByPayload() {
        for (int round = 0; round < 100; round++) {
            byte[][] images = {after.clone(), after.clone()};
            for (int record = 0; record < RECORDS; record++) {
                rotEachPartOnce(record, images);
            }
            LogArray array = LogArray.of(images);
            RingVerdict.End end = assertInstanceOf(RingVerdict.End.class, bed.scan(array), "round " + round);
            assertFalse(end.found().lastTorn());
            assertFound(bed.logged(), end, array);
        }
    }

    /** Header and every payload are damaged in one of the images, the other has them. */
    private void rotEachPartOnce(int record, byte[][] images) {
        ByteBuffer ring = ByteBuffer.wrap(after).order(ByteOrder.LITTLE_ENDIAN);
        int areaBytes = RingRecord.areaBytes(ring, offset(record));
        images[random.nextInt(2)][offset(record) + random.nextInt(areaBytes)] ^= 0x40;
        int slot = offset(record) + areaBytes;
        for (int entry = 0; entry < bed.records.get(record).size(); entry++) {
            int slots = Entry.slots(ring, offset(record) + RingRecord.HEADER_BYTES + entry * Entry.BYTES);
            byte[] image = images[random.nextInt(2)];
            for (int i = 0; i < slots; i++) {
                image[slot + i * 4096 + random.nextInt(4096)] ^= 0x40;
            }
            slot += slots * 4096;
        }
    }

    @Test
    void aMemberThatIsGoneOrCannotReadIsReplacedByTheOther() {
        LogArray array = LogArray.of(after, after);
        for (int page = 0; page < PAGES; page += 3) {
            array.fail(page % 2, page * 4096L);
        }
        assertFound(bed.logged(), assertInstanceOf(RingVerdict.End.class, bed.scan(array)), array);
        array.badPages.clear();
        array.gone[0] = true;
        assertFound(bed.logged(), assertInstanceOf(RingVerdict.End.class, bed.scan(array)), array);
    }

    @Test
    void aPlaceThatNobodyCanReadIsNotTakenForTheEnd() {
        for (int record = 0; record < RECORDS; record++) {
            LogArray array = LogArray.of(after);
            array.fail(0, bed.offsets.get(record));
            RingVerdict verdict = bed.scan(array);
            Class<?> expected = record == RECORDS - 1 ? RingVerdict.Unreadable.class : RingVerdict.Damaged.class;
            assertInstanceOf(expected, verdict, "header of record " + record);
            assertFound(bed.logged().subList(0, entriesBefore(record)), verdict, array);
        }
        LogArray payload = LogArray.of(after);
        payload.fail(0, bed.offsets.getLast() + bed.lengths.getLast() - 4096);
        assertInstanceOf(RingVerdict.Unreadable.class, bed.scan(payload), "payload of the last record");
        LogArray next = LogArray.of(after);
        next.fail(0, bed.writer.next().position() % next.logBytes());
        assertInstanceOf(RingVerdict.Unreadable.class, bed.scan(next), "where the next record would be");
        LogArray gone = LogArray.of(after);
        gone.gone[0] = true;
        assertInstanceOf(RingVerdict.Unreadable.class, bed.scan(gone), "everything");
        LogArray elsewhere = LogArray.of(after);
        elsewhere.fail(0, (bed.writer.next().position() + 8192) % elsewhere.logBytes());
        assertFound(bed.logged(), assertInstanceOf(RingVerdict.End.class, bed.scan(elsewhere)), elsewhere);
    }

    @Test
    void anOlderRootFindsTheSameRecordsOrSeesThatTheyWereOverwritten() {
        RingStart old = bed.start;
        for (int cp = 100; cp < 110; cp++) {
            bed.root(cp);
            while (bed.append(random) && bed.log()) {
                assertTrue(bed.writer.freeBytes() >= 0);
            }
        }
        RingVerdict verdict = RingBed.scan(bed.array, old, List.of(), shard -> 0);
        assertInstanceOf(RingVerdict.Damaged.class, verdict, verdict.message());
        assertEquals(0, verdict.found().records());
    }
}
