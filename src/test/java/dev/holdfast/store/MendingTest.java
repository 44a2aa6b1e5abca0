package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.replica.LoneGate;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.lane.ShardMeta;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.read.OtherCopies;
import dev.holdfast.store.verify.TreeDigests;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Blocks that rot in a pool of one disk while other copies of the volume have them. */
final class MendingTest {
    private static final int BLOCK = 4096;
    private static final int VICTIM = 40;
    private static final int VALUE = 41;
    private static final int NEWER = 99;

    private PoolBench bench = new PoolBench(1, 1, 256 << 20);
    private PoolDamage damage = new PoolDamage(bench, "/disk0");
    private final List<Asked> asked = new ArrayList<>();
    private long victim;

    private record Asked(LostBlock lost, OtherCopies.Wanted wanted) {}

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    /** A mirrored volume of 100 blocks, of which one was damaged while nobody had it open. */
    private void begin() {
        bench = new PoolBench(1, 1, 256 << 20);
        damage = new PoolDamage(bench, "/disk0");
        asked.clear();
        assertTrue(bench.open(), bench.refused);
        ShardMeta meta = new ShardMeta(1, 0, 1, "v", 64 << 20, true);
        assertEquals(
                new Pool.Result.Done(),
                PoolBench.await(
                        bench.world,
                        bench.committer,
                        answer -> bench.pool.createShard(meta, bench.committer, answer::accept)));
        lead();
        for (int block = 0; block < 100; block++) {
            bench.write(volume(), (long) block * BLOCK, BLOCK, 1 + block);
        }
        bench.stop();
        victim = damage.filledWith(VALUE).getFirst();
        damage.rot(List.of(victim));
        assertTrue(bench.open(), bench.refused);
        lead();
    }

    private void lead() {
        ReplicaShard shard = bench.pool.replica(1).orElseThrow();
        bench.world.run(volume().loop(), () -> {
            LoneGate.openFor(shard);
            shard.askForBlocks((lost, wanted) -> asked.add(new Asked(lost, wanted)));
        });
        bench.world.runFor(1_000_000);
    }

    private BlockVolume volume() {
        return bench.volume(1);
    }

    private static ByteBuffer bytes(int value) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    /** A read of the victim that somebody waits for. */
    private List<Status> reading(ByteBuffer into) {
        List<Status> ended = new ArrayList<>();
        Request request = new Request(new Request.Completion() {
            @Override
            public ByteBuffer readSpace(Request of) {
                return into;
            }

            @Override
            public void extent(Request of, long lengthBytes, boolean allocated) {}

            @Override
            public void completed(Request of, Status status) {
                ended.add(status);
            }
        });
        request.kind = Request.Kind.READ;
        request.offset = (long) VICTIM * BLOCK;
        request.lengthBytes = BLOCK;
        bench.world.run(volume().loop(), () -> volume().submit(request));
        bench.world.runUntil(() -> !asked.isEmpty());
        return ended;
    }

    private boolean offer(int value) {
        OtherCopies.Wanted wanted = asked.getLast().wanted();
        return bench.world.call(volume().loop(), () -> wanted.offered(bytes(value)));
    }

    private void settle() {
        bench.world.runFor(10_000_000_000L);
    }

    @Test
    void aBlockThatAnotherCopyHasIsReadAndWrittenToItsPlace() {
        begin();
        ByteBuffer read = ByteBuffer.allocateDirect(BLOCK);
        List<Status> ended = reading(read);
        LostBlock lost = asked.getFirst().lost();
        assertEquals(VICTIM, lost.block());
        assertEquals(new Crc32c().ofBlock(bytes(VALUE), 0), lost.checksum());
        assertEquals(List.of(), ended, "it waits");
        assertTrue(offer(VALUE));
        settle();
        assertEquals(List.of(Status.OK), ended);
        assertEquals(bytes(VALUE), read.clear());
        assertArrayEquals(bytes(VALUE).array(), damage.medium.read(victim));
        assertEquals(1, bench.status().shards().getFirst().healedBlocks());
        assertEquals(1, bench.status().members().getFirst().repaired());
        bench.stop();
        assertEquals(List.of(), bench.check());
        assertTrue(bench.open());
        lead();
        assertEquals(VALUE, bench.read(volume(), (long) VICTIM * BLOCK, BLOCK).orElseThrow()[0]);
        assertEquals(1, asked.size(), "nobody is asked for what is right");
    }

    @Test
    void bytesThatDoNotProveToBeItAreNotTaken() {
        begin();
        ByteBuffer read = ByteBuffer.allocateDirect(BLOCK);
        byte[] rotten = damage.medium.read(victim);
        List<Status> ended = reading(read);
        assertFalse(offer(NEWER));
        settle();
        assertEquals(List.of(), ended, "it waits for others");
        bench.world.run(volume().loop(), () -> asked.getLast().wanted().nobody());
        bench.world.runUntil(() -> asked.size() == 2 || !ended.isEmpty());
        while (ended.isEmpty()) {
            int before = asked.size();
            bench.world.run(volume().loop(), () -> asked.getLast().wanted().nobody());
            bench.world.runUntil(() -> asked.size() > before || !ended.isEmpty());
        }
        assertEquals(List.of(Status.IO_ERROR), ended);
        settle();
        assertArrayEquals(rotten, damage.medium.read(victim));
    }

    @Test
    void whatComesTooLateIsNotWritten() {
        begin();
        ByteBuffer read = ByteBuffer.allocateDirect(BLOCK);
        byte[] rotten = damage.medium.read(victim);
        List<Status> ended = reading(read);
        bench.write(volume(), (long) VICTIM * BLOCK, BLOCK, NEWER);
        settle();
        assertFalse(damage.filledWith(NEWER).isEmpty(), "a root has it elsewhere");
        assertTrue(offer(VALUE));
        settle();
        assertEquals(List.of(Status.OK), ended);
        assertEquals(bytes(NEWER), read.clear());
        assertArrayEquals(rotten, damage.medium.read(victim), "that place is somebody else's, or soon will be");
        assertEquals(0, bench.status().shards().getFirst().healedBlocks());
    }

    private Pool.Found find(int value) {
        int checksum = new Crc32c().ofBlock(bytes(value), 0);
        return PoolBench.await(
                bench.world, bench.committer, told -> bench.pool.find(1, VICTIM, checksum, bench.committer, told));
    }

    @Test
    void anotherPoolIsGivenWhatAnyTreeHereHas() {
        begin();
        assertEquals(new Pool.Found(true, Optional.empty()), find(VALUE), "it is known here, and lost");
        assertEquals(Pool.Found.NOWHERE, find(NEWER));
        bench.write(volume(), (long) VICTIM * BLOCK, BLOCK, NEWER);
        bench.snapshot(1, 1);
        bench.write(volume(), (long) VICTIM * BLOCK, BLOCK, NEWER + 1);
        settle();
        assertEquals(Optional.of(bytes(NEWER)), find(NEWER).bytes(), "a snapshot has it");
        assertEquals(Optional.of(bytes(NEWER + 1)), find(NEWER + 1).bytes());
        assertEquals(Pool.Found.NOWHERE, find(VALUE));
    }

    @Test
    void whatReadsEveryBlockAsksForWhatIsLost() {
        begin();
        bench.snapshot(1, 1);
        TreeDigests.Ranges ranges = new TreeDigests.Ranges(0, 100, 1, true);
        PoolBench.<Optional<Pool.Digested>>await(
                bench.world, bench.committer, told -> bench.pool.digests(1, 1, ranges, bench.committer, told));
        bench.world.runUntil(() -> !asked.isEmpty());
        assertTrue(offer(VALUE));
        settle();
        assertArrayEquals(bytes(VALUE).array(), damage.medium.read(victim));
        bench.pool.digests(1, 1, ranges, bench.committer, told -> {});
        settle();
        assertEquals(1, asked.size(), "it is right now");
    }

    @Test
    void plantedBugsAreNoticed() {
        assertNoticed("read.take-unproven", this::bytesThatDoNotProveToBeItAreNotTaken);
        assertNoticed("store.mend-wherever", this::whatComesTooLateIsNotWritten);
    }

    private static void assertNoticed(String mutant, Runnable test) {
        Mutant.plant(mutant);
        assertThrows(Throwable.class, test::run, mutant);
        Mutant.remove();
        test.run();
    }
}
