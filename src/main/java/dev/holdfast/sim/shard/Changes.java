package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.wire.Entries;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.log.EntryReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A batch of the model's entries, and how they look to others: as a write of the eight bytes of their register.
 *
 * @param list in order, not empty
 */
record Changes(List<Change> list) implements Entries {
    private static final int REGISTER_BYTES = Long.BYTES;

    Changes {
        list = List.copyOf(list);
    }

    /** What a batch that came over the wire says. */
    static Changes of(Batch batch) {
        if (!(batch instanceof Entries entries)) {
            throw Checks.unreachable("entries can be read");
        }
        List<Change> list = new ArrayList<>();
        for (long seq = batch.first(); seq <= batch.last(); seq++) {
            entries.read(seq, (epoch, number, kind, flags, offset, lengthBytes, payload, checksum) -> {
                boolean whole = lengthBytes == REGISTER_BYTES && payload.remaining() == REGISTER_BYTES;
                Checks.that(kind == EntryKind.WRITE && whole, "an entry writes a register", number);
                long value = payload.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong();
                list.add(new Change(new Position(epoch, number), (int) (offset / REGISTER_BYTES), value));
            });
        }
        return new Changes(list);
    }

    @Override
    public long first() {
        return list.getFirst().seq();
    }

    @Override
    public long last() {
        return list.getLast().seq();
    }

    @Override
    public int epochAt(long seq) {
        return at(seq).epoch();
    }

    @Override
    public int payloadBytes() {
        return list.size() * REGISTER_BYTES;
    }

    @Override
    public int payloadBytes(long seq) {
        return REGISTER_BYTES;
    }

    @Override
    public void read(long seq, EntryReader reader) {
        Change change = at(seq);
        ByteBuffer payload = ByteBuffer.allocate(REGISTER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(change.value())
                .flip();
        int checksum = new Crc32c().of(payload, 0, REGISTER_BYTES);
        long offset = (long) change.block() * REGISTER_BYTES;
        reader.entry(change.epoch(), seq, EntryKind.WRITE, 0, offset, REGISTER_BYTES, payload, checksum);
    }

    Change at(long seq) {
        return list.get((int) (seq - first()));
    }
}
