package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.LaidImage;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One shard as the newest consistency point has it, and its record in the shard table. Only the committer touches it;
 * what clients see between consistency points is {@link Shard}'s.
 *
 * <pre>
 *    0  4 state: 1 live, 2 deleting; 0 = no shard      104  48 object: live tree
 *    4  4 shard id                                     152  48 object: snapshot table
 *    8 16 volume id                                    200  48 object: live dead list
 *   24  8 size, bytes                                  248   8 entries of the live dead list
 *   32  8 applied seq                                  256   8 next snapshot id
 *   40  4 epoch     44  4 name length                  264   8 blocks of the tree already deleted
 *   48  4 entries of the epoch history
 *   52  4 flags: 1 mirrored                            272   8 image: seq of the position, 0 = none
 *                                                     280   8 image: blocks laid
 *                                                     288   4 image: epoch of the position
 *                                                     292   4 marks of earlier roots
 *                                                     512 512 epoch history: 32 x (epoch 8, first seq 8)
 *                                                    1536 768 marks: 32 x (cp 8, applied seq 8, epoch 4, 0 4)
 *                                                     1024 255 name, UTF-8
 * </pre>
 */
public final class ShardState {
    public static final int BYTES = 4096;
    public static final int MAX_NAME_BYTES = 255;
    public static final int HISTORY = 32;

    /** Where a shard is in its life. */
    public enum Life {
        /** Served. */
        LIVE,
        /** Gone for clients; its blocks are being freed. */
        DELETING
    }

    public Life life = Life.LIVE;
    public ShardMeta meta;
    public int epoch;
    public long appliedSeq;
    public ObjectRoot tree = ObjectRoot.EMPTY;
    public SnapshotTable snapshots;
    public SnapshotRecord.DeadList liveDead = SnapshotRecord.DeadList.EMPTY;
    public long deletedBlocks;

    /** An image of which a part is laid: contents are a mixture of what the position says and what the image is of. */
    public Optional<LaidImage.Mark> image = Optional.empty();

    /** Which roots had the shard at which position. */
    public final RootMarks marks = new RootMarks();

    /** Pins that the next consistency point makes and lets go. */
    public final PinWishes pinWishes = new PinWishes();

    private final List<EpochStart> history = new ArrayList<>();

    public ShardState(ShardMeta meta) {
        this.meta = meta;
        this.snapshots = new SnapshotTable(ObjectRoot.EMPTY, 1);
    }

    public int id() {
        return meta.id();
    }

    /** Its name, for people. */
    public String name() {
        return meta.name();
    }

    /** A change that the next root covers begins a newer epoch. */
    public void startEpoch(EpochStart start) {
        Checks.that(start.epoch() > epoch, "epochs only grow", start.epoch(), epoch);
        Checks.that(start.firstSeq() > appliedSeq, "an epoch begins with a new change", start.firstSeq(), appliedSeq);
        epoch = start.epoch();
        history.add(start);
        if (history.size() > HISTORY) {
            history.removeFirst();
        }
    }

    /** All of an image is laid: the shard is where that was taken, {@code newHistory} ends there. */
    public void arriveBy(List<EpochStart> newHistory, long seq) {
        Checks.that(seq > appliedSeq && !newHistory.isEmpty(), "an image is of a later position", seq, appliedSeq);
        history.clear();
        history.addAll(newHistory.subList(Math.max(0, newHistory.size() - HISTORY), newHistory.size()));
        epoch = history.getLast().epoch();
        appliedSeq = seq;
        image = Optional.empty();
    }

    public List<EpochStart> history() {
        return history;
    }

    /** Fills 4096 bytes from the start of {@code into}. */
    public void encode(ByteBuffer into) {
        byte[] name = meta.name().getBytes(StandardCharsets.UTF_8);
        Checks.that(name.length <= MAX_NAME_BYTES, "a volume name fits its record", name.length);
        encodeNone(into);
        into.putInt(0, life.ordinal() + 1).putInt(4, meta.id());
        into.putLong(8, meta.volumeIdHigh()).putLong(16, meta.volumeIdLow()).putLong(24, meta.sizeBytes());
        into.putLong(32, appliedSeq).putInt(40, epoch).putInt(44, name.length).putInt(48, history.size());
        into.putInt(52, meta.mirrored() ? 1 : 0);
        tree.write(into, 104);
        snapshots.object().write(into, 152);
        liveDead.object().write(into, 200);
        into.putLong(248, liveDead.entries()).putLong(256, snapshots.nextId()).putLong(264, deletedBlocks);
        if (image.isPresent()) {
            LaidImage.Mark mark = image.get();
            into.putLong(272, mark.seq()).putLong(280, mark.laidBlocks()).putInt(288, mark.epoch());
        }
        for (int i = 0; i < history.size(); i++) {
            into.putLong(512 + i * 16, history.get(i).epoch())
                    .putLong(520 + i * 16, history.get(i).firstSeq());
        }
        marks.encode(into, 292, 1536);
        into.put(1024, name);
    }

    /** Fills 4096 bytes that say: no shard. */
    public static void encodeNone(ByteBuffer into) {
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            into.putLong(at, 0);
        }
    }

    /** True if there is a shard in the record at {@code base}. */
    public static boolean isPresent(ByteBuffer from, int base) {
        return from.getInt(base) != 0;
    }

    /** The shard in the record at {@code base}; its snapshots are still to be loaded. */
    public static ShardState decode(ByteBuffer from, int base) {
        int nameLength = from.getInt(base + 44);
        int historyLength = from.getInt(base + 48);
        Checks.that(nameLength >= 0 && nameLength <= MAX_NAME_BYTES, "a stored name fits its record", nameLength);
        Checks.that(historyLength >= 0 && historyLength <= HISTORY, "a stored history fits", historyLength);
        byte[] name = new byte[nameLength];
        from.get(base + 1024, name);
        ShardState shard = new ShardState(new ShardMeta(
                from.getInt(base + 4),
                from.getLong(base + 8),
                from.getLong(base + 16),
                new String(name, StandardCharsets.UTF_8),
                from.getLong(base + 24),
                (from.getInt(base + 52) & 1) != 0));
        shard.life = from.getInt(base) == 1 ? Life.LIVE : Life.DELETING;
        shard.appliedSeq = from.getLong(base + 32);
        shard.epoch = from.getInt(base + 40);
        shard.tree = ObjectRoot.read(from, base + 104);
        shard.snapshots = new SnapshotTable(ObjectRoot.read(from, base + 152), from.getLong(base + 256));
        shard.liveDead = new SnapshotRecord.DeadList(ObjectRoot.read(from, base + 200), from.getLong(base + 248));
        shard.deletedBlocks = from.getLong(base + 264);
        shard.marks.decode(from, base + 292, base + 1536);
        if (from.getLong(base + 272) > 0) {
            shard.image = Optional.of(new LaidImage.Mark(
                    from.getInt(base + 288), from.getLong(base + 272), from.getLong(base + 280), false));
        }
        for (int i = 0; i < historyLength; i++) {
            shard.history.add(
                    new EpochStart((int) from.getLong(base + 512 + i * 16), from.getLong(base + 520 + i * 16)));
        }
        return shard;
    }
}
