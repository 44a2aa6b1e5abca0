package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.holdfast.sim.random.SimRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class PageMapTest {
    @Test
    void aPageMapAndItsForksBehaveLikeATreeMap() {
        for (long seed = 0; seed < 30; seed++) {
            SimRandom random = new SimRandom(seed);
            PageMap map = new PageMap();
            TreeMap<Long, byte[]> model = new TreeMap<>();
            for (int step = 0; step < 2000; step++) {
                long page = random.oneIn(3) ? random.nextLong() >>> 13 : random.below(100);
                if (random.oneIn(3)) {
                    map.put(page, PageMap.ABSENT);
                    model.remove(page);
                } else {
                    byte[] bytes = new byte[PageMap.PAGE_BYTES];
                    map.put(page, bytes);
                    model.put(page, bytes);
                }
                if (random.oneIn(200)) {
                    map = map.fork();
                }
                assertSame(model.getOrDefault(page, PageMap.ABSENT), map.get(page), "seed " + seed);
            }
            assertArrayEquals(model.keySet().stream().mapToLong(n -> n).toArray(), map.pages(), "seed " + seed);
            for (var entry : model.entrySet()) {
                assertSame(entry.getValue(), map.get(entry.getKey()), "seed " + seed);
            }
        }
    }
}
