package dev.holdfast.store.lane;

import dev.holdfast.base.Checks;
import dev.holdfast.store.cache.DirtyMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A run of one shard's changes that goes into one consistency point. It is open while changes come, sealed by a
 * snapshot marker or a freeze, and ends when the root that has it is installed.
 */
final class Segment {
    /** In place of an entry's number: the change was replayed and lies in no memory log. */
    static final long REPLAYED = -1;

    private static final long NO_ENTRY = Long.MAX_VALUE;

    private final DirtyMap map;
    private final List<ControlEntry> control = new ArrayList<>();
    private final List<ControlDone> awaitRoot = new ArrayList<>();
    private final List<EpochStart> epochs = new ArrayList<>(1);
    private long firstEntry = NO_ENTRY;
    private long lastSeq;
    private int epoch;
    private final ShardMeta before;
    private boolean sealed;
    private ShardMeta meta;
    private Optional<LaidImage.Mark> image = Optional.empty();
    private List<EpochStart> completed = List.of();

    Segment(DirtyMap map, ShardMeta meta) {
        this.map = map;
        this.before = meta;
        this.meta = meta;
    }

    /** What the shard was before its first change. */
    ShardMeta before() {
        return before;
    }

    DirtyMap map() {
        return map;
    }

    /** Whether nothing at all has happened in it. */
    boolean isEmpty() {
        return lastSeq == 0;
    }

    /** Number of its newest change; 0 without any. */
    long lastSeq() {
        return lastSeq;
    }

    boolean isSealed() {
        return sealed;
    }

    /** First of its entries in the lane's memory log; beyond all of them if none of them lies there. */
    long firstEntry() {
        return firstEntry;
    }

    /** One more change belongs to it; {@code entry} is its number in the memory log, or {@link #REPLAYED}. */
    void covers(long entry, long seq, int changeEpoch) {
        Checks.that(!sealed, "a sealed segment takes no change", seq);
        Checks.that(seq > lastSeq && changeEpoch >= epoch, "changes come in order", seq, lastSeq, changeEpoch);
        if (changeEpoch > epoch || lastSeq == 0) {
            epochs.add(new EpochStart(changeEpoch, seq));
        }
        lastSeq = seq;
        epoch = changeEpoch;
        if (entry != REPLAYED && firstEntry == NO_ENTRY) {
            firstEntry = entry;
        }
    }

    /** Blocks of an image are among its changes, up to what {@code mark} says; no change is. */
    void lays(LaidImage.Mark mark, EpochStart position) {
        Checks.that(!sealed && (image.isPresent() || isEmpty()), "an image stands alone", lastSeq);
        image = Optional.of(mark);
        epochs.clear();
        epochs.add(position);
        epoch = position.epoch();
        lastSeq = position.firstSeq();
    }

    /** With it the image is whole, and {@code history} is the shard's. */
    void completes(List<EpochStart> history) {
        completed = List.copyOf(history);
    }

    /** The image that it is a part of. */
    Optional<LaidImage.Mark> image() {
        return image;
    }

    /** The history of the image that is whole with it; empty without. */
    List<EpochStart> completed() {
        return completed;
    }

    void add(ControlEntry entry) {
        Checks.that(entry.seq() == lastSeq, "a control entry belongs to the newest change", entry.seq(), lastSeq);
        control.add(entry);
    }

    /** {@code done} waits until a root has this segment. */
    void awaitRoot(ControlDone done) {
        awaitRoot.add(done);
    }

    /** Whoever waits for a root with this segment. */
    List<ControlDone> awaitRoot() {
        return awaitRoot;
    }

    /** Nothing more comes; {@code atSeal} is what the shard is now. */
    void seal(ShardMeta atSeal) {
        Checks.that(!sealed, "a segment is sealed once", lastSeq);
        sealed = true;
        meta = atSeal;
        map.seal();
    }

    /** What the consistency point gets. */
    FrozenShard frozen(long durableSeq) {
        Checks.that(sealed, "only sealed changes are frozen", lastSeq);
        Optional<DirtyMap> changes = map.isEmpty() ? Optional.empty() : Optional.of(map);
        boolean whole = image.filter(LaidImage.Mark::whole).isPresent();
        long appliedSeq = whole ? image.get().seq() : lastSeq;
        List<EpochStart> history = whole ? completed : List.copyOf(epochs);
        FrozenShard.Mirrored mirrored = new FrozenShard.Mirrored(image, durableSeq);
        return new FrozenShard(meta, history, appliedSeq, changes, List.copyOf(control), mirrored);
    }
}
