package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The file of an ordered log: appends batches, and finds at opening what is in it. It blocks, knows no loops, and is
 * used by one thread at a time.
 *
 * <pre>
 * file     0  8  "HFORDLOG"                  big endian throughout
 *          8  4  version, 1
 *         12  4  CRC32C of bytes 0 to 12
 *         16     frames, each at a multiple of 8
 * frame    0  4  "HFRC"
 *          4  4  CRC32C of the frame's bytes from 8 on, the last zeros included
 *          8  4  length of the record in bytes
 *         12  4  zero
 *         16  8  index of the record
 *         24  8  durable: records below this index were on stable storage before this frame was written
 *         32     the record, then zeros up to a multiple of 8
 * </pre>
 *
 * <ol>
 *   <li>A batch is flushed before any record of it counts as appended, and before the next batch is written.
 *   <li>What follows the first bad frame is cut off only if no good frame behind it says that the bad one's record was
 *       durable: then it is the batch that was being written when the machine stopped. Otherwise the file is damaged
 *       and not opened. The last batch has no frame behind it: rot there looks like a torn write.
 *   <li>After a failed flush nothing is appended any more.
 * </ol>
 */
final class LogFile implements AutoCloseable {
    private static final long FILE_MAGIC = 0x48464f52444c4f47L;
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 16;
    private static final int FRAME_MAGIC = 0x48465243;
    private static final int FRAME_BYTES = 32;
    private static final int ALIGNMENT = 8;
    private static final int WINDOW_BYTES = 1 << 20;

    private final FileChannel channel;
    private final ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
    private final CRC32C crc = new CRC32C();
    private long windowOffset;
    private int windowBytes;
    private long endOffset = HEADER_BYTES;
    private long count;
    private boolean broken;

    /** Takes the records that are in the file. */
    @FunctionalInterface
    interface Visitor {
        /** Record {@code index}; the buffer is read-only and valid only in this call. False ends the visit. */
        boolean record(long index, ByteBuffer bytes);
    }

    private LogFile(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens the log at {@code path}, making an empty one if there is none. */
    static LogFile open(Path path) throws WorldException {
        try {
            if (!Files.exists(path)) {
                create(path);
            }
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            LogFile file = new LogFile(channel);
            try {
                file.checkHeader(path);
                file.find(path);
                return file;
            } catch (IOException | WorldException failed) {
                channel.close();
                throw failed;
            }
        } catch (IOException failed) {
            throw new WorldException("can't use the log " + path + ": " + failed.getMessage(), failed);
        }
    }

    /** The number of records in the log. */
    long count() {
        return count;
    }

    /** True after a failure that leaves nobody knowing what is in the file. */
    boolean isBroken() {
        return broken;
    }

    /** Shows every record there was when the file was opened, in order. */
    void visit(long records, Visitor visitor) throws IOException {
        long offset = HEADER_BYTES;
        for (long index = 0; index < records; index++) {
            int length = frameAt(offset, endOffset);
            if (length < 0) {
                throw new IOException("record " + index + " can't be read any more");
            }
            int payload = (int) (offset - windowOffset) + FRAME_BYTES;
            if (!visitor.record(index, window.slice(payload, length).asReadOnlyBuffer())) {
                return;
            }
            offset += frameBytes(length);
        }
    }

    /** Appends the records and flushes; after a failure that could be undone none is in the file. */
    void append(List<byte[]> records) throws IOException {
        Checks.that(!broken, "a broken log takes nothing");
        try {
            write(records);
        } catch (IOException failed) {
            undo();
            throw failed;
        }
        flush();
        for (byte[] record : records) {
            endOffset += frameBytes(record.length);
        }
        count += records.size();
    }

    private void write(List<byte[]> records) throws IOException {
        int length = 0;
        for (byte[] record : records) {
            length += frameBytes(record.length);
        }
        ByteBuffer batch = ByteBuffer.allocate(length);
        for (int i = 0; i < records.size(); i++) {
            putFrame(batch, count + i, records.get(i));
        }
        Checks.that(!batch.hasRemaining(), "the frames are as long as computed");
        batch.flip();
        for (long at = endOffset; batch.hasRemaining(); ) {
            at += channel.write(batch, at);
        }
    }

    private void putFrame(ByteBuffer batch, long index, byte[] record) {
        int start = batch.position();
        batch.putInt(FRAME_MAGIC)
                .putInt(0)
                .putInt(record.length)
                .putInt(0)
                .putLong(index)
                .putLong(count);
        batch.put(record);
        int length = frameBytes(record.length);
        batch.position(start + length).putInt(start + 4, crcOf(crc, batch, start + 8, length - 8));
    }

    /** A write that failed half-way is taken back: then the log goes on as if it had never been asked. */
    private void undo() {
        try {
            channel.truncate(endOffset);
            channel.force(true);
        } catch (IOException cannot) {
            broken = true;
        }
    }

    private void flush() throws IOException {
        try {
            channel.force(false);
        } catch (IOException failed) {
            broken = true;
            throw failed;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static void create(Path path) throws IOException {
        Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        ByteBuffer header =
                ByteBuffer.allocate(HEADER_BYTES).putLong(FILE_MAGIC).putInt(VERSION);
        header.putInt(crcOf(new CRC32C(), header, 0, HEADER_BYTES - 4)).flip();
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(header);
            channel.force(true);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        HostDisks.syncName(path);
    }

    private void checkHeader(Path path) throws IOException, WorldException {
        if (channel.size() < HEADER_BYTES) {
            throw new WorldException(path + " is no ordered log: it is too short; move it away or restore it");
        }
        load(0, HEADER_BYTES);
        int expected = crcOf(crc, window, 0, HEADER_BYTES - 4);
        if (window.getLong(0) != FILE_MAGIC || window.getInt(HEADER_BYTES - 4) != expected) {
            throw new WorldException(path + " is no ordered log, or its head is damaged: restore it");
        }
        if (window.getInt(8) != VERSION) {
            throw new WorldException(path + " has version " + window.getInt(8) + ", which this program does not know");
        }
    }

    /** Finds the records and cuts off what a stopped machine left half-written. */
    private void find(Path path) throws IOException, WorldException {
        long size = channel.size();
        for (int length = frameAt(endOffset, size); length >= 0; length = frameAt(endOffset, size)) {
            int at = (int) (endOffset - windowOffset);
            if (window.getLong(at + 16) != count) {
                break;
            }
            endOffset += frameBytes(length);
            count++;
        }
        if (endOffset == size) {
            return;
        }
        for (long at = endOffset + ALIGNMENT; at + FRAME_BYTES <= size; at += ALIGNMENT) {
            if (frameAt(at, size) >= 0 && window.getLong((int) (at - windowOffset) + 24) > count) {
                throw new WorldException(path + " is damaged at byte " + endOffset + ": record " + count
                        + " was durable and can't be read, but later ones can; restore the file from a copy");
            }
        }
        channel.truncate(endOffset);
        channel.force(true);
    }

    /** The length of the record whose good frame lies at {@code offset}, now in the window; -1 if there is none. */
    private int frameAt(long offset, long size) throws IOException {
        if (offset + FRAME_BYTES > size) {
            return -1;
        }
        load(offset, FRAME_BYTES);
        int at = (int) (offset - windowOffset);
        int length = window.getInt(at + 8);
        if (window.getInt(at) != FRAME_MAGIC || length < 0 || length > OrderedLog.RECORD_BYTES) {
            return -1;
        }
        if (offset + frameBytes(length) > size) {
            return -1;
        }
        load(offset, frameBytes(length));
        at = (int) (offset - windowOffset);
        return crcOf(crc, window, at + 8, frameBytes(length) - 8) == window.getInt(at + 4) ? length : -1;
    }

    /** Makes sure that the window shows {@code length} bytes from {@code offset} on. */
    private void load(long offset, int length) throws IOException {
        if (offset >= windowOffset && offset + length <= windowOffset + windowBytes) {
            return;
        }
        window.clear();
        windowOffset = offset;
        windowBytes = 0;
        while (window.hasRemaining() && channel.read(window, offset + window.position()) > 0) {
            windowBytes = window.position();
        }
        window.clear();
        if (windowBytes < length) {
            throw new EOFException("the file ends before " + (offset + length));
        }
    }

    private static int crcOf(CRC32C crc, ByteBuffer bytes, int start, int length) {
        crc.reset();
        crc.update(bytes.slice(start, length));
        return (int) crc.getValue();
    }

    private static int frameBytes(int recordBytes) {
        return (FRAME_BYTES + recordBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
