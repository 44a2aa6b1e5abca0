package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.ImageSource;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ShardImages;
import dev.holdfast.store.PinnedRoots;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.LaidImage;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.root.RootMarks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Images of a shard over its pool: those for others are read out of pinned roots ({@link ImageReader}), that for this
 * one is laid by the shard ({@link LaidImage}). It decides which roots stay pinned, and nothing else.
 *
 * <ol>
 *   <li>An image has all that was changed since a position that its receiver has.
 *   <li>A root is pinned as long as an image is read from it. Should that be interrupted, it stays until no node is
 *       absent any more, or space is short.
 * </ol>
 */
final class ReplicaImages implements ShardImages {
    /** Pins that are kept for images that were interrupted. */
    private static final int MOST_LEFT = 4;

    private final ReplicaShard shard;
    private final LaidImage laid;
    private final Pool pool;
    private final PinnedRoots roots;
    private final Loop loop;
    private final int pieceBlocks;
    private final TreeMap<Long, PinnedRoots.Pin> pins = new TreeMap<>();
    private final TreeMap<Integer, ImageReader> readers = new TreeMap<>();
    private final TreeSet<Long> going = new TreeSet<>();
    private final TreeSet<Long> left = new TreeSet<>();
    private Optional<Replica> replica = Optional.empty();
    private boolean isListed;
    private boolean isAsking;
    private boolean wantsRoot;
    private boolean waitsForRoom;
    private List<Integer> absent = List.of();
    private long givenUp;

    ReplicaImages(ReplicaShard shard, Pool pool, int pieceBlocks) {
        this.pieceBlocks = pieceBlocks;
        this.shard = shard;
        this.laid = shard.image();
        this.pool = pool;
        this.roots = pool.pinnedRoots();
        this.loop = shard.shard().loop();
    }

    void attach(Replica told) {
        replica = Optional.of(told);
        ask(() -> roots.list(shard.shard().id(), loop, this::listed));
    }

    /** Whether a root must come nearer to the end of the log, for somebody has blocks of a later one. */
    boolean wantsRoot() {
        return wantsRoot;
    }

    private void ask(Runnable question) {
        Checks.that(loop.isCurrent(), "on the shard's loop");
        if (!isAsking) {
            isAsking = true;
            question.run();
        }
    }

    private void listed(List<PinnedRoots.Pin> found) {
        isAsking = false;
        isListed = true;
        for (PinnedRoots.Pin pin : found) {
            pins.put(pin.id(), pin);
            left.add(pin.id());
        }
        tidy();
    }

    @Override
    public Position mixture() {
        if (Mutant.on("replica.mixture-passes")) {
            return Position.START;
        }
        return laid.mark().map(mark -> new Position(mark.epoch(), mark.seq())).orElse(Position.START);
    }

    @Override
    public long laidBlocks() {
        return laid.mark().map(LaidImage.Mark::laidBlocks).orElse(0L);
    }

    @Override
    public boolean hasRoom() {
        boolean wanted = laid.mark().filter(LaidImage.Mark::whole).isEmpty();
        boolean hasRoom = !wanted || laid.isReady() && laid.fits(pieceBlocks);
        if (!hasRoom) {
            waitForRoom(pieceBlocks);
        }
        return hasRoom;
    }

    @Override
    public void lay(Position to, long sizeBytes, ImagePiece piece) {
        boolean same = mixture().equals(to);
        boolean begins = piece.first() == 0 && to.seq() > mixture().seq();
        boolean next = same ? piece.first() == laidBlocks() : begins;
        if (!next || laid.mark().filter(LaidImage.Mark::whole).isPresent()) {
            return;
        }
        int blocks = piece.bytes().remaining() / ImagePiece.BLOCK_BYTES;
        if (!laid.isReady() || !laid.fits(blocks)) {
            waitForRoom(blocks);
            return;
        }
        if (!same) {
            laid.begin(to.epoch(), to.seq(), sizeBytes);
        }
        ByteBuffer bytes = piece.bytes().duplicate();
        for (ImagePiece.Run run : piece.runs()) {
            switch (run.kind()) {
                case BYTES -> {
                    int length = (int) run.blocks() * ImagePiece.BLOCK_BYTES;
                    laid.lay(run.first(), bytes.slice(bytes.position(), length));
                    bytes.position(bytes.position() + length);
                }
                case ZEROES -> laid.layZeroes(run.first(), run.blocks());
                case ERRORS -> laid.layErrors(run.first(), run.blocks());
            }
        }
        laid.laidUpTo(piece.end());
    }

    /** Says that there is room once so many blocks fit: a piece that comes sooner would come in vain. */
    private void waitForRoom(int blocks) {
        if (!waitsForRoom) {
            waitsForRoom = true;
            shard.shard().whenRoom(() -> {
                waitsForRoom = false;
                if (laid.isReady() && laid.fits(blocks)) {
                    replica.ifPresent(Replica::imageRoom);
                } else {
                    waitForRoom(blocks);
                }
            });
        }
    }

    @Override
    public void complete(Position to, History history, KeptSnapshots kept) {
        long end = Math.ceilDiv(shard.shard().sizeBytes(), ImagePiece.BLOCK_BYTES);
        boolean underWay = laid.mark().filter(mark -> !mark.whole()).isPresent();
        if (underWay && mixture().equals(to) && laidBlocks() == end) {
            Marks.reached("replica.image-complete");
            List<EpochStart> epochs = history.runs().stream()
                    .map(run -> new EpochStart(run.epoch(), run.firstSeq()))
                    .toList();
            laid.complete(new LaidImage.Ending(epochs, kept.ids(), kept.made(), kept.name()));
        }
    }

    @Override
    public Optional<ImageSource> source(int node, long base, Position atLeast) {
        ImageReader reader = readers.get(node);
        if (reader != null && suits(reader, base, atLeast)) {
            return reader.isOpen() ? Optional.of(reader) : Optional.empty();
        }
        if (reader != null) {
            end(node, reader);
        }
        if (isListed) {
            begin(node, base, atLeast);
        }
        return Optional.empty();
    }

    private static boolean suits(ImageReader reader, long base, Position atLeast) {
        return !reader.hasFailed()
                && reader.pin().seq() > base
                && reader.pin().seq() >= atLeast.seq()
                && reader.base() <= base;
    }

    private void end(int node, ImageReader reader) {
        readers.remove(node);
        long id = reader.pin().id();
        going.add(id);
        if (reader.hasFailed()) {
            pins.remove(id);
        }
        reader.end(() -> {
            going.remove(id);
            tidy();
        });
    }

    private void begin(int node, long base, Position atLeast) {
        Optional<PinnedRoots.Pin> same = pins.values().stream()
                .filter(pin -> pin.seq() == atLeast.seq() && pin.seq() > base)
                .findFirst();
        if (same.isPresent()) {
            Marks.reached("replica.image-goes-on");
            read(node, base, same.get());
            return;
        }
        ask(() -> roots.pinNext(shard.shard().id(), base, atLeast.seq(), loop, made -> {
            isAsking = false;
            made.ifPresent(pin -> pins.put(pin.id(), pin));
            boolean later = made.filter(pin -> pin.seq() > base && pin.seq() >= atLeast.seq())
                    .isPresent();
            wantsRoot = !later;
            if (later && absent.contains(node) && !readers.containsKey(node)) {
                read(node, base, made.get());
            }
            tidy();
        }));
    }

    private void read(int node, long base, PinnedRoots.Pin pin) {
        Optional<RootMarks.Mark> newest = pin.before().reversed().stream()
                .filter(mark -> mark.seq() <= base || Mutant.on("replica.image-base-too-new"))
                .filter(mark -> mark.seq() < pin.seq())
                .findFirst();
        if (newest.isPresent()) {
            Marks.reached("replica.image-of-difference");
        } else {
            Marks.reached("replica.image-of-all");
        }
        ImageReader.Of of = new ImageReader.Of(shard.shard().id(), pin, newest, pieceBlocks);
        ImageReader reader = new ImageReader(of, loop, roots, () -> replica.ifPresent(Replica::imageRead));
        readers.put(node, reader);
        pool.openSnapshot(shard.shard().id(), pin.id(), loop, opened -> {
            reader.open(opened);
            replica.ifPresent(Replica::imageRead);
        });
    }

    @Override
    public void told(List<Integer> nodes, boolean leads) {
        absent = nodes;
        wantsRoot = false;
        for (Map.Entry<Integer, ImageReader> each : List.copyOf(readers.entrySet())) {
            if (!leads || !absent.contains(each.getKey())) {
                end(each.getKey(), each.getValue());
            }
        }
        if (absent.isEmpty()) {
            left.clear();
        }
        tidy();
    }

    @Override
    public void pause(int node) {
        ImageReader reader = readers.get(node);
        if (reader != null) {
            left.add(reader.pin().id());
            end(node, reader);
        }
    }

    /** Space is short: only roots from which images are read stay pinned. */
    void giveUp() {
        if (!left.isEmpty()) {
            Marks.reached("replica.pins-given-up");
            givenUp++;
            left.clear();
            tidy();
        }
    }

    /** How often that happened. */
    long givenUp() {
        return givenUp;
    }

    private void tidy() {
        if (!isListed) {
            return;
        }
        while (left.size() > MOST_LEFT) {
            left.pollLast(); // Ids fall: the oldest goes.
        }
        TreeSet<Long> needed = new TreeSet<>(going);
        needed.addAll(left);
        readers.values().forEach(reader -> needed.add(reader.pin().id()));
        List<Long> free = new ArrayList<>(pins.keySet());
        free.removeAll(needed);
        for (long id : free) {
            pins.remove(id);
            roots.letGo(shard.shard().id(), id);
        }
    }
}
