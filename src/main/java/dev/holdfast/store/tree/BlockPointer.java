package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;

/**
 * Where a block is, when it was written and what its bytes must be; as a value, for roots and tables. Not for the read
 * and write path, which works on bytes ({@link Pointers}) and on {@link PointerSlot}.
 *
 * @param address block of the array's data area; 0 when there is none
 * @param birth the consistency point that wrote it
 * @param checksum CRC32C of the 4096 bytes
 * @param flags {@link Pointers#PRESENT}, {@link Pointers#UNREADABLE} or 0
 * @param used data blocks present at or beneath it
 */
public record BlockPointer(long address, long birth, int checksum, byte flags, long used) {
    /** Nothing there. */
    public static final BlockPointer HOLE = new BlockPointer(0, 0, 0, (byte) 0, 0);

    /** Checks what holds for every pointer that we write. */
    public BlockPointer {
        Checks.that(flags >= 0 && flags <= Pointers.UNREADABLE, "flags are hole, present or unreadable", flags);
        Checks.that((flags == Pointers.PRESENT) == (address != 0), "present means an address", address, flags);
    }

    /** Whether nothing is there. */
    public boolean isHole() {
        return flags == 0;
    }

    /** Whether it is a recorded error. */
    public boolean isUnreadable() {
        return flags == Pointers.UNREADABLE;
    }

    /** Whether the 32 bytes at {@code at} are a pointer; bytes from outside are asked this before {@link #read}. */
    public static boolean isValid(ByteBuffer bytes, int at) {
        byte flags = Pointers.flags(bytes, at);
        long address = Pointers.address(bytes, at);
        long birth = Pointers.birth(bytes, at);
        long used = Pointers.used(bytes, at);
        boolean plain = bytes.get(at + Pointers.AT_LENGTH_CLASS) == 0 && bytes.getShort(at + Pointers.AT_BRANCH) == 0;
        int checksum = Pointers.checksum(bytes, at);
        return plain
                && switch (flags) {
                    case 0 -> address == 0 && birth == 0 && checksum == 0 && used == 0;
                    case Pointers.PRESENT -> address > 0 && birth > 0 && used >= 0;
                    case Pointers.UNREADABLE -> address == 0 && birth > 0 && checksum == 0 && used == 0;
                    default -> false;
                };
    }

    /** The pointer in the 32 bytes at {@code at}, for which {@link #isValid} holds. */
    public static BlockPointer read(ByteBuffer bytes, int at) {
        Checks.that(isValid(Pointers.littleEndian(bytes), at), "the bytes are a pointer", at);
        return new BlockPointer(
                Pointers.address(bytes, at),
                Pointers.birth(bytes, at),
                Pointers.checksum(bytes, at),
                Pointers.flags(bytes, at),
                Pointers.used(bytes, at));
    }

    /** Writes the 32 bytes at {@code at}. */
    public void write(ByteBuffer bytes, int at) {
        Pointers.put(Pointers.littleEndian(bytes), at, address, birth, checksum, flags, used);
    }
}
