package dev.holdfast.device;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Recognises what is on a disk before it is formatted, so that a typing error costs a message and not a file system. It
 * is no proof of anything: whatever is not zero counts as in use, only the words differ.
 */
public final class Signature {
    /** How many bytes from the start of a disk are looked at. */
    public static final int HEAD_BYTES = 1 << 20;

    private static final List<Mark> MARKS = List.of(
            new Mark(512, "EFI PART", "a partition table (GPT)"),
            new Mark(4096, "EFI PART", "a partition table (GPT)"),
            new Mark(512, "LABELONE", "an LVM volume"),
            new Mark(0, "XFSB", "an XFS file system"),
            new Mark(0, "LUKS", "an encrypted volume (LUKS)"),
            new Mark(0, "QFI\u00FB", "a qcow2 image"),
            new Mark(4086, "SWAPSPACE2", "swap space"),
            new Mark(65600, "_BHRfS_M", "a btrfs file system"),
            new Mark(1080, "S\u00EF", "an ext file system"),
            new Mark(510, "U\u00AA", "a partition table or boot sector"));

    private Signature() {}

    private record Mark(int offset, String bytes, String what) {
        boolean matches(ByteBuffer head) {
            byte[] expected = bytes.getBytes(StandardCharsets.ISO_8859_1);
            for (int i = 0; i < expected.length; i++) {
                if (head.get(offset + i) != expected[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    /** What the first {@link #HEAD_BYTES} of a disk look like; empty if they are all zero. */
    public static Optional<String> of(ByteBuffer head) {
        Checks.that(head.limit() == HEAD_BYTES, "the whole head", head.limit());
        for (Mark mark : MARKS) {
            if (mark.matches(head)) {
                return Optional.of(mark.what);
            }
        }
        return isZero(head) ? Optional.empty() : Optional.of("data");
    }

    /** True if every byte up to the limit is zero. */
    public static boolean isZero(ByteBuffer bytes) {
        for (int at = 0; at < bytes.limit(); at += Long.BYTES) {
            if (bytes.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
