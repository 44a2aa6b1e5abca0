package dev.holdfast.host.raft;

import dev.holdfast.io.OrderedLog;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What one entry of the Raft log holds: records that one member proposed together, and a number by which a second copy
 * is known. Integers are big endian.
 *
 * <pre>
 *  0  u32  0x48464231 ("HFB1")
 *  4  u128 proposer: one per start of a member
 * 20  u64  number: 0, 1, 2, ... per proposer
 * 28  u32  count of records
 * 32       each record: u32 length, bytes
 * </pre>
 */
record RaftBatch(UUID proposer, long number, List<byte[]> records) {
    /** A batch takes no further record once it has this many bytes. */
    static final int FULL_BYTES = 256 << 10;

    /** The most bytes that an encoded batch has. */
    static final int MOST_BYTES = FULL_BYTES + OrderedLog.RECORD_BYTES + 64;

    /** What a record takes beyond its own bytes. */
    static final int RECORD_HEAD_BYTES = 4;

    private static final int MAGIC = 0x48464231;
    private static final int HEAD_BYTES = 32;

    byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + bytesOf(records));
        bytes.putInt(MAGIC);
        bytes.putLong(proposer.getMostSignificantBits());
        bytes.putLong(proposer.getLeastSignificantBits());
        bytes.putLong(number);
        bytes.putInt(records.size());
        for (byte[] record : records) {
            bytes.putInt(record.length).put(record);
        }
        return bytes.array();
    }

    /** The batch in {@code bytes}, copied out of them; empty if they are none. */
    static Optional<RaftBatch> decode(ByteBuffer bytes) {
        int length = bytes.remaining();
        if (length < HEAD_BYTES || length > MOST_BYTES || bytes.getInt() != MAGIC) {
            return Optional.empty();
        }
        UUID proposer = new UUID(bytes.getLong(), bytes.getLong());
        long number = bytes.getLong();
        int count = bytes.getInt();
        List<byte[]> records = new ArrayList<>();
        while (bytes.remaining() >= RECORD_HEAD_BYTES) {
            int size = bytes.getInt();
            if (size < 0 || size > OrderedLog.RECORD_BYTES || size > bytes.remaining()) {
                return Optional.empty();
            }
            byte[] record = new byte[size];
            bytes.get(record);
            records.add(record);
        }
        boolean whole = number >= 0 && count == records.size() && !bytes.hasRemaining();
        return whole ? Optional.of(new RaftBatch(proposer, number, records)) : Optional.empty();
    }

    static int bytesOf(List<byte[]> records) {
        return records.stream()
                .mapToInt(record -> RECORD_HEAD_BYTES + record.length)
                .sum();
    }
}
