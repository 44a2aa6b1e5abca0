package dev.holdfast.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogFileTest {
    private static final int HEADER = 16;
    private static final int FRAME = 32;

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("log");
    }

    @Test
    void theBytesAreAsTheTableSays() throws Exception {
        append(List.of("ab"), List.of("cdefghij"));
        assertEquals(
                "48464f52444c4f47" + "00000001" + "a98da581"
                        + "48465243" + "a91cd8ca" + "00000002" + "00000000" + "0000000000000000" + "0000000000000000"
                        + "6162000000000000"
                        + "48465243" + "bd0e91b2" + "00000008" + "00000000" + "0000000000000001" + "0000000000000001"
                        + "636465666768696a",
                HexFormat.of().formatHex(Files.readAllBytes(path)));
    }

    @Test
    void aBatchThatWasBeingWrittenIsCutOffWhereverItTears() throws Exception {
        append(List.of("one"), List.of("two", "three"));
        byte[] whole = Files.readAllBytes(path);
        int batch = HEADER + FRAME + 8;
        for (int length = batch; length < whole.length; length++) {
            Files.write(path, Arrays.copyOf(whole, length));
            int frames = length < batch + FRAME + 8 ? 1 : 2;
            assertEquals(List.of("one", "two", "three").subList(0, frames), records());
            assertEquals(HEADER + frames * (FRAME + 8), Files.size(path));
            append(List.of("next"));
            assertEquals("next", records().getLast());
        }
    }

    @Test
    void anyPartOfABatchThatWasBeingWrittenMayBeMissing() throws Exception {
        append(List.of("one"), List.of("two", "three"));
        byte[] whole = Files.readAllBytes(path);
        Arrays.fill(whole, HEADER + FRAME + 8, HEADER + 2 * (FRAME + 8), (byte) 0);
        Files.write(path, whole);
        assertEquals(List.of("one"), records());
        append(List.of("four"));
        assertEquals(List.of("one", "four"), records());
    }

    @Test
    void aBadByteBeforeDurableRecordsIsRefusedAndNothingIsChanged() throws Exception {
        append(List.of("one"), List.of("two"), List.of("three"));
        byte[] whole = Files.readAllBytes(path);
        for (int at = 0; at < HEADER + 2 * (FRAME + 8); at++) {
            byte[] bad = whole.clone();
            bad[at] ^= 0x10;
            Files.write(path, bad);
            WorldException refused = assertThrows(WorldException.class, this::records, "byte " + at);
            assertTrue(refused.getMessage().contains(path.toString()), refused.getMessage());
            assertArrayEquals(bad, Files.readAllBytes(path));
        }
    }

    @Test
    void garbageBehindTheEndIsCutOff() throws Exception {
        append(List.of("one"));
        long length = Files.size(path);
        byte[] garbage = new byte[3_000_000];
        new java.util.Random(7).nextBytes(garbage);
        byte[] whole = Files.readAllBytes(path);
        byte[] longer = Arrays.copyOf(whole, whole.length + garbage.length);
        System.arraycopy(garbage, 0, longer, whole.length, garbage.length);
        Files.write(path, longer);
        assertEquals(List.of("one"), records());
        assertEquals(length, Files.size(path));
    }

    @Test
    void aLogLongerThanItsWindowIsReadWhole() throws Exception {
        List<String> many = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            many.add(("record " + i + " ").repeat(i * 2));
        }
        append(many.subList(0, 100), many.subList(100, 300));
        assertEquals(many, records());
    }

    @Test
    void aFileOfSomebodyElseIsRefused() throws Exception {
        Files.writeString(path, "hello");
        assertThrows(WorldException.class, this::records);
        Files.writeString(path, "hello, this is no ordered log at all");
        assertThrows(WorldException.class, this::records);
        Files.write(path, new byte[0]);
        assertThrows(WorldException.class, this::records);
        assertEquals(0, Files.size(path));
    }

    @SafeVarargs
    private void append(List<String>... batches) throws IOException, WorldException {
        try (LogFile file = LogFile.open(path)) {
            for (List<String> batch : batches) {
                file.append(batch.stream().map(record -> record.getBytes(UTF_8)).toList());
            }
        }
    }

    private List<String> records() throws IOException, WorldException {
        List<String> records = new ArrayList<>();
        try (LogFile file = LogFile.open(path)) {
            file.visit(file.count(), (index, bytes) -> {
                assertEquals(records.size(), index);
                records.add(UTF_8.decode(bytes).toString());
                return true;
            });
        }
        return records;
    }
}
