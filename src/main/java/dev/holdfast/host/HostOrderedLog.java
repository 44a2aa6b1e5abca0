package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * An ordered log of one member, kept in a file. Everything proposed while a batch is being flushed goes out with the
 * next one. It never shrinks: whoever reads it keeps his own summary.
 *
 * <ol>
 *   <li>Only the log's thread touches the file; everything else is guarded by this object's monitor.
 *   <li>Every append is answered once, on the reader's loop, in the order of the appends.
 *   <li>A record is delivered after its batch is durable and before its append is answered.
 * </ol>
 */
public final class HostOrderedLog implements OrderedLog {
    private static final String FILE = "log";
    private static final String LOCK = "lock";
    private static final int BATCH_BYTES = 1 << 20;
    private static final int REPLAY_BYTES = 256 << 10;
    private static final int REPLAYS_AHEAD = 2;
    private static final long CLOSE_NANOS = 5_000_000_000L;

    private final Path directory;
    private final FileClaim claim;
    private final LogFile file;
    private final Crew thread;
    private final ArrayDeque<Append> waiting = new ArrayDeque<>();
    private Optional<Loop> loop = Optional.empty();
    private Reader reader = (index, bytes) -> {};
    private int replaysUnderWay;
    private boolean writing;
    private boolean closed;

    private record Append(byte[] record, AppendDone done) {}

    private HostOrderedLog(Path directory, FileClaim claim, LogFile file, Fatal fatal) {
        this.directory = directory;
        this.claim = claim;
        this.file = file;
        this.thread = new Crew("ordered-log", 1, fatal);
    }

    /**
     * Opens the log in {@code directory}, making both if they are not there; a task that throws ends the process.
     *
     * @throws WorldException if it is in use (the message says by whom), damaged, or can't be read
     */
    public static HostOrderedLog open(Path directory) throws WorldException {
        return open(directory, Fatal.HALT);
    }

    static HostOrderedLog open(Path directory, Fatal fatal) throws WorldException {
        try {
            Files.createDirectories(directory);
        } catch (IOException failed) {
            throw new WorldException("can't make " + directory + ": " + failed.getMessage(), failed);
        }
        FileClaim claim = FileClaim.existingOrNew(directory.resolve(LOCK));
        try {
            return new HostOrderedLog(directory, claim, LogFile.open(directory.resolve(FILE)), fatal);
        } catch (WorldException refused) {
            claim.close();
            throw refused;
        }
    }

    @Override
    public synchronized void start(Loop readersLoop, Reader records, Runnable replayed) {
        Checks.that(loop.isEmpty(), "a log is started once");
        loop = Optional.of(readersLoop);
        reader = records;
        thread.run(() -> replay(readersLoop, replayed));
    }

    @Override
    public synchronized void append(byte[] record, AppendDone done) {
        Checks.that(record.length <= RECORD_BYTES, "a record is not too long", record.length);
        Loop told = loop.orElseThrow(() -> Checks.unreachable("a log is started before it takes anything"));
        if (closed) {
            told.post(() -> done.done(Outcome.REFUSED));
            return;
        }
        waiting.add(new Append(record.clone(), done));
        if (!writing) {
            writing = true;
            thread.run(this::writeWaiting);
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        notifyAll();
        long deadline = System.nanoTime() + CLOSE_NANOS;
        try {
            while (writing && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        thread.run(this::closeFile);
        thread.close();
        claim.close();
    }

    private void closeFile() {
        try {
            file.close();
        } catch (IOException ignored) {
            // Everything that counts as appended was flushed before it did.
            return;
        }
    }

    /** On the log's thread: shows the reader what was there at the start, some chunks ahead of it. */
    private void replay(Loop told, Runnable replayed) {
        List<byte[]> chunk = new ArrayList<>();
        long[] next = new long[2];
        try {
            file.visit(file.count(), (index, bytes) -> {
                byte[] record = new byte[bytes.remaining()];
                bytes.get(record);
                chunk.add(record);
                next[1] += record.length;
                if (next[1] < REPLAY_BYTES) {
                    return true;
                }
                boolean goOn = replayChunk(told, next[0], List.copyOf(chunk));
                chunk.clear();
                next[0] = index + 1;
                next[1] = 0;
                return goOn;
            });
        } catch (IOException failed) {
            throw new UncheckedIOException("the ordered log in " + directory + " can't be read", failed);
        }
        replayChunk(told, next[0], List.copyOf(chunk));
        told.post(replayed);
    }

    private synchronized boolean replayChunk(Loop told, long first, List<byte[]> records) {
        try {
            while (replaysUnderWay == REPLAYS_AHEAD && !closed) {
                wait();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
        if (closed) {
            return false;
        }
        replaysUnderWay++;
        told.post(() -> {
            deliver(first, records);
            replayDelivered();
        });
        return true;
    }

    private synchronized void replayDelivered() {
        replaysUnderWay--;
        notifyAll();
    }

    private void deliver(long first, List<byte[]> records) {
        for (int i = 0; i < records.size(); i++) {
            reader.record(first + i, ByteBuffer.wrap(records.get(i)).asReadOnlyBuffer());
        }
    }

    /** On the log's thread: one batch after another until nothing waits. */
    private void writeWaiting() {
        for (List<Append> batch = takeBatch(); !batch.isEmpty(); batch = takeBatch()) {
            long first = file.count();
            List<byte[]> records = batch.stream().map(Append::record).toList();
            Outcome outcome = write(records);
            answer(batch, outcome, outcome == Outcome.APPENDED ? () -> deliver(first, records) : () -> {});
        }
    }

    private Outcome write(List<byte[]> records) {
        if (file.isBroken()) {
            return Outcome.REFUSED;
        }
        try {
            file.append(records);
            return Outcome.APPENDED;
        } catch (IOException failed) {
            return file.isBroken() ? Outcome.UNKNOWN : Outcome.REFUSED;
        }
    }

    private synchronized List<Append> takeBatch() {
        List<Append> batch = new ArrayList<>();
        if (closed) {
            answer(List.copyOf(waiting), Outcome.REFUSED, () -> {});
            waiting.clear();
        }
        long bytes = 0;
        while (!waiting.isEmpty() && bytes < BATCH_BYTES) {
            Append append = waiting.remove();
            bytes += append.record.length;
            batch.add(append);
        }
        if (batch.isEmpty()) {
            writing = false;
            notifyAll();
        }
        return batch;
    }

    private void answer(List<Append> batch, Outcome outcome, Runnable before) {
        loop.orElseThrow().post(() -> {
            before.run();
            batch.forEach(append -> append.done.done(outcome));
        });
    }

    @Override
    public String toString() {
        return "ordered log in " + directory;
    }
}
