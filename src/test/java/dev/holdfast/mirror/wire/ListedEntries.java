package dev.holdfast.mirror.wire;

import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.Batch;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Entries of a test, as a list. */
record ListedEntries(long first, List<One> list) implements Entries {
    /** One entry; its checksum is that of its bytes unless the test says another. */
    record One(int epoch, EntryKind kind, int flags, long offset, long lengthBytes, byte[] payload, int checksum) {
        static One of(int epoch, EntryKind kind, int flags, long offset, long lengthBytes, byte[] payload) {
            int checksum = new Crc32c().of(ByteBuffer.wrap(payload), 0, payload.length);
            return new One(epoch, kind, flags, offset, lengthBytes, payload, checksum);
        }

        static One write(int epoch, long offset, byte[] payload) {
            return of(epoch, EntryKind.WRITE, 0, offset, payload.length, payload);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof One one && toString().equals(one.toString());
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(payload);
        }

        @Override
        public String toString() {
            return epoch + " " + kind + " " + flags + " " + offset + "+" + lengthBytes + " " + checksum + " "
                    + HexFormat.of().formatHex(payload);
        }
    }

    /** What a batch says, as far as its entries can be read. */
    static List<One> of(Batch batch) {
        List<One> list = new ArrayList<>();
        for (long seq = batch.first(); seq <= batch.last(); seq++) {
            long wanted = seq;
            ((Entries) batch).read(seq, (epoch, number, kind, flags, offset, length, payload, checksum) -> {
                if (number != wanted || epoch != batch.epochAt(wanted)) {
                    throw new AssertionError("another entry was read: " + number + " for " + wanted);
                }
                byte[] bytes = new byte[payload.remaining()];
                payload.get(bytes);
                list.add(new One(epoch, kind, flags, offset, length, bytes, checksum));
            });
        }
        return list;
    }

    @Override
    public long last() {
        return first + list.size() - 1;
    }

    @Override
    public int epochAt(long seq) {
        return list.get((int) (seq - first)).epoch;
    }

    @Override
    public int payloadBytes() {
        return list.stream().mapToInt(one -> one.payload.length).sum();
    }

    @Override
    public int payloadBytes(long seq) {
        return list.get((int) (seq - first)).payload.length;
    }

    @Override
    public void read(long seq, EntryReader reader) {
        One one = list.get((int) (seq - first));
        ByteBuffer payload = ByteBuffer.wrap(one.payload);
        reader.entry(one.epoch, seq, one.kind, one.flags, one.offset, one.lengthBytes, payload, one.checksum);
    }
}
