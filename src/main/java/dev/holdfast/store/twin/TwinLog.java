package dev.holdfast.store.twin;

import dev.holdfast.array.ArrayDone;
import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.io.Loop;
import dev.holdfast.store.work.Trouble;
import java.nio.ByteBuffer;

/**
 * A twin's log region: what comes is written durably where the source has it, one message after another, so that
 * whatever a crash leaves is a beginning of what came. It knows no records and makes no garbage.
 */
final class TwinLog {
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final int BLOCK = TwinFrames.BLOCK_BYTES;

    /** Who is told. */
    interface Listener {
        /** The log is durable up to {@code position} on every device that is left. */
        void logged(long position);
    }

    private final Mirror array;
    private final Loop loop;
    private final Trouble trouble;
    private final Listener listener;
    private final Crc32c crc = new Crc32c();
    private final ByteBuffer buffer = BlockBuffer.allocate(TwinFrames.MOST_BLOCKS * BLOCK);
    private final ByteBuffer[] parts = {buffer};
    private final ArrayDone done = this::done;
    private final Runnable again = this::write;
    private long position;
    private boolean busy;

    TwinLog(Mirror array, Loop loop, Trouble trouble, Listener listener) {
        this.array = array;
        this.loop = loop;
        this.trouble = trouble;
        this.listener = listener;
    }

    /** Begins to write what came; false, and nothing happens, if that is nothing that could be in this log. */
    boolean take(TwinFrame.Log log) {
        Checks.that(!busy, "one message after another", log.position());
        int bytes = log.count() * BLOCK;
        boolean placed = log.position() >= 0
                && log.position() % BLOCK == 0
                && log.position() % array.logBytes() + bytes <= array.logBytes();
        for (int i = 0; i < log.count() && placed; i++) {
            int sum = crc.ofBlock(log.in(), log.bytesAt() + i * BLOCK);
            placed = sum == log.in().getInt(log.sumsAt() + i * Integer.BYTES);
        }
        if (!placed) {
            return false;
        }
        position = log.position();
        buffer.clear().limit(bytes);
        buffer.put(0, log.in(), log.bytesAt(), bytes);
        busy = true;
        write();
        return true;
    }

    private void write() {
        Checks.that(busy && buffer.position() == 0, "there is something to write", position);
        array.writeLog(position % array.logBytes(), parts, 1, loop, done, 0);
    }

    private void done(long token, ArrayOutcome outcome) {
        switch (outcome) {
            case OK -> tell();
            case MEMBER_LOST -> {
                trouble.memberLost();
                tell();
            }
            case NO_SPACE -> {
                trouble.hostFull();
                loop.after(RETRY_NANOS, again);
            }
            case FAILED -> trouble.failed("no device of the twin takes its log");
        }
    }

    private void tell() {
        busy = false;
        listener.logged(position + buffer.limit());
    }
}
