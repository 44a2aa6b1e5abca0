package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ShardImages;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.mirror.wire.Entries;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.Gate;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The log of a {@link Replica} in a pool: its calls become those of the shard's lane, and what happens there is told to
 * it, once at the end of the turn in which it happened. It decides nothing about the shard but when roots may take what
 * some replica may still ask for.
 *
 * <ol>
 *   <li>No call of the replica calls it back.
 *   <li>What is stable is kept from roots as long as some replica lacks it on stable storage, unless a root is needed:
 *       then it is still there for that replica after the next start, and after a power cut.
 * </ol>
 */
public final class ReplicaLog implements ShardLog, Gate, OneCatchUp.Changes {
    /** As many as there are others that may be brought up to date at once. */
    private static final int MOST_RUNS = 3;

    private final ReplicaShard shard;
    private final Loop loop;
    private final ReplicaImages images;
    private final Runnable tell = this::tell;
    private final List<Overwritten> runs = new ArrayList<>();
    private Optional<Replica> replica = Optional.empty();
    private List<EpochStart> epochs = List.of();
    private History history = History.EMPTY;
    private long logAsked;
    private long durable;
    private boolean willTell;
    private boolean numbered;
    private boolean logged;
    private boolean flushWanted;
    private long stableWanted;
    private boolean taken;
    private boolean failed;

    /** The log of {@code shard}, which is in {@code pool}. */
    public ReplicaLog(ReplicaShard shard, Pool pool) {
        this(shard, pool, ImagePiece.MOST_BLOCKS);
    }

    /** The same, which gives others images in pieces of up to {@code pieceBlocks} blocks. */
    public ReplicaLog(ReplicaShard shard, Pool pool, int pieceBlocks) {
        this.shard = shard;
        this.images = new ReplicaImages(shard, pool, pieceBlocks);
        this.loop = shard.shard().loop();
    }

    /** From now on this is the shard's gate. */
    public void guard() {
        shard.attach(this);
    }

    /** Who is told from now on. */
    public void attach(Replica told) {
        Checks.that(loop.isCurrent() && replica.isEmpty(), "a log has one replica", told.epoch());
        replica = Optional.of(told);
        images.attach(told);
        if (failed) {
            told.end();
        }
    }

    /** For the replica's {@link dev.holdfast.mirror.Outbox}: flushes up to {@code seq} may be answered. */
    public void flushed(long seq) {
        shard.flushed(seq);
    }

    @Override
    public long held() {
        return shard.heldSeq();
    }

    @Override
    public long logged() {
        return shard.loggedSeq();
    }

    @Override
    public long rooted() {
        return shard.rootedSeq();
    }

    @Override
    public long bytesAfter(long seq) {
        return shard.bytesAfter(seq);
    }

    @Override
    public long visible() {
        return shard.visibleSeq();
    }

    @Override
    public History history() {
        List<EpochStart> now = shard.history();
        if (now != epochs) {
            epochs = now;
            history = new History(now.stream()
                    .map(start -> new History.Run(start.epoch(), start.firstSeq()))
                    .toList());
        }
        return history;
    }

    @Override
    public ShardImages images() {
        return images;
    }

    @Override
    public long firstKept() {
        return shard.firstKeptSeq();
    }

    @Override
    public int payloadBytes(long seq) {
        boolean isSkipped = runs.stream().anyMatch(run -> run.has(seq));
        return isSkipped ? 0 : shard.payloadBytes(seq);
    }

    /** How often roots that were kept for images were given up since space was short. */
    long pinsGivenUp() {
        return images.givenUp();
    }

    @Override
    public Batch batch(long first) {
        return new HeldBatch(shard, first);
    }

    @Override
    public Batch batch(long first, long stable) {
        if (first > stable) {
            return batch(first);
        }
        Optional<Overwritten> run =
                runs.stream().filter(one -> one.knows(first)).findFirst();
        if (run.isEmpty()) {
            if (runs.size() == MOST_RUNS) {
                runs.removeFirst();
            }
            run = Optional.of(new Overwritten(shard, first, stable));
            runs.add(run.get());
        }
        return new HeldBatch(shard, first, run);
    }

    @Override
    public boolean hold(Batch batch, long first) {
        if (!(batch instanceof Entries entries)) {
            throw Checks.unreachable("a pool is sent batches with bytes");
        }
        taken = true;
        for (long seq = first; taken && seq <= batch.last(); seq++) {
            entries.read(
                    seq,
                    (epoch, number, kind, flags, offset, lengthBytes, payload, checksum) ->
                            taken = shard.hold(epoch, number, kind, flags, offset, lengthBytes, payload));
        }
        return taken;
    }

    @Override
    public void open(long upTo) {
        shard.opened(upTo);
    }

    @Override
    public boolean rewind(long lastSeq) {
        boolean done = shard.rewind(lastSeq);
        logAsked = done ? Math.min(logAsked, lastSeq) : logAsked;
        return done;
    }

    @Override
    public void log(long upTo) {
        if (upTo > logAsked) {
            logAsked = upTo;
            shard.log(upTo, status -> noteLogged());
        }
    }

    private void noteLogged() {
        logged = true;
        tellAtEndOfTurn();
    }

    @Override
    public void stable(long upTo) {
        if (shard.lacksSpace()) {
            images.giveUp();
        }
        boolean all = shard.needsRoot() || images.wantsRoot() || Mutant.on("replica.root-what-others-lack");
        if (upTo > durable && !all) {
            Marks.reached("replica.keeps-from-roots");
        }
        shard.stable(all ? upTo : Math.min(upTo, Math.max(durable, 1)));
    }

    @Override
    public void durable(long upTo) {
        durable = Math.max(durable, upTo);
        shard.durable(upTo);
    }

    @Override
    public void beginEpoch(int epoch) {
        runs.clear();
        shard.beginEpoch(epoch);
    }

    @Override
    public void endEpoch() {
        shard.endEpoch();
    }

    @Override
    public void held(Shard of, long seq) {
        if (Mutant.on("replica.open-at-once")) {
            shard.opened(seq);
        }
        numbered = true;
        tellAtEndOfTurn();
    }

    @Override
    public void stabilityWanted(Shard of, long seq) {
        stableWanted = Math.max(stableWanted, seq);
        tellAtEndOfTurn();
    }

    @Override
    public void failed(Shard of) {
        failed = true;
        replica.ifPresent(Replica::end);
    }

    @Override
    public void imageLaid(Shard of) {
        noteLogged();
    }

    @Override
    public void flushWanted(Shard of) {
        flushWanted = true;
        tellAtEndOfTurn();
    }

    private void tellAtEndOfTurn() {
        if (!willTell) {
            willTell = true;
            loop.atEndOfTurn(tell);
        }
    }

    private void tell() {
        willTell = false;
        replica.ifPresent(this::tell);
    }

    private void tell(Replica told) {
        if (numbered) {
            numbered = false;
            told.numbered();
        }
        if (logged) {
            logged = false;
            told.logged();
        }
        if (flushWanted) {
            flushWanted = false;
            told.flush();
        }
        if (stableWanted > 0) {
            long upTo = stableWanted;
            stableWanted = 0;
            told.wantStable(Math.min(upTo, shard.visibleSeq()));
        }
    }
}
