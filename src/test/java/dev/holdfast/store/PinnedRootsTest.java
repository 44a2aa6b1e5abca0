package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.store.lane.EpochStart;
import dev.holdfast.store.lane.LaidImage;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.log.EntryKind;
import dev.holdfast.store.root.RootMarks;
import dev.holdfast.store.tree.Lookup;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of a mirrored volume: what is read out of a pinned root, and what becomes of one that is laid. */
final class PinnedRootsTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = TailBench.SIZE / BLOCK;
    private static final int SHARD = 2;

    private static Optional<PinnedRoots.Pin> pin(TailBench bench) {
        PoolBench pool = bench.pool;
        return PoolBench.await(
                pool.world, pool.committer, told -> pool.pool.pinnedRoots().pin(SHARD, pool.committer, told));
    }

    private static List<PinnedRoots.Pin> list(TailBench bench) {
        PoolBench pool = bench.pool;
        return PoolBench.await(
                pool.world, pool.committer, told -> pool.pool.pinnedRoots().list(SHARD, pool.committer, told));
    }

    /** All that may have changed since root {@code cp}. */
    private static List<PinnedRoots.Difference> differences(TailBench bench, long cp, PinnedRoots.Pin pin) {
        List<PinnedRoots.Difference> all = new ArrayList<>();
        PoolBench pool = bench.pool;
        long at = 0;
        while (at < pin.sizeBytes() / BLOCK) {
            long from = at;
            PinnedRoots.Compared part = PoolBench.await(
                    pool.world,
                    pool.committer,
                    told -> pool.pool.pinnedRoots().differences(SHARD, cp, pin.id(), from, pool.committer, told));
            assertTrue(part.found());
            all.addAll(part.list());
            at = part.endBlock();
        }
        return all;
    }

    private static void trim(TailBench bench, int epoch, long seq, long offset, long length) {
        assertTrue(bench.<Boolean>ask(
                replica -> replica.hold(epoch, seq, EntryKind.TRIM, 0, offset, length, ByteBuffer.allocateDirect(0))));
    }

    private static void settle(TailBench bench, long seq) {
        bench.opened(seq);
        bench.stable(seq);
        bench.root();
        assertEquals(seq, bench.ask(ReplicaShard::rootedSeq));
    }

    private static List<EpochStart> history(int epoch) {
        return List.of(new EpochStart(1, 1), new EpochStart(epoch, 2));
    }

    private static LaidImage image(TailBench bench) {
        return bench.pool.pool.replica(SHARD).orElseThrow().image();
    }

    private static void make(TailBench bench, Runnable step) {
        bench.ask(replica -> {
            step.run();
            return true;
        });
    }

    private static void lay(TailBench bench, int first, int value, int count) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(count * BLOCK);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
        make(bench, () -> {
            assertTrue(image(bench).fits(count));
            image(bench).lay(first, bytes.flip());
            image(bench).laidUpTo(first + count);
        });
    }

    private static void awaitReady(TailBench bench) {
        bench.ask(replica -> replica.image().isReady());
        bench.pool.world.runUntil(
                () -> bench.<Boolean>ask(replica -> replica.image().isReady()));
    }

    /** 4,000 writes to 100 MiB that are used of 1 GiB: an image has the blocks they changed, and no others. */
    @Test
    void anImageHasWhatWasBornSinceAndNothingElse() {
        TailBench bench = TailBench.make(1, 16 << 20, 512 << 20);
        Random random = new Random(1);
        long seq = 2;
        assertTrue(bench.<Boolean>ask(
                replica -> replica.hold(3, 2, EntryKind.RESIZE, 0, 0, 1L << 30, ByteBuffer.allocateDirect(0))));
        settle(bench, 2);
        for (int at = 0; at < 100; at++) {
            long next = ++seq;
            long offset = at * (10L << 20);
            bench.pool.world.runUntil(() -> bench.hold(3, next, offset, 1 << 20, 1));
            settle(bench, seq);
        }
        long before = seq;
        make(bench, () -> bench.pool.pool.replica(SHARD).orElseThrow().durable(before));
        TreeSet<Long> changed = new TreeSet<>();
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 200; i++) {
                long block = random.nextInt(100) * 2560L + random.nextInt(256);
                long next = ++seq;
                bench.pool.world.runUntil(() -> bench.hold(3, next, block * BLOCK, BLOCK, 2));
                changed.add(block);
            }
            settle(bench, seq);
        }
        PinnedRoots.Pin pin = pin(bench).orElseThrow();
        assertEquals(25_600, pin.usedBlocks());
        RootMarks.Mark base = pin.before().stream()
                .filter(mark -> mark.seq() <= before)
                .reduce((one, two) -> two)
                .orElseThrow();
        assertEquals(before, base.seq(), "the root at which the other was lost is known, however many came since");
        TreeSet<Long> sent = new TreeSet<>();
        List<PinnedRoots.Difference> found = differences(bench, base.cp(), pin);
        for (PinnedRoots.Difference next : found) {
            for (long at = next.first(); next.now() == Lookup.FOUND && at < next.first() + next.blocks(); at++) {
                sent.add(at);
            }
        }
        assertEquals(changed, sent, "sent / differing = 1.00");
        assertEquals(changed.size(), 3_700, 100, "as many as were meant");
        assertTrue(found.size() <= 2 * changed.size(), "holes are not many: " + found.size());
    }

    /** What came and went between two roots leaves no block, but somebody may have seen it. */
    @Test
    void whatCameAndWentBetweenTwoRootsIsPartOfAnImage() {
        TailBench bench = TailBench.make(2);
        assertTrue(bench.hold(3, 2, 0, BLOCK, 1));
        assertTrue(bench.hold(3, 3, 900L * BLOCK, BLOCK, 1));
        settle(bench, 3);
        assertTrue(bench.hold(3, 4, 7 * BLOCK, BLOCK, 9));
        trim(bench, 3, 5, 7 * BLOCK, BLOCK);
        assertTrue(bench.hold(3, 6, 2000L * BLOCK, 20 * BLOCK, 9));
        trim(bench, 3, 7, 2000L * BLOCK, 20 * BLOCK);
        settle(bench, 7);
        PinnedRoots.Pin pin = pin(bench).orElseThrow();
        RootMarks.Mark base = pin.before().stream()
                .filter(mark -> mark.seq() == 3)
                .findFirst()
                .orElseThrow();
        List<PinnedRoots.Difference> found = differences(bench, base.cp(), pin);
        assertTrue(found.stream().noneMatch(next -> next.now() == Lookup.FOUND), found.toString());
        for (long block : new long[] {7, 2000, 2019}) {
            assertTrue(
                    found.stream().anyMatch(next -> next.first() <= block && block < next.first() + next.blocks()),
                    block + " is not in " + found);
        }
    }

    @Test
    void pinsSurviveAStartAndAreLetGo() {
        TailBench bench = TailBench.make(3);
        for (long seq = 2; seq < 20; seq++) {
            assertTrue(bench.hold(3, seq, seq * BLOCK, BLOCK, 1));
        }
        settle(bench, 19);
        PinnedRoots.Pin pin = pin(bench).orElseThrow();
        assertEquals(19, pin.seq());
        assertEquals(18, pin.usedBlocks());
        trim(bench, 4, 20, 0, TailBench.SIZE);
        settle(bench, 20);
        bench.pool.powerCut();
        bench.open();
        assertEquals(
                List.of(pin.id()), list(bench).stream().map(PinnedRoots.Pin::id).toList());
        assertEquals(
                18,
                differences(bench, 0, list(bench).getFirst()).stream()
                        .filter(next -> next.now() == Lookup.FOUND)
                        .mapToLong(PinnedRoots.Difference::blocks)
                        .sum());
        bench.pool.pool.pinnedRoots().letGo(SHARD, pin.id());
        bench.root();
        bench.root();
        assertEquals(List.of(), list(bench));
        bench.pool.powerCut();
        assertEquals(List.of(), bench.pool.check());
    }

    private static void snapshot(TailBench bench, long seq, EntryKind kind, long id, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocateDirect(text.length).put(text).flip();
        assertTrue(bench.<Boolean>ask(replica -> replica.hold(3, seq, kind, 0, id, 0, payload)));
        settle(bench, seq);
    }

    /** A change without blocks, behind a marker: nobody waits for its root, and nothing else comes. */
    @Test
    void aDeletionBehindASnapshotComesIntoARootByItself() {
        TailBench bench = TailBench.make(7);
        assertTrue(bench.<Boolean>ask(
                replica -> replica.hold(3, 2, EntryKind.SNAPSHOT, 0, 7, 0, ByteBuffer.allocateDirect(0))));
        assertTrue(bench.<Boolean>ask(
                replica -> replica.hold(3, 3, EntryKind.DELETE_SNAPSHOT, 0, 7, 0, ByteBuffer.allocateDirect(0))));
        bench.opened(3);
        bench.stable(3);
        bench.pool.world.runUntil(() -> bench.ask(ReplicaShard::rootedSeq) == 3);
    }

    private static Optional<PinnedRoots.Pin> next(TailBench bench, long base, long atLeast) {
        PoolBench pool = bench.pool;
        return PoolBench.await(
                pool.world,
                pool.committer,
                told -> pool.pool.pinnedRoots().pinNext(SHARD, base, atLeast, pool.committer, told));
    }

    /** Snapshots 7 at change 3 and 9 at change 5, then change 6. */
    private static TailBench withSnapshots(long seed) {
        TailBench bench = TailBench.make(seed);
        assertTrue(bench.hold(3, 2, 0, BLOCK, 1));
        snapshot(bench, 3, EntryKind.SNAPSHOT, 7, "one");
        assertTrue(bench.hold(3, 4, 0, BLOCK, 2));
        snapshot(bench, 5, EntryKind.SNAPSHOT, 9, "two");
        assertTrue(bench.hold(3, 6, 0, BLOCK, 3));
        settle(bench, 6);
        return bench;
    }

    @Test
    void whoComesBackGetsTheSnapshotsInTheirOrderAndThenTheNewestRoot() {
        TailBench bench = withSnapshots(5);
        PinnedRoots.Pin one = next(bench, 1, 0).orElseThrow();
        assertEquals(3, one.seq());
        assertEquals(new PinnedRoots.Snapshots(List.of(7L), 7, "one"), one.snapshots());
        PinnedRoots.Pin two = next(bench, 3, 0).orElseThrow();
        assertEquals(new PinnedRoots.Snapshots(List.of(7L, 9L), 9, "two"), two.snapshots());
        assertTrue(two.before().stream().anyMatch(mark -> mark.seq() == 3), "what came since the first can be told");
        assertEquals(two.id(), next(bench, 1, 4).orElseThrow().id(), "who has a part of a later image");
        PinnedRoots.Pin root = next(bench, 5, 0).orElseThrow();
        assertEquals(6, root.seq());
        assertEquals(new PinnedRoots.Snapshots(List.of(7L, 9L), 0, ""), root.snapshots());
    }

    /** What an image is read from is deleted, and everything written anew: it is still what it was. */
    private static int readAfterItsDeletion(TailBench bench) {
        PinnedRoots.Pin one = next(bench, 1, 0).orElseThrow();
        snapshot(bench, 7, EntryKind.DELETE_SNAPSHOT, 7, "");
        for (long seq = 8; seq < 20; seq++) {
            assertTrue(bench.hold(3, seq, (seq - 8) * BLOCK, BLOCK, 4));
            settle(bench, seq);
        }
        PoolBench pool = bench.pool;
        BlockVolume kept = PoolBench.<Optional<BlockVolume>>await(
                        pool.world,
                        pool.committer,
                        told -> pool.pool.openSnapshot(SHARD, one.id(), pool.committer, told::accept))
                .orElseThrow();
        int value = pool.read(kept, 0, 1).orElseThrow()[0];
        assertEquals(
                List.of(one.id()), list(bench).stream().map(PinnedRoots.Pin::id).toList());
        pool.pool.pinnedRoots().letGo(SHARD, one.id());
        bench.root();
        bench.root();
        assertEquals(List.of(), list(bench));
        bench.pool.powerCut();
        assertEquals(List.of(), bench.pool.check());
        return value;
    }

    @Test
    void aSnapshotThatIsReadStaysUntilItIsNotReadAnyMore() {
        assertEquals(1, readAfterItsDeletion(withSnapshots(6)));
    }

    @Test
    void aDeletionOfWhatIsReadIsNoticed() {
        TailBench bench = withSnapshots(6);
        Mutant.plant("store.delete-what-is-read");
        assertThrows(Throwable.class, () -> readAfterItsDeletion(bench));
    }

    @Test
    void aMixtureStaysWhereItWasUntilARootHasAllOfIt() {
        TailBench bench = TailBench.make(4);
        assertTrue(bench.hold(3, 2, 0, BLOCK, 1));
        assertTrue(bench.hold(3, 3, 5L * BLOCK, BLOCK, 1));
        assertFalse(
                bench.<Boolean>ask(replica -> replica.image().isReady()), "nothing is laid over what no root covers");
        awaitReady(bench);
        make(bench, () -> image(bench).begin(7, 50, TailBench.SIZE));
        lay(bench, 0, 8, 3);
        bench.root();
        lay(bench, 3, 8, 1);
        bench.pool.powerCut();
        bench.open();
        assertEquals(3, bench.ask(ReplicaShard::heldSeq));
        assertEquals(
                Optional.of(new LaidImage.Mark(7, 50, 3, false)),
                bench.ask(replica -> replica.image().mark()));
        assertFalse(bench.hold(8, 4, 0, BLOCK, 1), "no change is held over a mixture");
        lay(bench, 3, 9, 1);
        make(bench, () -> {
            image(bench).layZeroes(4, BLOCKS - 4);
            image(bench).laidUpTo(BLOCKS);
            image(bench).complete(new LaidImage.Ending(history(7), List.of(3L, 4L), 4, "s"));
        });
        assertEquals(3, bench.ask(ReplicaShard::heldSeq), "not before a root has it");
        bench.pool.world.runUntil(() -> bench.ask(ReplicaShard::heldSeq) == 50);
        assertEquals(50, bench.ask(ReplicaShard::rootedSeq));
        assertEquals(50, bench.ask(ReplicaShard::visibleSeq));
        assertTrue(bench.hold(8, 51, 6L * BLOCK, BLOCK, 3), "it goes on from there");
        bench.log(51);
        bench.pool.powerCut();
        assertEquals(List.of(), bench.pool.check());
        bench.open();
        assertEquals(51, bench.ask(ReplicaShard::heldSeq));
        List<EpochStart> epochs = new ArrayList<>(history(7));
        epochs.add(new EpochStart(8, 51));
        assertEquals(epochs, bench.ask(ReplicaShard::history));
        bench.opened(51);
        for (int block = 0; block < 8; block++) {
            assertEquals(new int[] {8, 8, 8, 9, 0, 0, 3, 0}[block], bench.at((long) block * BLOCK));
        }
    }

    /** The story of a mixture is told wrong if a root says more than it has, or entries stand below the image. */
    @ParameterizedTest
    @ValueSource(strings = {"lane.image-says-more", "lane.image-over-entries"})
    void whatIsPlantedIsNoticed(String mutant) {
        Mutant.plant(mutant);
        assertThrows(Throwable.class, this::aMixtureStaysWhereItWasUntilARootHasAllOfIt);
    }

    @Test
    void aHoleThatLeavesNoTraceIsNoticed() {
        Mutant.plant("store.holes-leave-no-trace");
        assertThrows(AssertionError.class, this::whatCameAndWentBetweenTwoRootsIsPartOfAnImage);
    }

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }
}
