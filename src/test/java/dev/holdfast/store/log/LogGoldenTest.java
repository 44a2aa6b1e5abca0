package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The stored bytes of version 1, as they were when it was fixed: written today they are the same, and the old ones are
 * read today. The files show rows of 16 bytes; rows of zeroes are left out.
 */
final class LogGoldenTest {
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    private static final RingStart START = new RingStart(0x1111, 0x2222, 7, 5 * 4096, 3);
    private RingBed bed;

    /** A shard is created, written to across a block's edge with FUA, trimmed, and marked; logged in one record. */
    @BeforeEach
    void writeTheScene() {
        bed = new RingBed(1, 10, 32, 1, START);
        MemoryLog log = bed.lanes.get(0);
        ByteBuffer name = ByteBuffer.wrap("a name".getBytes(StandardCharsets.UTF_8));
        log.append(EntryKind.CREATE_SHARD, 0, 5, 2, 1, 0, 1 << 30, name);
        ByteBuffer bytes = ByteBuffer.allocate(24);
        for (int i = 0; i < 24; i++) {
            bytes.put(i, (byte) (i + 1));
        }
        log.append(EntryKind.WRITE, Entry.FUA, 5, 2, 2, 0x123456789000L - 8, 24, bytes);
        log.append(EntryKind.TRIM, 0, 5, 3, 3, 0x10000, 0x20000, MemoryLog.noPayload());
        log.append(EntryKind.ZEROES, Entry.KEEP_ALLOCATED, 5, 3, 4, 0x10000, 0x1000, MemoryLog.noPayload());
        log.append(EntryKind.SNAPSHOT, 0, 5, 3, 5, 77, 0, ByteBuffer.wrap(new byte[] {'s'}));
        long[] to = {log.published()};
        assertEquals(true, bed.writer.build(new long[1], to));
        bed.array.writeLog(
                bed.writer.offset(), bed.writer.parts(), bed.writer.partCount(), bed.loop, (token, outcome) -> {}, 0);
    }

    private static String show(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 16) {
            String row = HEX.formatHex(bytes, at, at + 16);
            if (!row.equals("00" + " 00".repeat(15))) {
                text.append(String.format("%06x  %s\n", at, row));
            }
        }
        return text.toString();
    }

    private static String stored(String file) throws IOException {
        try (InputStream in = LogGoldenTest.class.getResourceAsStream("/golden/log/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] read(String file, int length) throws IOException {
        byte[] bytes = new byte[length];
        for (String line : stored(file).lines().toList()) {
            byte[] row = HEX.parseHex(line.substring(8));
            System.arraycopy(row, 0, bytes, Integer.parseInt(line.substring(0, 6), 16), row.length);
        }
        return bytes;
    }

    private byte[] region() {
        byte[] bytes = new byte[bed.regions.get(0).capacity()];
        bed.regions.get(0).get(0, bytes);
        return bytes;
    }

    @Test
    void memoryLogsAreWrittenAsEver() throws IOException {
        assertEquals(stored("memory-v1.hex"), show(region()));
    }

    @Test
    void recordsAreWrittenAsEver() throws IOException {
        assertEquals(stored("ring-v1.hex"), show(bed.array.members[0]));
    }

    @Test
    void oldBytesAreRead() throws IOException {
        ByteBuffer region = MemoryLogTest.region(10).put(0, read("memory-v1.hex", 40960));
        LogArray array = LogArray.of(read("ring-v1.hex", 131072));
        List<MemoryScan> memories = List.of(MemoryLogTest.trusted(region));
        RingVerdict verdict = RingBed.scan(array, START, List.of(), shard -> 0);
        assertEquals("1 log records with 5 changes", verdict.message());
        List<Change> ring = RingBed.replay(array, verdict.found(), List.of(), shard -> 0, new ArrayList<>());
        RingFound nothing = RingFound.nothing(START);
        assertEquals(ring, RingBed.replay(array, nothing, memories, shard -> 0, new ArrayList<>()));
        assertEquals(
                List.of(EntryKind.CREATE_SHARD, EntryKind.WRITE, EntryKind.TRIM, EntryKind.ZEROES, EntryKind.SNAPSHOT),
                ring.stream().map(Change::kind).toList());
        assertEquals(0x123456789000L - 8, ring.get(1).offset());
        assertEquals(77, ring.get(4).offset());
    }

    /** A change is taken back, and another takes its number. */
    @Test
    void rewindsAreWrittenAndReadAsEver() throws IOException {
        ByteBuffer written = MemoryLogTest.region(10);
        MemoryLog log = MemoryLog.label(written, MemoryLogTest.IDENTITY, 0, 1);
        log.append(EntryKind.CREATE_SHARD, 0, 5, 2, 1, 0, 1 << 30, MemoryLog.noPayload());
        log.append(EntryKind.TRIM, 0, 5, 3, 2, 0x10000, 0x20000, MemoryLog.noPayload());
        log.appendRewind(5, 4, 1);
        log.append(EntryKind.TRIM, 0, 5, 4, 2, 0x30000, 0x1000, MemoryLog.noPayload());
        byte[] bytes = new byte[written.capacity()];
        written.get(0, bytes);
        assertEquals(stored("rewind-v1.hex"), show(bytes));
        ByteBuffer region = MemoryLogTest.region(10).put(0, read("rewind-v1.hex", 40960));
        RingFound nothing = RingFound.nothing(START);
        List<MemoryScan> memories = List.of(MemoryLogTest.trusted(region));
        List<Change> found = RingBed.replay(bed.array, nothing, memories, shard -> 0, new ArrayList<>());
        assertEquals(List.of(0L, 0x30000L), found.stream().map(Change::offset).toList());
    }
}
