package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Disk;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DeathAndPauseTest {
    @Test
    void deathInMidTurnLeavesSomeOfItsStoresAndNoneOfItsOtherEffects() throws WorldException {
        int some = 0;
        for (long seed = 0; seed < 60; seed++) {
            SimWorld world = new SimWorld(seed);
            SimLoop loop = world.newLoop("loop");
            MemoryRegion region = world.sharedMemory("").open("r", 4096);
            Disk disk = world.disks().create("/d", 4096);
            List<String> seen = new ArrayList<>();
            world.run(loop, () -> region.bytes().putLong(0, 1));
            loop.post(() -> {
                for (int at = 0; at < 4096; at += 8) {
                    region.bytes().putLong(at, 2);
                }
                ByteBuffer from = ByteBuffer.allocateDirect(4096);
                disk.write(0, from.put(0, (byte) 7), loop, (token, outcome) -> seen.add("disk"), 0);
                loop.post(() -> seen.add("task"));
                world.workers().run(() -> seen.add("work"), loop, () -> seen.add("worked"));
            });
            world.machine().killInTurn();
            world.runFor(1_000_000_000);
            assertFalse(world.machine().isRunning());
            world.machine().start();
            assertEquals(List.of(), seen, "seed " + seed);
            assertEquals(0, world.machine().device("/d").medium().storedBlocks().length);
            ByteBuffer found = world.sharedMemory("").open("r", 4096).bytes();
            int stored = 0;
            for (int at = 0; at < 4096; at += 8) {
                stored += found.getLong(at) == 2 ? 1 : 0;
            }
            assertTrue(found.getLong(0) > 0, "what an earlier turn stored is not lost");
            some += stored > 0 && stored < 512 ? 1 : 0;
        }
        assertTrue(some > 30, "some stores in " + some + " of 60");
    }

    @Test
    void aPausedProcessRunsNothingUntilThePauseEnds() {
        SimWorld world = new SimWorld(2);
        SimLoop loop = world.newLoop("loop");
        List<Long> ran = new ArrayList<>();
        world.run(loop, () -> loop.after(1_000_000, () -> ran.add(world.nowNanos())));
        loop.post(() -> ran.add(world.nowNanos()));
        world.machine().process().pause(5_000_000_000L);
        world.runFor(4_900_000_000L);
        assertEquals(List.of(), ran);
        world.runUntil(() -> ran.size() == 2);
    }
}
