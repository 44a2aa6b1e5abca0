package dev.holdfast.store.tree;

import java.nio.ByteBuffer;

/**
 * A pointer that its owner uses again and again, so that a lookup allocates nothing. Not kept by whoever is shown it.
 */
public final class PointerSlot {
    private long address;
    private long birth;
    private int checksum;
    private byte flags;
    private long used;

    /** See {@link BlockPointer#address}. */
    public long address() {
        return address;
    }

    /** See {@link BlockPointer#birth}. */
    public long birth() {
        return birth;
    }

    /** See {@link BlockPointer#checksum}. */
    public int checksum() {
        return checksum;
    }

    /** See {@link BlockPointer#flags}. */
    public byte flags() {
        return flags;
    }

    /** See {@link BlockPointer#used}. */
    public long used() {
        return used;
    }

    /** Whether nothing is there. */
    public boolean isHole() {
        return flags == 0;
    }

    /** Whether a block is there. */
    public boolean isPresent() {
        return flags == Pointers.PRESENT;
    }

    /** Whether it is the same block as {@code other}, or neither is there. */
    public boolean sameBlock(PointerSlot other) {
        return address == other.address && birth == other.birth && flags == other.flags;
    }

    /** Becomes a hole. */
    public void clear() {
        set(0, 0, 0, (byte) 0, 0);
    }

    /** Takes these values. */
    public void set(long address, long birth, int checksum, byte flags, long used) {
        this.address = address;
        this.birth = birth;
        this.checksum = checksum;
        this.flags = flags;
        this.used = used;
    }

    /** Takes the values of {@code pointer}. */
    public void set(BlockPointer pointer) {
        set(pointer.address(), pointer.birth(), pointer.checksum(), pointer.flags(), pointer.used());
    }

    /** Takes the values of {@code other}. */
    public void set(PointerSlot other) {
        set(other.address, other.birth, other.checksum, other.flags, other.used);
    }

    /** Takes the pointer at {@code at} of a node's bytes. */
    public void read(ByteBuffer bytes, int at) {
        address = bytes.getLong(at);
        birth = bytes.getLong(at + Pointers.AT_BIRTH);
        long word = bytes.getLong(at + Pointers.AT_CHECKSUM);
        checksum = (int) word;
        flags = (byte) (word >>> 32);
        used = bytes.getLong(at + Pointers.AT_USED);
    }

    /** The same as a value. */
    public BlockPointer toPointer() {
        return new BlockPointer(address, birth, checksum, flags, used);
    }

    /** What a lookup that ended at this data pointer has found. */
    Lookup found() {
        return switch (flags) {
            case 0 -> Lookup.HOLE;
            case Pointers.PRESENT -> Lookup.FOUND;
            default -> Lookup.UNREADABLE;
        };
    }

    @Override
    public String toString() {
        return "block " + address + " born " + birth + " flags " + flags + " used " + used;
    }
}
