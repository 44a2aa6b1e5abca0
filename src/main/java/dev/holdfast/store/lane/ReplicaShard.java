package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.store.log.Entry;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import dev.holdfast.store.log.LogView;
import dev.holdfast.store.read.OtherCopies;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A mirrored shard as the protocol that keeps its replicas equal sees it: takes changes that were numbered elsewhere,
 * drops what is after a fork, and says how far everything is here. It knows no other replica and decides nothing. Every
 * call on the shard's loop; no call tells the {@link Gate} inside it.
 *
 * <p>Whoever takes a change from the network has checked its fields before.
 */
public final class ReplicaShard {
    private final Shard shard;
    private final Lane lane;
    private final ChangePath path;
    private final HeldRun run;
    private final LaidImage image;
    private OtherCopies others = OtherCopies.NONE;

    ReplicaShard(Shard shard, Lane lane, ChangePath path, HeldRun run, LaidImage image) {
        this.image = image;
        this.shard = shard;
        this.lane = lane;
        this.path = path;
        this.run = run;
    }

    /** The shard as a disk. It takes changes only in an epoch that {@link #beginEpoch} has set. */
    public Shard shard() {
        return shard;
    }

    /** For what comes in place of changes that nobody keeps any more. */
    public LaidImage image() {
        return image;
    }

    /** From now on {@code gate} decides; before, nothing becomes visible. */
    public void attach(Gate gate) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        path.attach(gate);
    }

    /** Whether {@code gate} was attached last. */
    public boolean isDecidedBy(Gate gate) {
        return path.isDecidedBy(gate);
    }

    /** From now on {@code told} is asked for blocks that no device here has right. */
    public void askForBlocks(OtherCopies told) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        others = told;
    }

    OtherCopies others() {
        return others;
    }

    /**
     * Holds a change that another replica has numbered: it survives the process, and nobody sees it before {@link
     * #opened}.
     *
     * @param epoch that of the change before, or a later one
     * @param seq one more than {@link #heldSeq}
     * @param flags see {@link dev.holdfast.store.log.Entry}
     * @param offset in bytes, a snapshot's id for the snapshot kinds
     * @param lengthBytes of the range; of a write that of the payload
     * @param payload between position and limit, copied; both are as before afterwards
     * @return false if there is no room for it now, or an image is under way: nothing has happened, {@link
     *     Shard#whenRoom} tells when to come again
     */
    public boolean hold(
            int epoch, long seq, EntryKind kind, int flags, long offset, long lengthBytes, ByteBuffer payload) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        Checks.that(seq == path.held() + 1, "a replica holds a run without a gap", seq, path.held());
        Checks.that(epoch >= run.newestEpoch(), "epochs ascend", epoch, run.newestEpoch());
        Checks.that(kind != EntryKind.WRITE || lengthBytes == payload.remaining(), "a write has its bytes", seq);
        if (image.mark().isPresent()) {
            return false;
        }
        return path.holdNumbered(epoch, kind, flags, offset, lengthBytes, payload);
    }

    /**
     * Tells {@code reader} a change that the memory log has: one of {@link #firstKeptSeq} to {@link #heldSeq}.
     */
    public void read(long seq, EntryReader reader) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        LogView view = lane.logView();
        ByteBuffer entries = view.descriptors();
        int at = view.at(run.entryOf(seq));
        Checks.that(Entry.seq(entries, at) == seq, "the change is where it was held", seq, Entry.seq(entries, at));
        int start = Entry.firstSlot(entries, at) * Entry.SLOT_BYTES + Entry.payloadStart(entries, at);
        reader.entry(
                Entry.epoch(entries, at),
                seq,
                Entry.kind(entries, at),
                Entry.flags(entries, at),
                Entry.offset(entries, at),
                Entry.length(entries, at),
                view.slotBytes().slice(start, Entry.payloadLength(entries, at)),
                Entry.payloadChecksum(entries, at));
    }

    /** Bytes of payload of a change that can be {@link #read}. */
    public int payloadBytes(long seq) {
        LogView view = lane.logView();
        return Entry.payloadLength(view.descriptors(), view.at(run.entryOf(seq)));
    }

    /** Bytes that changes after {@code seq} take of the memory log, but for those that a root covers. */
    public long bytesAfter(long seq) {
        return run.bytesAfter(seq);
    }

    /** Epoch of a change that is held, 0 if it is older than the history. */
    public int epochOf(long seq) {
        return run.epochOf(seq);
    }

    /** Changes up to {@code upTo} become visible, in order; who waits for them here is told. */
    public void opened(long upTo) {
        path.opened(upTo);
    }

    /**
     * Every replica of the in-sync set has logged changes up to {@code seq}, so roots may cover them. A consistency
     * point that waits for this is asked for.
     */
    public void stable(long seq) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        run.stableTo(seq);
        if (path.isSealedStable()) {
            lane.stabilityCame();
        }
    }

    /**
     * From now on this replica numbers changes of its own, in {@code epoch}, which is newer than every change it has
     * held. A change that another has numbered in a later epoch ends that.
     */
    public void beginEpoch(int epoch) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        Checks.that(image.mark().isEmpty(), "a mixture leads nobody", epoch);
        path.beginEpoch(epoch);
    }

    /**
     * From now on no change is numbered here, and who waits for one here, or for a flush, is told MOVED: nobody here
     * knows what becomes of it.
     */
    public void endEpoch() {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        path.endEpoch();
    }

    /** Changes up to {@code seq}, all visible, are on stable storage with every replica of the in-sync set. */
    public void flushed(long seq) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        path.flushed(seq);
    }

    /**
     * Takes back every change after {@code toSeq}, of which none is stable: they never were, here and for every later
     * start. Who waits for one of them here is told MOVED, for nobody knows what became of it elsewhere. The next
     * change is {@code toSeq} + 1; changes are no longer numbered here. If some are visible, {@link #visibleSeq} goes
     * back, maybe before {@code toSeq}: what is held is to be opened again.
     *
     * @return false if there is no room to say so now: nothing has happened, {@link Shard#whenRoom} tells when to come
     *     again
     */
    public boolean rewind(long toSeq) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        return path.rewind(toSeq);
    }

    /**
     * Whether there is a reason not to keep changes from roots until every replica has them: a start finds nothing
     * again for others of what roots cover. Somebody may wait for a root, as for a snapshot's, or room gets short.
     */
    public boolean needsRoot() {
        return path.needsRoot();
    }

    /** Whether changes wait for free blocks. */
    public boolean lacksSpace() {
        return lane.admission().lacksSpace();
    }

    /** Every replica has changes up to {@code seq} on stable storage: nobody will ask for them. */
    public void durable(long seq) {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        run.durableTo(seq);
    }

    /**
     * Number of the oldest change that can be {@link #read} here: it is in the memory log since this process began, and
     * there was room to keep it.
     */
    public long firstKeptSeq() {
        return run.kept() + 1;
    }

    /** Number of the newest change that is held here, as {@link Shard#heldSeq}. */
    public long heldSeq() {
        return path.held();
    }

    /** Number of the newest change that readers see, as {@link Shard#visibleSeq}. */
    public long visibleSeq() {
        return path.visible();
    }

    /** Number of the newest change up to which all are on stable storage here, in the ring or by a root. */
    public long loggedSeq() {
        return run.newestBelow(lane.durability().logged());
    }

    /** Number of the newest change that every in-sync replica has logged, as far as is known here. */
    public long stableSeq() {
        return run.stable();
    }

    /** Number of the newest change that a durable root here covers. */
    public long rootedSeq() {
        return run.rooted();
    }

    /**
     * Makes changes up to {@code seq}, which are held, durable; {@code done} is told when they are. With the newest one
     * also what was taken back after it stays so.
     */
    public void log(long seq, ControlDone done) {
        Checks.that(seq <= path.held(), "only what is held is logged", seq, path.held());
        long end = seq == path.held() ? run.end() : seq <= run.rooted() ? 0 : run.entryOf(seq) + 1;
        lane.durability().await(done, end);
    }

    /**
     * Epochs of what is held and what roots cover, oldest first, where each begins: the newest 32, and all of what
     * is kept here. The same list until something of it changes.
     */
    public List<EpochStart> history() {
        return run.epochs();
    }
}
