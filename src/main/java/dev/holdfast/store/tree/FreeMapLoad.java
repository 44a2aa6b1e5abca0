package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Brings a free map back from the image and the deferred list of the newest root, with many reads under way at once. It
 * asks for blocks and takes their verified bytes; reading them is the caller's.
 */
public final class FreeMapLoad {
    private static final int IMAGE = 0;
    private static final int LIST = 1;
    private static final int WORDS = Pointers.BLOCK_BYTES / Long.BYTES;

    private final FreeMap.OnDisk onDisk;
    private final FreeMap map;
    private final TreeWalk image;
    private final TreeWalk list;
    private final LongList freed = new LongList();
    private long countSaid;
    private final long dataBlocks;
    private long asked;
    private long underWay;
    private boolean sound;

    /**
     * A load of what a root names.
     *
     * @param dataBlocks of the array; it may have grown since the image was written
     */
    public FreeMapLoad(ObjectRoot image, ObjectRoot deferred, long dataBlocks) {
        this.dataBlocks = dataBlocks;
        this.sound = image.height() <= FreeMap.OnDisk.MAX_HEIGHT && image.blocks() <= FreeMap.areas(dataBlocks);
        this.onDisk = sound
                ? new FreeMap.OnDisk(dataBlocks, image, deferred)
                : new FreeMap.OnDisk(dataBlocks, ObjectRoot.EMPTY, ObjectRoot.EMPTY);
        this.map = new FreeMap(dataBlocks, onDisk);
        this.image = new TreeWalk(onDisk.image());
        this.list = new TreeWalk(onDisk.deferred());
    }

    /**
     * The next block to read; each must be brought with {@link #supply}, in any order. One that can't be read ends the
     * load: without its free map a pool takes no changes.
     *
     * @return the ticket to bring it with, or -1: nothing now
     */
    public long next(PointerSlot out) {
        long ticket = sound ? image.next(out) : -1;
        int which = IMAGE;
        if (ticket < 0 && sound) {
            ticket = list.next(out);
            which = LIST;
        }
        if (ticket < 0) {
            return -1;
        }
        asked++;
        sound = out.isPresent() && out.address() > 0 && out.address() < dataBlocks && asked < dataBlocks;
        if (!sound) {
            return -1;
        }
        underWay++;
        return ticket << 1 | which;
    }

    /** The verified bytes of the block that {@link #next} gave with {@code pointer} and {@code ticket}. */
    public void supply(long ticket, PointerSlot pointer, ByteBuffer bytes, int offset) {
        Checks.that(underWay > 0, "only what was asked for is brought", ticket);
        underWay--;
        Pointers.littleEndian(bytes);
        long inner = ticket >>> 1;
        boolean isNode = TreeWalk.level(inner) > 0;
        if ((ticket & 1) == IMAGE) {
            if (isNode) {
                onDisk.nodes().insert(pointer.address(), pointer.birth(), bytes, offset);
                image.node(inner, bytes, offset);
            } else {
                sound &= TreeWalk.first(inner) < FreeMap.areas(dataBlocks)
                        && map.loadArea((int) TreeWalk.first(inner), bytes, offset);
            }
        } else {
            onDisk.listBlocks().add(pointer.address());
            if (isNode) {
                list.node(inner, bytes, offset);
            } else {
                readList(TreeWalk.first(inner), bytes, offset);
            }
        }
    }

    /** Whether everything asked for has come and nothing more is wanted. */
    public boolean done() {
        return underWay == 0 && (!sound || image.done() && list.done());
    }

    /** The free map; empty when what is stored can't be one. */
    public Optional<FreeMap> result() {
        Checks.that(done(), "a free map is whole or nothing", underWay);
        sound &= countSaid == freed.size();
        freed.sort();
        for (int i = 0; i < freed.size() && sound; i++) {
            sound = (i == 0 || freed.get(i) != freed.get(i - 1)) && map.loadDeferred(freed.get(i));
        }
        return sound ? Optional.of(map) : Optional.empty();
    }

    private void readList(long block, ByteBuffer bytes, int offset) {
        for (int i = 0; i < WORDS; i++) {
            long word = bytes.getLong(offset + i * Long.BYTES);
            if (block == 0 && i == 0) {
                countSaid = word;
            } else if (word != 0) {
                freed.add(word);
            }
        }
    }
}
