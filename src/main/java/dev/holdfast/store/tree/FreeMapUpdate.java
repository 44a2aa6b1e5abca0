package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.LongList;
import dev.holdfast.base.Mutant;
import java.nio.ByteBuffer;

/**
 * Writes the free map's image and the deferred list of one consistency point, the last thing before its root: nobody
 * allocates or frees after it. Does not decide what is free.
 *
 * <p><b>The circle.</b> Writing the image takes blocks, whose bits change the image; replacing its old blocks frees
 * them, which lengthens the deferred list, which takes blocks. Let D be the set of areas whose bits differ from image
 * n-1, and
 *
 * <pre>
 *   E(D) = blocks freed by others + blocks of deferred list n-1 + old bitmap blocks and old nodes above D
 *   N(D) = |D| + nodes above D + blocks of a list of E(D) addresses + nodes above those
 * </pre>
 *
 * All addresses allocated here are kept. One round: make the image's paths to D changed (this frees what they replace),
 * size the list, allocate what N(D) lacks; that may have added areas to D: repeat.
 *
 * <p><b>It ends.</b> D only grows, as nothing is unset while it goes on, and has at most as many elements as the array
 * has areas; a round that adds none is the last. E and N grow with D, so nothing allocated is ever too much: at the end
 * exactly N(D) blocks are owned and each is written. In practice two rounds, since the cursor stays in an area already
 * in D.
 *
 * <p><b>Image n = reach(n) + reach(n-1).</b> Let T be the bits before n began. By induction T = reach(n-1) +
 * reach(n-2). Allocation sets bits: T + allocated(n). {@link FreeMap#settle} then clears two lists. (1) deferred(n-1) =
 * reach(n-2) without reach(n-1); none of it is in reach(n), since its bits were set all along and so it was not
 * allocated. (2) What n allocated and dropped: in no root. What remains is reach(n-1) + what n allocated and kept =
 * reach(n-1) + reach(n). And deferred(n) = reach(n-1) without reach(n), because {@link FreeMap#free} puts there exactly
 * what has an older birth. "reach" includes the snapshots and pins of a root: what they hold is never freed. Base: on a
 * fresh array both are empty.
 *
 * <p><b>Reuse.</b> The bits of deferred(n-1) are clear in memory from {@code settle} on, before root n is durable; so
 * allocating is refused until {@link FreeMap#retire}.
 *
 * <p>Deferred list, an object of little-endian words of 8 bytes: word 0 = count; words 1 .. count = addresses; zero to
 * the end of the last block. Empty list: empty object. Bitmap block b: bit i of byte j = address b x 32768 + 8 j + i. A
 * bitmap block that was never written is a hole: all free (but for address 0).
 */
public final class FreeMapUpdate {
    private static final int WORDS = Pointers.BLOCK_BYTES / Long.BYTES;

    private enum Stage {
        /** Addresses for everything are to be found. */
        CIRCLE,
        /** Bitmap blocks are being written. */
        AREAS,
        /** Blocks of the deferred list are being written. */
        LIST,
        /** Nodes of the image are being written. */
        IMAGE_NODES,
        /** Nodes of the list are being written. */
        LIST_NODES,
        /** Both roots are known. */
        DONE
    }

    private final FreeMap map;
    private final FreeMap.OnDisk onDisk;
    private final BlockSink sink;
    private final long cp;
    private final TreeUpdate image;
    private final TreeUpdate list;
    private final LongList owned = new LongList();
    private final LongList staleNodes = new LongList();
    private final Crc32c crc = new Crc32c();
    private Stage stage = Stage.CIRCLE;
    private int nextOwned;
    private int next;

    /** The update for the consistency point that {@code map} is in; blocks to write go to {@code sink}. */
    public FreeMapUpdate(FreeMap map, BlockSink sink) {
        this.map = map;
        this.onDisk = map.onDisk();
        this.sink = sink;
        this.cp = map.cp();
        this.image = new TreeUpdate(onDisk.image(), cp, onDisk.nodes(), onDisk.pages(), this::freedByImage);
        this.list = new TreeUpdate(ObjectRoot.EMPTY, cp, onDisk.nodes(), onDisk.pages(), (address, birth, node) -> {
            throw Checks.unreachable("a new list replaces nothing");
        });
        image.resize(FreeMap.areas(map.dataBlocks()));
    }

    /** Writes up to {@code maxBlocks} blocks; true when all are written and {@link #imageRoot} is the new one. */
    public boolean step(int maxBlocks) {
        for (int i = 0; i < maxBlocks && stage != Stage.DONE; i++) {
            stage = switch (stage) {
                case CIRCLE -> settle();
                case AREAS -> writeArea();
                case LIST -> writeListBlock();
                case IMAGE_NODES -> image.step(1) ? Stage.LIST_NODES : Stage.IMAGE_NODES;
                case LIST_NODES -> list.step(1) ? complete() : Stage.LIST_NODES;
                case DONE -> Stage.DONE;
            };
        }
        return stage == Stage.DONE;
    }

    /** Object root of the free map for the new root. */
    public ObjectRoot imageRoot() {
        Checks.that(stage == Stage.DONE, "the image is written");
        return image.result();
    }

    /** Object root of the deferred list for the new root. */
    public ObjectRoot deferredRoot() {
        Checks.that(stage == Stage.DONE, "the list is written");
        return list.result();
    }

    private void freedByImage(long address, long birth, boolean node) {
        map.free(address, birth);
        if (node) {
            staleNodes.add(address);
            staleNodes.add(birth);
        }
    }

    private Stage settle() {
        LongList old = onDisk.listBlocks();
        for (int i = 0; i < old.size(); i++) {
            map.free(old.get(i), onDisk.deferred().root().birth());
        }
        if (Mutant.on("tree.list-blocks-leak")) {
            map.deferredList().clear();
        }
        old.clear();
        int areas = 0;
        long listBlocks = 0;
        do {
            while (areas < map.dirtyAreas().size()) {
                image.touch(map.dirtyAreas().get(areas++));
            }
            list.resize(listBlocks(map.deferredList().size()));
            while (listBlocks < list.blocks()) {
                list.touch(listBlocks++);
            }
            long needed = areas + image.dirtyNodes() + listBlocks + list.dirtyNodes();
            while (owned.size() < needed) {
                owned.add(map.allocate());
            }
        } while (areas < map.dirtyAreas().size());
        map.settle();
        return Stage.AREAS;
    }

    /** Blocks of a list of so many addresses. */
    static long listBlocks(long addresses) {
        return addresses == 0 ? 0 : (addresses + WORDS) / WORDS;
    }

    private Stage writeArea() {
        if (next == map.dirtyAreas().size()) {
            next = 0;
            return Stage.LIST;
        }
        int area = (int) map.dirtyAreas().get(next++);
        int page = onDisk.pages().take();
        map.copyArea(area, onDisk.pages().bytes(page), onDisk.pages().offset(page));
        writeData(image, area, page);
        return Stage.AREAS;
    }

    private Stage writeListBlock() {
        if (next == list.blocks()) {
            image.finish(this::nextOwned, this::writeImageNode);
            list.finish(this::nextOwned, this::writeListNode);
            return Stage.IMAGE_NODES;
        }
        LongList freed = map.deferredList();
        int page = onDisk.pages().takeZeroed();
        ByteBuffer bytes = onDisk.pages().bytes(page);
        int offset = onDisk.pages().offset(page);
        for (int i = 0; i < WORDS; i++) {
            int word = next * WORDS + i;
            if (word <= freed.size()) {
                bytes.putLong(offset + i * Long.BYTES, word == 0 ? freed.size() : freed.get(word - 1));
            }
        }
        onDisk.listBlocks().add(writeData(list, next++, page));
        return Stage.LIST;
    }

    private long writeData(TreeUpdate update, long block, int page) {
        ByteBuffer bytes = onDisk.pages().bytes(page);
        int offset = onDisk.pages().offset(page);
        long address = nextOwned();
        sink.write(address, bytes, offset);
        update.put(block, address, crc.ofBlock(bytes, offset));
        onDisk.pages().give(page);
        return address;
    }

    private void writeImageNode(long address, ByteBuffer bytes, int offset) {
        onDisk.nodes().insert(address, cp, bytes, offset);
        sink.write(address, bytes, offset);
    }

    private void writeListNode(long address, ByteBuffer bytes, int offset) {
        onDisk.listBlocks().add(address);
        sink.write(address, bytes, offset);
    }

    private long nextOwned() {
        return owned.get(nextOwned++);
    }

    private Stage complete() {
        Checks.that(
                nextOwned == owned.size(), "every block allocated for the image is written", nextOwned, owned.size());
        for (int i = 0; i < staleNodes.size(); i += 2) {
            onDisk.nodes().drop(staleNodes.get(i), staleNodes.get(i + 1));
        }
        onDisk.become(image.result(), list.result());
        map.written();
        return Stage.DONE;
    }
}
