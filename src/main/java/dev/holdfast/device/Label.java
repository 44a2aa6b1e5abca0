package dev.holdfast.device;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a device says of itself: whose it is, its place in the array, the layout. It does not say whether its contents
 * are current; the roots do.
 *
 * <p>One block of 4096 bytes at 0 and again at 4096, little endian; either suffices:
 *
 * <pre>
 *   0  8 magic HFLABEL1                 48 16 device id             80  8 log region: first byte
 *   8  4 CRC32C, this field as 0        64  4 slot                  88  8 log region: length in bytes
 *  12  4 format version (1)             68  4 slots                 96  8 data area: first byte
 *  16 16 cluster id *                   72  4 kind: 1 single,      104  8 data area: blocks of 4096
 *  32 16 pool id                              2 mirror             112  8 created, ms since 1970
 *                                       76  4 copies               120  4 length of the name
 *                                                                  124 64 the pool's name, UTF-8; zeroes
 * </pre>
 *
 * An id is its upper half, then its lower half. * All 0: made to be the twin of a pool.
 *
 * @param ids whose it is
 * @param place where in the array
 * @param geometry the layout
 * @param createdMillis when the pool was made, wall time for people
 * @param poolName what people call the pool, for them; empty if the label was written before that was in it
 */
public record Label(Ids ids, Place place, Geometry geometry, long createdMillis, String poolName) {
    /** The longest name, in bytes of UTF-8. */
    public static final int MOST_NAME_BYTES = 64;

    private static final int NAME_AT = 124;

    /** Checks the name. */
    public Label {
        int bytes = poolName.getBytes(StandardCharsets.UTF_8).length;
        Checks.that(bytes <= MOST_NAME_BYTES, "a name has its place", bytes);
    }

    /** One without a name. */
    public Label(Ids ids, Place place, Geometry geometry, long createdMillis) {
        this(ids, place, geometry, createdMillis, "");
    }

    /** Length in bytes. */
    public static final int BYTES = Disk.BLOCK_BYTES;

    /** The format this program writes, and the newest it reads. */
    public static final int FORMAT_VERSION = 1;

    /** The cluster of twins. */
    public static final Id128 TWIN = new Id128(0, 0);

    private static final int CHECKSUM_AT = 8;

    /** {@code HFLABEL} and the character 1, read as little endian. */
    private static final long MAGIC = 0x314C4542414C4648L;

    private static final long MAGIC_NAME = MAGIC & 0x00FF_FFFF_FFFF_FFFFL;

    /** The ids of the cluster, the pool and the device itself. */
    public record Ids(Id128 cluster, Id128 pool, Id128 device) {}

    /** Slot {@code slot} of {@code slots}, under a protection. */
    public record Place(int slot, int slots, Protection protection) {
        /** Checks that the slot exists. */
        public Place {
            Checks.that(slot >= 0 && slot < slots, "a slot of the array", slot, slots);
            Checks.that(slots == protection.copies(), "a slot for every copy", slots, protection.copies());
        }
    }

    /** What the bytes of one label are. */
    public sealed interface Reading {
        /** A whole label. */
        record Found(Label label) implements Reading {}

        /** Nothing but zeroes. */
        record Blank() implements Reading {}

        /** Not a label of ours. */
        record Foreign() implements Reading {}

        /** Was a label of ours and is no longer whole. */
        record Damaged() implements Reading {}

        /** A label of a later format than {@link #FORMAT_VERSION}. */
        record Newer() implements Reading {}
    }

    /** Fills {@link #BYTES} of {@code into} from {@code base} on; its byte order does not matter. */
    public void encode(ByteBuffer into, int base) {
        ByteBuffer block = into.slice(base, BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            block.putLong(at, 0);
        }
        block.putLong(0, MAGIC).putInt(12, FORMAT_VERSION);
        putId(block, 16, ids.cluster);
        putId(block, 32, ids.pool);
        putId(block, 48, ids.device);
        block.putInt(64, place.slot).putInt(68, place.slots);
        block.putInt(72, place.protection.kind().code()).putInt(76, place.protection.copies());
        block.putLong(80, geometry.logOffset()).putLong(88, geometry.logBytes());
        block.putLong(96, geometry.dataOffset()).putLong(104, geometry.dataBlocks());
        block.putLong(112, createdMillis);
        byte[] name = poolName.getBytes(StandardCharsets.UTF_8);
        block.putInt(NAME_AT - Integer.BYTES, name.length).put(NAME_AT, name);
        block.putInt(CHECKSUM_AT, checksum(block));
    }

    /** What {@link #BYTES} of {@code from} from {@code base} on are; any bytes get an answer. */
    public static Reading decode(ByteBuffer from, int base) {
        ByteBuffer block = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        block.put(0, from, base, BYTES);
        long magic = block.getLong(0);
        if (magic != MAGIC) {
            return otherThanLabel(block, magic);
        }
        if (block.getInt(CHECKSUM_AT) != checksum(block)) {
            return new Reading.Damaged();
        }
        if (block.getInt(12) > FORMAT_VERSION) {
            return new Reading.Newer();
        }
        Optional<Label> label = fields(block);
        return label.isPresent() ? new Reading.Found(label.get()) : new Reading.Damaged();
    }

    /** True if it was made to be the twin of a pool: nobody begins a new pool on it. */
    public boolean isTwin() {
        return ids.cluster.equals(TWIN);
    }

    /** True if both belong to one array: same pool, same shape, different places. */
    public boolean agreesWith(Label other) {
        return ids.cluster.equals(other.ids.cluster)
                && ids.pool.equals(other.ids.pool)
                && place.slots == other.place.slots
                && place.protection.equals(other.place.protection)
                && geometry.equals(other.geometry);
    }

    private static Reading otherThanLabel(ByteBuffer block, long magic) {
        if ((magic & MAGIC_NAME) == MAGIC_NAME && (magic >>> 56) > '1' && (magic >>> 56) <= '9') {
            return new Reading.Newer();
        }
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            if (block.getLong(at) != 0) {
                return new Reading.Foreign();
            }
        }
        return new Reading.Blank();
    }

    private static Optional<Label> fields(ByteBuffer block) {
        int slot = block.getInt(64);
        int slots = block.getInt(68);
        Optional<Protection> protection = Protection.ofCode(block.getInt(72), block.getInt(76));
        long logOffset = block.getLong(80);
        long logBytes = block.getLong(88);
        long dataOffset = block.getLong(96);
        long dataBlocks = block.getLong(104);
        boolean placed = block.getInt(12) == FORMAT_VERSION
                && slot >= 0
                && slot < slots
                && protection.isPresent()
                && slots == protection.get().copies();
        if (!placed || !Geometry.isValid(logOffset, logBytes, dataOffset, dataBlocks)) {
            return Optional.empty();
        }
        return Optional.of(new Label(
                new Ids(id(block, 16), id(block, 32), id(block, 48)),
                new Place(slot, slots, protection.get()),
                new Geometry(logOffset, logBytes, dataOffset, dataBlocks),
                block.getLong(112),
                name(block)));
    }

    /** A length that can't be is that of no name: it is for people only. */
    private static String name(ByteBuffer block) {
        int length = block.getInt(NAME_AT - Integer.BYTES);
        byte[] bytes = new byte[length >= 0 && length <= MOST_NAME_BYTES ? length : 0];
        block.get(NAME_AT, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void putId(ByteBuffer block, int at, Id128 id) {
        block.putLong(at, id.high()).putLong(at + Long.BYTES, id.low());
    }

    private static Id128 id(ByteBuffer block, int at) {
        return new Id128(block.getLong(at), block.getLong(at + Long.BYTES));
    }

    private static int checksum(ByteBuffer block) {
        return new Crc32c().ofWithoutField(block, 0, BYTES, CHECKSUM_AT);
    }
}
