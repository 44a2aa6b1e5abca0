package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Processes that die, and power that goes, while a pool is being recovered: again and again. */
final class PoolFaultRecoveryTest {
    private static final int BLOCKS = 2000;

    private static void interrupted(long seed, int copies, boolean power) {
        String when = "seed " + seed + ", copies " + copies + ", power cuts " + power;
        PoolBench bench = new PoolBench(seed, copies, 128 << 20);
        SplittableRandom random = new SplittableRandom(seed);
        TreeMap<Long, Integer> model = new TreeMap<>();
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 150; i++) {
                long block = random.nextInt(BLOCKS);
                int value = 1 + random.nextInt(100);
                assertEquals(Status.OK, bench.write(bench.volume(1), block * 4096, 4096, value), when);
                model.put(block, value);
                if (random.nextInt(30) == 0) {
                    bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0);
                }
            }
            if (power) {
                assertEquals(Status.OK, bench.run(bench.volume(1), Request.Kind.FLUSH, 0, 0), when);
            }
            end(bench, power);
            for (int attempt = 0; attempt < 12; attempt++) {
                bench.beginToOpen(random.nextLong(120_000_000L));
                end(bench, power);
            }
            assertEquals(List.of(), bench.check(), when);
            assertTrue(bench.open(), when + ": " + bench.refused);
            model.forEach((block, value) -> {
                byte[] bytes = bench.read(bench.volume(1), block * 4096, 4096).orElseThrow();
                assertEquals((int) value, bytes[0], when + ", block " + block);
                assertEquals((int) value, bytes[4095], when + ", block " + block);
            });
        }
        bench.stop();
        assertEquals(List.of(), bench.check(), when);
    }

    private static void end(PoolBench bench, boolean power) {
        if (power) {
            bench.powerCut();
        } else {
            bench.kill();
        }
    }

    @Test
    void killsDuringRecoveryLoseNothing() {
        for (long seed = 1; seed <= 4; seed++) {
            interrupted(seed, 1 + (int) seed % 2, false);
        }
    }

    @Test
    void powerCutsDuringRecoveryLoseNothingThatWasFlushed() {
        for (long seed = 5; seed <= 8; seed++) {
            interrupted(seed, 1 + (int) seed % 2, true);
        }
    }
}
