package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.Status;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.cache.MergePages;
import dev.holdfast.store.read.ReadView;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * A shard's visible changes that no installed root has: segments, oldest first, and the dirty maps that readers see. It
 * numbers nothing and waits for nobody; what comes here takes effect.
 *
 * <ol>
 *   <li>The last segment is open, every other is sealed.
 *   <li>At most the first segment is frozen; it is frozen until its root is installed and its blocks are in the cache.
 *   <li>The view's maps are those of the segments, newest first.
 * </ol>
 */
final class ShardChanges {
    private static final int BLOCK_BYTES = MergePages.PAGE_BYTES;

    private final MergePages pages;
    private final ReadView view;
    private final ArrayDeque<Segment> segments = new ArrayDeque<>();
    private Segment open;
    private ByteBuffer slots;
    private ShardMeta meta;
    private boolean deleted;
    private boolean frozen;

    ShardChanges(ShardMeta meta, ObjectRoot tree, MergePages pages, ByteBuffer slots) {
        this.meta = meta;
        this.pages = pages;
        this.slots = slots;
        this.view = new ReadView(meta.id(), tree);
        this.open = newSegment(0);
    }

    ReadView view() {
        return view;
    }

    ShardMeta meta() {
        return meta;
    }

    boolean isDeleted() {
        return deleted;
    }

    /** The segment that takes changes. */
    Segment open() {
        return open;
    }

    /** Whether nothing waits for a freeze. */
    boolean isClean() {
        return segments.size() == (frozen ? 2 : 1) && open.isEmpty();
    }

    /** Block entries that wait for a freeze. */
    int unfrozenBlocks() {
        int blocks = 0;
        boolean skip = frozen;
        for (Segment segment : segments) {
            blocks += skip ? 0 : segment.map().entries();
            skip = false;
        }
        return blocks;
    }

    /** First memory log entry that waits for a freeze; beyond all of them if none does. */
    long firstUnfrozenEntry() {
        long first = Long.MAX_VALUE;
        boolean skip = frozen;
        for (Segment segment : segments) {
            first = skip ? first : Math.min(first, segment.firstEntry());
            skip = false;
        }
        return first;
    }

    /** Memory log slots lie in {@code newSlots} from now on; those that maps know of are there too. */
    void useSlots(ByteBuffer newSlots) {
        slots = newSlots;
        open.map().useSlots(newSlots);
    }

    /** Bytes of a write that lie in the memory log, the first at {@code at} of the slots. */
    void write(long offset, int lengthBytes, long at) {
        Checks.that(
                lengthBytes == 0 || offset + lengthBytes <= meta.sizeBytes(), "a write is inside", offset, lengthBytes);
        DirtyMap map = open.map();
        for (int done = 0; done < lengthBytes; ) {
            long block = (offset + done) / BLOCK_BYTES;
            int start = (int) ((offset + done) % BLOCK_BYTES);
            int length = Math.min(BLOCK_BYTES - start, lengthBytes - done);
            if (length == BLOCK_BYTES) {
                map.putSlot(block, (int) ((at + done) / BLOCK_BYTES));
            } else {
                map.putPart(block, start, slots, (int) (at + done), length);
            }
            done += length;
        }
    }

    /** The first {@code lengthBytes} of {@code payload}, which is replayed; they are copied. */
    void writeCopy(long offset, int lengthBytes, ByteBuffer payload) {
        Checks.that(lengthBytes <= payload.remaining(), "a write has its bytes", lengthBytes, payload.remaining());
        DirtyMap map = open.map();
        for (int done = 0; done < lengthBytes; ) {
            long block = (offset + done) / BLOCK_BYTES;
            int start = (int) ((offset + done) % BLOCK_BYTES);
            int length = Math.min(BLOCK_BYTES - start, lengthBytes - done);
            if (length == BLOCK_BYTES) {
                map.putCopy(block, payload, payload.position() + done);
            } else {
                map.putPart(block, start, payload, payload.position() + done, length);
            }
            done += length;
        }
    }

    /** The bytes of the range were lost: every block it touches is an error until it is overwritten whole. */
    void lose(long offset, long lengthBytes) {
        for (long block = offset / BLOCK_BYTES; block * BLOCK_BYTES < offset + lengthBytes; block++) {
            open.map().lose(block);
        }
    }

    /** The range reads as zeroes. */
    void zero(long offset, long lengthBytes) {
        if (lengthBytes == 0) {
            return;
        }
        DirtyMap map = open.map();
        long end = offset + lengthBytes;
        long firstWhole = (offset + BLOCK_BYTES - 1) / BLOCK_BYTES;
        long endWhole = end / BLOCK_BYTES;
        if (firstWhole > endWhole) {
            map.zeroPart(endWhole, (int) (offset % BLOCK_BYTES), (int) lengthBytes);
            return;
        }
        if (offset % BLOCK_BYTES != 0) {
            int start = (int) (offset % BLOCK_BYTES);
            map.zeroPart(offset / BLOCK_BYTES, start, BLOCK_BYTES - start);
        }
        if (firstWhole < endWhole) {
            map.zero(firstWhole, endWhole - firstWhole);
        }
        if (end % BLOCK_BYTES != 0) {
            map.zeroPart(endWhole, 0, (int) (end % BLOCK_BYTES));
        }
    }

    /** A change that is not one of bytes; the segment already covers it. */
    void control(ControlEntry entry) {
        open.add(entry);
        switch (entry) {
            case ControlEntry.Resize resize -> resize(resize.sizeBytes());
            case ControlEntry.Delete delete -> deleted = true;
            case ControlEntry.Snapshot marker -> {
                if (!Mutant.on("lane.marker-does-not-seal")) {
                    sealOpen();
                }
            }
            case ControlEntry.Create create -> {}
            case ControlEntry.DeleteSnapshot delete -> {}
            case ControlEntry.KeepOnly keep -> {}
        }
    }

    /** The shard has another size; what is cut off reads as zeroes should it come back. */
    void resize(long sizeBytes) {
        long oldEnd = (meta.sizeBytes() + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
        zero(sizeBytes, Math.max(0, oldEnd - sizeBytes));
        meta = meta.withSize(sizeBytes);
    }

    /** Number of the newest of the oldest changes that are sealed and not frozen; beyond all without any. */
    long firstSealedSeq() {
        boolean skip = frozen;
        for (Segment segment : segments) {
            if (!skip) {
                return segment.isSealed() ? segment.lastSeq() : Long.MAX_VALUE;
            }
            skip = false;
        }
        return Long.MAX_VALUE;
    }

    /** Seals the oldest changes, if they are not: they wait for a consistency point as they are. */
    void sealOldest() {
        Checks.that(!frozen && !isClean(), "there is something to seal");
        if (!segments.getFirst().isSealed()) {
            sealOpen();
        }
    }

    /** Seals the oldest changes for a consistency point. There are some: {@link #isClean} is false. */
    FrozenShard freeze(long durableSeq) {
        Checks.that(!frozen && !isClean(), "one freeze at a time, of something");
        sealOldest();
        frozen = true;
        return segments.getFirst().frozen(durableSeq);
    }

    /** Whether somebody waits for a root with changes that are not frozen. */
    boolean isAwaited() {
        boolean skip = frozen;
        for (Segment segment : segments) {
            if (!skip && !segment.awaitRoot().isEmpty()) {
                return true;
            }
            skip = false;
        }
        return false;
    }

    /**
     * What is visible ends before the first segment with a change after {@code seq}, as if nothing had come since; who
     * waits for its root is told that none comes. Nothing after {@code seq} is frozen.
     *
     * @return the newest change that is left; 0 if none is in any segment
     */
    long hideAfter(long seq) {
        while (!segments.isEmpty()
                && (segments.getLast().isEmpty() || segments.getLast().lastSeq() > seq)) {
            Segment segment = segments.removeLast();
            Checks.that(!frozen || !segments.isEmpty(), "what is frozen is stable", seq, segment.lastSeq());
            deleted = deleted && segment.isEmpty();
            meta = segment.before();
            segment.awaitRoot().forEach(done -> done.done(Status.IO_ERROR));
            view.removeNewest(segment.map());
            segment.map().drop();
        }
        long left = segments.isEmpty() ? 0 : segments.getLast().lastSeq();
        open = newSegment(0);
        return left;
    }

    /** No root will come any more: whoever waits for one is told. */
    void fail() {
        for (Segment segment : segments) {
            segment.awaitRoot().forEach(done -> done.done(Status.IO_ERROR));
            segment.awaitRoot().clear();
        }
    }

    /** Whether some segment is frozen. */
    boolean isFrozen() {
        return frozen;
    }

    /** The segment that is frozen. */
    Segment frozenSegment() {
        Checks.that(frozen, "something is frozen");
        return segments.getFirst();
    }

    /** The frozen segment's root is installed and nothing needs the segment any more. */
    void dropFrozen() {
        Checks.that(frozen, "only what was frozen is dropped");
        Segment segment = segments.removeFirst();
        view.removeOldest(segment.map());
        segment.map().drop();
        frozen = false;
    }

    private void sealOpen() {
        open.seal(meta);
        open = newSegment(open.map().entries());
    }

    /** What changes next is probably about as much as before: a map that has its size need not grow. */
    private Segment newSegment(int expectedBlocks) {
        Segment segment = new Segment(new DirtyMap(slots, pages, expectedBlocks), meta);
        segments.addLast(segment);
        view.push(segment.map());
        return segment;
    }
}
