package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Lays an image of a mirrored shard: what another replica's shard was at some position, in place of entries that nobody
 * keeps any more. It is not numbered and not logged; roots cover what is laid and say how far that is. It does not know
 * where blocks come from.
 *
 * <ol>
 *   <li><b>I1</b> Nothing is laid before a durable root covers all that is held here, and what was taken back stays so
 *       after a power cut: then no entry stands between the root and the image.
 *   <li><b>I2</b> While an image is under way no change is held, and the shard's position is where it was.
 *   <li><b>I3</b> The position becomes that of the image only when a root with all of it is durable.
 *   <li><b>I4</b> A root says that blocks are laid only if it has them.
 * </ol>
 */
public final class LaidImage {
    /** A piece of the shard is laid at once or not at all; it has no more blocks with bytes than this. */
    public static final int MOST_BLOCKS = 256;

    private static final int BLOCK_BYTES = 4096;

    private final Lane lane;
    private final ChangePath path;
    private final ShardChanges changes;
    private final HeldRun run;
    private Optional<Mark> mark;
    private long logAsked;

    /**
     * How far an image is, as roots say it: contents are a mixture until there is none.
     *
     * @param epoch of the position that the image is of
     * @param seq of that position
     * @param laidBlocks blocks before this one are laid
     * @param whole everything is laid; in no root, since one with all of it has no mark any more
     */
    public record Mark(int epoch, long seq, long laidBlocks, boolean whole) {
        /** Checks the ranges. */
        public Mark {
            Checks.that(epoch > 0 && seq > 0 && laidBlocks >= 0, "an image is of a position", epoch, seq, laidBlocks);
        }
    }

    LaidImage(Lane lane, ChangePath path, ShardChanges changes, HeldRun run, Optional<Mark> found) {
        this.lane = lane;
        this.path = path;
        this.changes = changes;
        this.run = run;
        this.mark = found;
    }

    /** The image under way, if there is one. */
    public Optional<Mark> mark() {
        return mark;
    }

    /**
     * Whether an image may begin, or go on (I1). If not, what is missing is seen to: all that is held must be stable,
     * and becomes visible.
     */
    public boolean isReady() {
        Checks.that(lane.loop().isCurrent(), "on the shard's loop");
        boolean isCovered = path.visible() == path.held() && run.rooted() == path.held();
        boolean isLogged = lane.durability().logged() >= run.end();
        if (isCovered && isLogged || Mutant.on("lane.image-over-entries")) {
            return true;
        }
        if (mark.isPresent()) {
            return false; // A power cut brought back what was taken back: it has to be taken back again.
        }
        if (!isLogged && logAsked < run.end()) {
            logAsked = run.end();
            lane.durability().await(status -> {}, logAsked);
        }
        path.opened(path.held());
        run.stableTo(path.held());
        lane.rootWanted("image");
        return false;
    }

    /** An image of a position begins, in place of one under way; the shard is {@code sizeBytes} long from now on. */
    public void begin(int epoch, long seq, long sizeBytes) {
        Checks.that(isReady() && seq > path.held(), "an image is of a later position", seq, path.held());
        Checks.that(mark.isEmpty() || !mark.get().whole, "what is whole becomes a position", seq);
        noteLaid(new Mark(epoch, seq, 0, false));
        change(() -> changes.resize(sizeBytes));
    }

    /** Whether {@code blocks} may be laid now; if not, a consistency point is asked for. */
    public boolean fits(int blocks) {
        Checks.that(blocks <= MOST_BLOCKS, "a piece is not long", blocks);
        return lane.admission().fitsLaid(blocks);
    }

    /** The blocks from {@code first} on are those of {@code bytes}, whole ones; they are copied. */
    public void lay(long first, ByteBuffer bytes) {
        Checks.that(isUnderWay() && bytes.remaining() % BLOCK_BYTES == 0, "whole blocks are laid", first);
        change(() -> changes.writeCopy(first * BLOCK_BYTES, bytes.remaining(), bytes));
    }

    /** The blocks from {@code first} on are zero. */
    public void layZeroes(long first, long blocks) {
        Checks.that(isUnderWay() && blocks > 0, "an image is under way", first, blocks);
        change(() -> changes.zero(first * BLOCK_BYTES, blocks * BLOCK_BYTES));
    }

    /** The blocks from {@code first} on are errors. */
    public void layErrors(long first, long blocks) {
        Checks.that(isUnderWay() && blocks > 0, "an image is under way", first, blocks);
        change(() -> changes.lose(first * BLOCK_BYTES, blocks * BLOCK_BYTES));
    }

    /** Everything before {@code endBlock} is laid. */
    public void laidUpTo(long endBlock) {
        Mark now = mark.orElseThrow();
        Checks.that(isUnderWay() && endBlock >= now.laidBlocks, "an image is laid in order", endBlock, now.laidBlocks);
        noteLaid(new Mark(now.epoch, now.seq, endBlock, false));
    }

    /** What belongs to a position beside its blocks. */
    public record Ending(List<EpochStart> history, List<Long> snapshots, long made, String name) {}

    /**
     * Everything is laid. The history of the position is the shard's once a root has it; of its snapshots only those
     * are kept, and that which was made there is made.
     */
    public void complete(Ending ending) {
        List<EpochStart> history = ending.history;
        Mark now = mark.orElseThrow();
        Checks.that(isUnderWay(), "an image is complete once", now.seq);
        boolean matches = !history.isEmpty()
                && history.getLast().epoch() == now.epoch
                && history.getLast().firstSeq() <= now.seq;
        Checks.that(matches, "the history ends in the position", now.epoch, now.seq);
        mark = Optional.of(new Mark(now.epoch, now.seq, now.laidBlocks, true));
        changes.open().lays(mark.get(), position());
        changes.open().completes(history);
        long seq = path.held();
        if (!Mutant.on("lane.image-keeps-what-went")) {
            changes.control(new ControlEntry.KeepOnly(seq, ending.snapshots));
        }
        if (ending.made > 0) {
            changes.control(new ControlEntry.Snapshot(seq, ending.made, false, ending.name));
        }
        lane.rootWanted("image");
        if (Mutant.on("lane.image-position-before-root")) {
            arrive(history);
        }
    }

    /** The root with what was frozen is durable. */
    void installed(Segment segment) {
        if (segment.image().filter(Mark::whole).isPresent() && mark.isPresent()) {
            arrive(segment.completed());
        }
    }

    private void arrive(List<EpochStart> history) {
        Mark done = mark.orElseThrow();
        mark = Optional.empty();
        run.jump(done.seq, history);
        path.jump(done.epoch, done.seq);
    }

    private void change(Runnable laying) {
        int before = changes.open().map().entries();
        laying.run();
        lane.changed(changes.open().map().entries() - before);
    }

    private boolean isUnderWay() {
        return mark.isPresent() && !mark.get().whole;
    }

    private void noteLaid(Mark next) {
        mark = Optional.of(next);
        boolean more = Mutant.on("lane.image-says-more");
        Mark said = more ? new Mark(next.epoch, next.seq, next.laidBlocks + 16, false) : next;
        changes.open().lays(said, position());
    }

    private EpochStart position() {
        return new EpochStart(Math.max(1, run.epochOf(path.held())), path.held());
    }
}
