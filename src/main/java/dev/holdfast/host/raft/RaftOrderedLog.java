package dev.holdfast.host.raft;

import dev.holdfast.base.Checks;
import dev.holdfast.host.Fatal;
import dev.holdfast.host.FileClaim;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * One member of an ordered log that several nodes keep with Raft. It proposes one batch at a time, again and again
 * until it sees that batch committed here or patience ends; a batch's number makes the copies harmless.
 *
 * <ol>
 *   <li>Ratis' threads and the sender only change what this object's monitor guards, and post to the reader's loop.
 *   <li>A batch is delivered if its number is above all that its proposer had delivered: every member judges the same
 *       entries in the same order, so all deliver the same records, each once.
 *   <li>Every append is answered once, on the reader's loop, in the order of the appends except for what finds no
 *       room; APPENDED right after delivery.
 *   <li>REFUSED is only what was never handed to Ratis.
 *   <li>Who joins proposes nothing before the log has it as a member.
 *   <li>Batch 0 is empty: when it is delivered here, everything that was committed before this start has been.
 * </ol>
 */
public final class RaftOrderedLog implements OrderedLog {
    /** How long an append waits for a majority, in the queue and then again under way. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private static final long RETRY_NANOS = 20_000_000L;
    private static final long JOIN_RETRY_NANOS = 200_000_000L;
    private static final long WAITING_BYTES = 4 << 20;
    private static final long AHEAD_BYTES = 1 << 20;
    private static final long NONE = -1;

    private static final String LOCK = "lock";

    private final String name;
    private final FileClaim claim;
    private final Fatal fatal;
    private final long patienceNanos;
    private final RaftServer server;
    private final RaftCaller caller;
    private final RaftChanges changes;
    private final RaftRemovals removals;
    private final boolean joins;
    private final UUID proposer = UUID.randomUUID();
    private final TreeMap<UUID, Long> lastNumbers = new TreeMap<>();
    private final ArrayDeque<Append> waiting = new ArrayDeque<>();
    private final List<Append> underWay = new ArrayList<>();
    private long waitingBytes;
    private long numberUnderWay = NONE;
    private long nextIndex;
    private long aheadBytes;
    private Optional<Loop> loop = Optional.empty();
    private Reader reader = (index, bytes) -> {};
    private Runnable whenReplayed = () -> {};
    private boolean over;
    private boolean closed;

    private record Append(byte[] record, AppendDone done, long deadlineNanos) {}

    private RaftOrderedLog(RaftMembers members, RaftSelf self, FileClaim claim, long patienceNanos, Fatal fatal)
            throws IOException {
        this.claim = claim;
        this.name = "ordered log " + members.group() + " of " + self.id() + " in " + self.directory();
        this.fatal = fatal;
        this.patienceNanos = patienceNanos;
        RaftProperties settings = RaftSettings.of(members.member(self.id()).address(), self.directory());
        Parameters proofs = RaftSettings.proofs(self.keys());
        RaftEntries entries = new RaftEntries(this::committed, this::configured, this::end);
        this.server = RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(self.id()))
                .setGroup(self.joins() ? members.toUnknownGroup() : members.toGroup())
                .setOption(StartupOption.RECOVER)
                .setProperties(settings)
                .setParameters(proofs)
                .setStateMachineRegistry(group -> entries)
                .build();
        this.caller = new RaftCaller(
                self.joins() ? members.without(self.id()).toGroup() : members.toGroup(),
                RaftPeerId.valueOf(self.id()),
                settings,
                proofs);
        this.changes = new RaftChanges(server, caller, members.toPeer(self.id()));
        this.removals = new RaftRemovals(changes, this::leads, name, fatal);
        this.joins = self.joins();
    }

    /**
     * Opens a member's copy of the log, making it if there is none; from here on it votes and stores for the others, or
     * waits to be taken in. What its own thread throws goes to {@link Fatal#HALT}.
     *
     * @param members who they were when this one became one of them; what the log says of that goes before it
     * @throws WorldException if the directory is in use or damaged, or the address can't be listened on
     */
    public static RaftOrderedLog open(RaftMembers members, RaftSelf self) throws WorldException {
        return open(members, self, PATIENCE_NANOS, Fatal.HALT);
    }

    static RaftOrderedLog open(RaftMembers members, RaftSelf self, long patienceNanos, Fatal fatal)
            throws WorldException {
        RaftSettings.tame();
        Path directory = self.directory();
        try {
            Files.createDirectories(directory);
        } catch (IOException failed) {
            throw refused(directory, failed);
        }
        FileClaim claim = FileClaim.existingOrNew(directory.resolve(LOCK));
        try {
            RaftOrderedLog log = new RaftOrderedLog(members, self, claim, patienceNanos, fatal);
            try {
                log.server.start();
                return log;
            } catch (IOException | RuntimeException failed) {
                log.close();
                throw failed;
            }
        } catch (IOException | RuntimeException failed) {
            claim.close();
            throw refused(directory, failed);
        }
    }

    private static WorldException refused(Path directory, Exception failed) {
        return new WorldException("can't open the control log in " + directory + ": " + reason(failed), failed);
    }

    private static String reason(Throwable failed) {
        Throwable innermost = failed;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        return String.valueOf(innermost.getMessage()).replace('\n', ' ');
    }

    @Override
    public synchronized void start(Loop readersLoop, Reader records, Runnable replayed) {
        Checks.that(loop.isEmpty(), "a log is started once");
        loop = Optional.of(readersLoop);
        reader = records;
        whenReplayed = replayed;
        notifyAll();
        Thread.ofPlatform().name("control-log-sender").daemon(true).start(this::send);
    }

    @Override
    public synchronized void append(byte[] record, AppendDone done) {
        Checks.that(record.length <= RECORD_BYTES, "a record is not too long", record.length);
        Loop told = loop.orElseThrow(() -> Checks.unreachable("a log is started before it takes anything"));
        if (over || waitingBytes + record.length > WAITING_BYTES) {
            told.post(() -> done.done(Outcome.REFUSED));
            return;
        }
        waitingBytes += RaftBatch.RECORD_HEAD_BYTES + record.length;
        waiting.add(new Append(record.clone(), done, System.nanoTime() + patienceNanos));
        notifyAll();
    }

    /** Answers what is not answered, and stops voting and storing; the others go on if a majority is left. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            end();
        }
        removals.close();
        closeQuietly(caller);
        closeQuietly(server);
        claim.close();
    }

    private static void closeQuietly(Closeable part) {
        try {
            part.close();
        } catch (IOException ignored) {
            return; // What counts as appended is durable at a majority.
        }
    }

    /** No record comes any more, and none is taken. */
    private synchronized void end() {
        over = true;
        answer(underWay, Outcome.UNKNOWN);
        numberUnderWay = NONE;
        refuseWaiting(Long.MAX_VALUE);
        notifyAll();
    }

    /** On the sender's thread: the empty batch first, then one after another. */
    private void send() {
        try {
            while (joins && !isOver() && !(changes.join() && changes.isMember())) {
                awaitChange();
            }
            changes.look();
            RaftBatch batch = new RaftBatch(proposer, 0, List.of());
            while (putUnderWay(batch)) {
                propose(batch);
                batch = new RaftBatch(proposer, batch.number() + 1, takeWaiting());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (Throwable thrown) {
            fatal.ended(name, thrown);
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void awaitChange() throws InterruptedException {
        if (!over) {
            TimeUnit.NANOSECONDS.timedWait(this, JOIN_RETRY_NANOS);
        }
    }

    private synchronized boolean putUnderWay(RaftBatch batch) {
        if (!over) {
            numberUnderWay = batch.number();
        }
        return !over;
    }

    private synchronized List<byte[]> takeWaiting() throws InterruptedException {
        refuseWaiting(System.nanoTime());
        while (waiting.isEmpty() && !over) {
            wait();
        }
        int bytes = 0;
        while (!waiting.isEmpty() && bytes < RaftBatch.FULL_BYTES) {
            Append append = waiting.remove();
            bytes += RaftBatch.RECORD_HEAD_BYTES + append.record.length;
            underWay.add(append);
        }
        waitingBytes -= bytes;
        return underWay.stream().map(Append::record).toList();
    }

    /** Refuses what waited until {@code nowNanos} without being handed to Ratis. */
    private synchronized void refuseWaiting(long nowNanos) {
        List<Append> late = new ArrayList<>();
        while (!waiting.isEmpty() && (over || waiting.element().deadlineNanos - nowNanos <= 0)) {
            late.add(waiting.remove());
            waitingBytes -= RaftBatch.RECORD_HEAD_BYTES + late.getLast().record.length;
        }
        answer(late, Outcome.REFUSED);
    }

    private void propose(RaftBatch batch) throws InterruptedException {
        Message message = Message.valueOf(ByteString.copyFrom(batch.encode()));
        long deadline = System.nanoTime() + patienceNanos;
        while (isUnderWay(batch.number())) {
            refuseWaiting(System.nanoTime());
            long waitNanos = RETRY_NANOS;
            try {
                if (caller.client().io().send(message).isSuccess()) {
                    waitNanos = deadline - System.nanoTime();
                }
            } catch (IOException again) {
                waitNanos = RETRY_NANOS;
                changes.look();
            }
            awaitCommit(batch.number(), waitNanos);
            if (batch.number() > 0 && System.nanoTime() - deadline >= 0) {
                giveUp(batch.number());
            }
        }
    }

    private synchronized boolean isUnderWay(long number) {
        return numberUnderWay == number;
    }

    private synchronized void awaitCommit(long number, long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && isUnderWay(number); left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private synchronized void giveUp(long number) {
        if (isUnderWay(number)) {
            numberUnderWay = NONE;
            answer(underWay, Outcome.UNKNOWN);
        }
    }

    /** On Ratis' thread: the members are others. Not before this object is whole, for that is when Ratis starts. */
    private void configured(List<RaftPeer> members) {
        caller.peersAre(members);
    }

    /** On Ratis' thread, batch after batch; it waits here when the reader is far behind. */
    private synchronized void committed(RaftBatch batch) {
        try {
            while ((loop.isEmpty() || aheadBytes > AHEAD_BYTES) && !over) {
                wait();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            end();
        }
        Long last = lastNumbers.get(batch.proposer());
        if (over || (last != null && batch.number() <= last)) {
            return;
        }
        lastNumbers.put(batch.proposer(), batch.number());
        long first = nextIndex;
        nextIndex += batch.records().size();
        int bytes = RaftBatch.bytesOf(batch.records());
        aheadBytes += bytes;
        loop.orElseThrow().post(() -> deliver(first, batch.records(), bytes));
        if (batch.proposer().equals(proposer)) {
            ownCommitted(batch.number());
        }
    }

    private void ownCommitted(long number) {
        if (number == 0) {
            loop.orElseThrow().post(whenReplayed);
        }
        if (isUnderWay(number)) {
            numberUnderWay = NONE;
            answer(underWay, Outcome.APPENDED);
            notifyAll();
        }
    }

    private void deliver(long first, List<byte[]> records, int bytes) {
        for (int i = 0; i < records.size(); i++) {
            reader.record(first + i, ByteBuffer.wrap(records.get(i)).asReadOnlyBuffer());
        }
        synchronized (this) {
            aheadBytes -= bytes;
            notifyAll();
        }
    }

    private void answer(List<Append> appends, Outcome outcome) {
        List<Append> answered = List.copyOf(appends);
        appends.clear();
        if (!answered.isEmpty()) {
            loop.orElseThrow().post(() -> answered.forEach(append -> append.done.done(outcome)));
        }
    }

    /**
     * Who keeps the log, as it is here.
     *
     * @throws IOException if this member is closed
     */
    public List<RaftMembers.Member> members() throws IOException {
        return changes.members().stream().map(RaftMembers::fromPeer).toList();
    }

    /**
     * Member {@code id}, which is dead for good, is one no more: soon after a majority of those that keep the log, and
     * of those that remain, can be reached. All of them have to say so, after each start, in any order; that it is so
     * already changes nothing. The caller says it of nobody whose node may still run.
     */
    public void takeOut(String id) {
        removals.add(id);
    }

    @Override
    public boolean leads() {
        try {
            return server.getDivision(server.getGroupIds().iterator().next())
                    .getInfo()
                    .isLeader();
        } catch (IOException notRunning) {
            return false;
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
