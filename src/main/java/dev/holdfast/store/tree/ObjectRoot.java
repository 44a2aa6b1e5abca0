package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * One version of one object: the pointer to its tree, how high the tree is, and the object's length. Knows nothing of
 * what the object holds.
 *
 * <pre>
 * at  size  little endian
 *  0  32    root pointer
 * 32   4    height
 * 36   4    reserved, 0
 * 40   8    length in blocks
 * </pre>
 *
 * Height 0: empty, the root pointer is a hole. Height 1: the root pointer names block 0 itself. Height h &gt;= 2: it
 * names a node, whose pointers are to objects of height h - 1. Height h reaches 128^(h-1) blocks.
 *
 * @param root the pointer at the top
 * @param height 0 .. {@link #MAX_HEIGHT}
 * @param blocks length of the object in blocks; what lies at or beyond it is a hole
 */
public record ObjectRoot(BlockPointer root, int height, long blocks) {
    /** Bytes of an object root. */
    public static final int SIZE = 48;

    /** The highest tree: 2^42 blocks, 16 PiB. */
    public static final int MAX_HEIGHT = 7;

    /** The longest object, in blocks. */
    public static final long MAX_BLOCKS = capacity(MAX_HEIGHT);

    /** An object of length 0. */
    public static final ObjectRoot EMPTY = new ObjectRoot(BlockPointer.HOLE, 0, 0);

    private static final int AT_HEIGHT = 32;
    private static final int AT_RESERVED = 36;
    private static final int AT_BLOCKS = 40;

    /** Checks what holds for every root that we write. */
    public ObjectRoot {
        Checks.that(height >= 0 && height <= MAX_HEIGHT, "the height is within the limit", height);
        Checks.that(root.isHole() == (height == 0), "only the empty object has height 0", height);
        Checks.that(blocks >= 0 && blocks <= MAX_BLOCKS, "the length is within the limit", blocks);
    }

    /** An object of {@code blocks} blocks, all of them holes. */
    public static ObjectRoot empty(long blocks) {
        return new ObjectRoot(BlockPointer.HOLE, 0, blocks);
    }

    /** Blocks that a tree of this height reaches. */
    public static long capacity(int height) {
        return height == 0 ? 0 : Pointers.span(height);
    }

    /** The least height that reaches block number {@code block}. */
    public static int heightFor(long block) {
        Checks.that(block >= 0 && block < MAX_BLOCKS, "a block number is within the limit", block);
        int height = 1;
        while (block >= capacity(height)) {
            height++;
        }
        return height;
    }

    /** Blocks that this tree reaches, whatever the length says. */
    public long capacity() {
        return capacity(height);
    }

    /**
     * Whether the 48 bytes at {@code at} are an object root; bytes from outside are asked this before {@link #read}.
     */
    public static boolean isValid(ByteBuffer bytes, int at) {
        int height = bytes.getInt(at + AT_HEIGHT);
        long blocks = bytes.getLong(at + AT_BLOCKS);
        return BlockPointer.isValid(bytes, at)
                && height >= 0
                && height <= MAX_HEIGHT
                && Pointers.isHole(bytes, at) == (height == 0)
                && bytes.getInt(at + AT_RESERVED) == 0
                && blocks >= 0
                && blocks <= MAX_BLOCKS;
    }

    /** The object root in the 48 bytes at {@code at}, for which {@link #isValid} holds. */
    public static ObjectRoot read(ByteBuffer bytes, int at) {
        Checks.that(isValid(bytes, at), "the bytes are an object root", at);
        return new ObjectRoot(
                BlockPointer.read(bytes, at), bytes.getInt(at + AT_HEIGHT), bytes.getLong(at + AT_BLOCKS));
    }

    /** Writes the 48 bytes at {@code at}. */
    public void write(ByteBuffer bytes, int at) {
        root.write(bytes, at);
        bytes.putInt(at + AT_HEIGHT, height);
        bytes.putInt(at + AT_RESERVED, 0);
        bytes.putLong(at + AT_BLOCKS, blocks);
    }
}
