package dev.holdfast.store.twin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Seeds;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is sent is read again; the bytes are those of the table; no bytes do harm. */
final class TwinFramesTest {
    private static final RootIdentity ONE = new RootIdentity(0x11, 0x22, 0x33);
    private static final RootIdentity OTHER = new RootIdentity(0x44, 0x55, 0x66);

    private static final List<TwinFrame> ALL = List.of(
            new TwinFrame.Hello(new Id128(1, 2), 3, 4, 5),
            new TwinFrame.State(ONE, OTHER),
            new TwinFrame.State(ONE, RootIdentity.NONE),
            new TwinFrame.State(RootIdentity.NONE, RootIdentity.NONE),
            new TwinFrame.Withdraw(ONE),
            new TwinFrame.Withdraw(RootIdentity.NONE),
            new TwinFrame.Begin(7),
            new TwinFrame.Flush(8),
            new TwinFrame.Flushed(9),
            new TwinFrame.Rooted(OTHER),
            new TwinFrame.Refused(TwinFrames.OLDER_REIGN),
            new TwinFrame.Ping(),
            new TwinFrame.Pong(),
            new TwinFrame.Wanted(),
            new TwinFrame.Grant(6, ONE),
            new TwinFrame.Promoted(7),
            new TwinFrame.Logged(4096));

    @Test
    void whatIsSentIsRead() {
        Recorder recorder = new Recorder();
        ALL.forEach(frame -> TwinFrames.send(recorder, frame));
        ByteBuffer in = recorder.sent();
        for (TwinFrame frame : ALL) {
            assertEquals(Optional.of(frame), TwinFrames.read(in));
        }
        assertEquals(Optional.empty(), TwinFrames.read(in));
    }

    @Test
    void bytesAreGolden() {
        golden(
                new TwinFrame.State(ONE, OTHER),
                "0000003802000000" + "0000000000000003"
                        + "000000000000001100000000000000220000003300000000"
                        + "000000000000004400000000000000550000006600000000");
        golden(
                new TwinFrame.Hello(new Id128(1, 2), 3, 4, 5),
                "0000003001000000" + "48465457494e3031" + "00000000000000010000000000000002"
                        + "000000000000000300000000000000040000000000000005");
        golden(new TwinFrame.Flush(8), "0000000806000000" + "0000000000000008");
        golden(
                new TwinFrame.Grant(6, ONE),
                "000000200e000000" + "0000000000000006" + "000000000000001100000000000000220000003300000000");
        golden(new TwinFrame.Promoted(7), "000000080f000000" + "0000000000000007");
        golden(new TwinFrame.Logged(0x1234), "0000000811000000" + "0000000000001234");
        golden(new TwinFrame.Ping(), "000000000b000000");
    }

    private static void golden(TwinFrame frame, String hex) {
        Recorder recorder = new Recorder();
        TwinFrames.send(recorder, frame);
        ByteBuffer in = recorder.sent();
        byte[] bytes = new byte[in.remaining()];
        in.get(bytes);
        assertEquals(hex, HexFormat.of().formatHex(bytes));
    }

    @Test
    void blocksGoOutInMessagesOfAtMostSixtyFour() {
        Random random = new Random(1);
        byte[] bytes = new byte[130 * TwinFrames.BLOCK_BYTES];
        random.nextBytes(bytes);
        Recorder recorder = new Recorder();
        TwinFrames.blocks(recorder, 1000, ByteBuffer.wrap(bytes), new Crc32c());
        ByteBuffer in = recorder.sent();
        long next = 1000;
        while (in.hasRemaining()) {
            TwinFrame.Blocks blocks =
                    assertInstanceOf(TwinFrame.Blocks.class, TwinFrames.read(in).orElseThrow());
            assertEquals(next, blocks.address());
            for (int i = 0; i < blocks.count(); i++) {
                byte[] block = new byte[TwinFrames.BLOCK_BYTES];
                in.get(blocks.bytesAt() + i * TwinFrames.BLOCK_BYTES, block);
                int from = (int) (next - 1000 + i) * TwinFrames.BLOCK_BYTES;
                assertArrayEquals(Arrays.copyOfRange(bytes, from, from + block.length), block);
                int sum = new Crc32c().ofBlock(ByteBuffer.wrap(block), 0);
                assertEquals(sum, in.getInt(blocks.sumsAt() + 4 * i), "with its checksum");
            }
            next += blocks.count();
        }
        assertEquals(1130, next);
    }

    @Test
    void theLogGoesOutAsItLiesInItsParts() {
        Random random = new Random(2);
        byte[] bytes = new byte[131 * TwinFrames.BLOCK_BYTES];
        random.nextBytes(bytes);
        ByteBuffer all = ByteBuffer.wrap(bytes);
        ByteBuffer[] parts = {part(all, 0, 1), part(all, 1, 70), part(all, 71, 3), part(all, 74, 57), all};
        Recorder recorder = new Recorder();
        TwinFrames.log(recorder, 8192, parts, 4, new Crc32c());
        ByteBuffer in = recorder.sent();
        long next = 8192;
        while (in.hasRemaining()) {
            TwinFrame.Log log =
                    assertInstanceOf(TwinFrame.Log.class, TwinFrames.read(in).orElseThrow());
            assertEquals(next, log.position());
            byte[] had = new byte[log.count() * TwinFrames.BLOCK_BYTES];
            in.get(log.bytesAt(), had);
            int from = (int) (next - 8192);
            assertArrayEquals(Arrays.copyOfRange(bytes, from, from + had.length), had);
            for (int i = 0; i < log.count(); i++) {
                int sum = new Crc32c().ofBlock(ByteBuffer.wrap(had), i * TwinFrames.BLOCK_BYTES);
                assertEquals(sum, in.getInt(log.sumsAt() + 4 * i), "with its checksum");
            }
            next += had.length;
        }
        assertEquals(8192 + bytes.length, next);
    }

    private static ByteBuffer part(ByteBuffer all, int from, int blocks) {
        return all.slice(from * TwinFrames.BLOCK_BYTES, blocks * TwinFrames.BLOCK_BYTES);
    }

    @Test
    void aMessageThatHasNotWhollyComeIsWaitedFor() {
        for (TwinFrame frame : ALL) {
            Recorder recorder = new Recorder();
            TwinFrames.send(recorder, frame);
            ByteBuffer in = recorder.sent();
            int whole = in.limit();
            for (int length = 0; length < whole; length++) {
                in.position(0).limit(length);
                assertEquals(Optional.empty(), TwinFrames.read(in));
                assertEquals(0, in.position());
            }
        }
    }

    @Test
    void anyBytesAreAMessageOrMalformedOrWaitedFor() {
        Seeds.each(400, seed -> {
            Random random = new Random(seed);
            Recorder recorder = new Recorder();
            TwinFrame frame = ALL.get(random.nextInt(ALL.size()));
            if (random.nextBoolean()) {
                TwinFrames.send(recorder, frame);
            } else {
                ByteBuffer blocks = ByteBuffer.allocate((1 + random.nextInt(3)) * TwinFrames.BLOCK_BYTES);
                TwinFrames.blocks(recorder, 1 + random.nextInt(9), blocks, new Crc32c());
            }
            ByteBuffer in = recorder.sent();
            for (int flips = random.nextInt(6); flips > 0; flips--) {
                int at = random.nextInt(Math.min(in.limit(), random.nextBoolean() ? 24 : in.limit()));
                in.put(at, (byte) (in.get(at) ^ 1 << random.nextInt(8)));
            }
            int before = in.position();
            Optional<TwinFrame> read = TwinFrames.read(in);
            boolean waits = read.isEmpty() && in.position() == before;
            assertTrue(waits || read.isPresent(), "a message, or nothing is taken");
            if (read.isPresent() && read.get() instanceof TwinFrame.Blocks blocks) {
                assertTrue(blocks.bytesAt() + blocks.count() * TwinFrames.BLOCK_BYTES <= in.position(), "within it");
            }
        });
    }

    /** Keeps what is sent. */
    private static final class Recorder implements Connection {
        private final ByteBuffer all = ByteBuffer.allocate(2 << 20);
        private ByteBuffer last = ByteBuffer.allocate(0);

        ByteBuffer sent() {
            commit();
            return all.duplicate().flip();
        }

        private void commit() {
            all.put(last.flip());
            last = ByteBuffer.allocate(0);
        }

        @Override
        public ByteBuffer reserve(int lengthBytes) {
            commit();
            last = ByteBuffer.allocate(lengthBytes);
            return last;
        }

        @Override
        public long queuedBytes() {
            return all.position();
        }

        @Override
        public void pause() {}

        @Override
        public void resume() {}

        @Override
        public void moveTo(Loop loop, Runnable arrived) {}

        @Override
        public void closeAfterSending() {}

        @Override
        public void close() {}

        @Override
        public String peer() {
            return "a recorder";
        }
    }
}
