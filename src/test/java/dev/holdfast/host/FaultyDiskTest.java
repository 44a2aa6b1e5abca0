package dev.holdfast.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FaultyDiskTest {
    private static final int BLOCK = Disk.BLOCK_BYTES;

    private HostDriver driver;
    private Loop loop;
    private Disk plain;

    @BeforeEach
    void makeDisk() throws WorldException {
        driver = HostDriver.tcp();
        loop = driver.world().newLoop("disk-user");
        plain = driver.world().disks().create(driver.newPath(), 16L * BLOCK);
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    @Test
    void onlyTheOperationsOfThePlanFail() throws WorldException {
        Disk disk = faulty(":write@2-3=full,:flush@1+=media,:durable@1=gone,:any@12=full");
        List<DiskOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            outcomes.add(write(disk));
        }
        outcomes.add(await(done -> disk.flush(loop, done, 0)));
        outcomes.add(await(done -> disk.flush(loop, done, 0)));
        outcomes.add(await(done -> disk.writeDurable(0, new ByteBuffer[] {block()}, 1, loop, done, 0)));
        outcomes.add(await(done -> disk.writeDurable(0, new ByteBuffer[] {block()}, 1, loop, done, 0)));
        outcomes.add(await(done -> disk.discard(0, BLOCK, loop, done, 0)));
        outcomes.add(write(disk));
        outcomes.add(await(done -> disk.read(0, block(), loop, done, 0)));
        String expected = "OK FULL FULL OK OK MEDIA_ERROR MEDIA_ERROR GONE OK OK OK FULL";
        assertEquals(Stream.of(expected.split(" ")).map(DiskOutcome::valueOf).toList(), outcomes);
    }

    @Test
    void aFailedWriteLeavesTheBlockAsItWas() throws WorldException {
        Disk disk = faulty(":write@2=media");
        assertEquals(DiskOutcome.OK, await(done -> disk.write(0, block().put(0, (byte) 7), loop, done, 0)));
        assertEquals(DiskOutcome.MEDIA_ERROR, await(done -> disk.write(0, block().put(0, (byte) 9), loop, done, 0)));
        assertEquals(7, read(disk).get(0));
    }

    @Test
    void aCorruptReadDiffersInOneBitAndTheNextDoesNot() throws WorldException {
        Disk disk = faulty(":read@1=corrupt");
        assertEquals(DiskOutcome.OK, await(done -> disk.write(0, block().put(0, (byte) 8), loop, done, 0)));
        assertEquals(9, read(disk).get(0));
        assertEquals(8, read(disk).get(0));
    }

    @Test
    void aSlowOperationIsStillDone() throws WorldException {
        Disk disk = faulty(":write@1=slow:20");
        long start = driver.world().clock().nanos();
        assertEquals(DiskOutcome.OK, await(done -> disk.write(0, block().put(0, (byte) 5), loop, done, 0)));
        assertTrue(driver.world().clock().nanos() - start >= 20_000_000L);
        assertEquals(5, read(disk).get(0));
    }

    @Test
    void aPlanIsAboutTheDisksItNames() throws WorldException {
        FaultPlan plan = FaultPlan.parse("disk-0:flush@3+=media, disk-1:read@1-10=corrupt");
        assertEquals(1, plan.of("/srv/disk-0.img").rules().size());
        assertEquals(1, plan.of("/srv/disk-1.img").rules().size());
        assertTrue(plan.of("/srv/disk-2.img").isEmpty());
        assertTrue(FaultPlan.parse("").isEmpty());
    }

    @Test
    void aPlanThatMakesNoSenseIsRefused() {
        for (String plan : List.of("flush", "a:flush=media", "a:flush@x=media", "a:flush@1=lost", "a:open@1=media")) {
            assertThrows(WorldException.class, () -> FaultPlan.parse(plan), plan);
        }
    }

    @Test
    void aWorldWithAPlanOpensFaultyDisks() throws WorldException {
        String path = driver.newPath();
        String plan = path + ":flush@1=media";
        try (HostWorld world =
                HostWorld.start(plan, (where, thrown) -> driver.thrown().set(thrown))) {
            Disk disk = world.disks().create(path, BLOCK);
            assertEquals(DiskOutcome.MEDIA_ERROR, await(done -> disk.flush(loop, done, 0)));
        }
    }

    private Disk faulty(String plan) throws WorldException {
        return new FaultyDisk(plain, FaultPlan.parse(plan));
    }

    private DiskOutcome write(Disk disk) {
        return await(done -> disk.write(0, block(), loop, done, 0));
    }

    private ByteBuffer read(Disk disk) {
        ByteBuffer into = block();
        assertEquals(DiskOutcome.OK, await(done -> disk.read(0, into, loop, done, 0)));
        return into;
    }

    private DiskOutcome await(Consumer<DiskDone> operation) {
        AtomicReference<DiskOutcome> answer = new AtomicReference<>();
        operation.accept((token, outcome) -> answer.set(outcome));
        driver.runUntil(() -> answer.get() != null);
        return answer.get();
    }

    private static ByteBuffer block() {
        return ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
    }
}
