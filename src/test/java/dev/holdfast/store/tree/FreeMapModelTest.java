package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Seeds;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The free map against a model of what each root reaches: after every consistency point S2 and S4 hold exactly. */
public final class FreeMapModelTest {
    @Test
    void imagesAreExactlyWhatTheTwoNewestRootsReach() {
        Seeds.each(12, seed -> history(seed, 80));
    }

    @Test
    void aPoolThatStaysFullGoesOn() {
        Seeds.each(10, seed -> {
            Random random = new Random(seed);
            FreeMapBed bed = new FreeMapBed(700 + random.nextInt(200), random);
            for (int i = 0; i < 80; i++) {
                bed.begin();
                int frees = random.nextInt(30);
                for (int j = 0; j < frees; j++) {
                    bed.freeOne();
                }
                fill(bed, Long.MAX_VALUE);
                bed.commit(bed.write());
            }
        });
    }

    @Test
    void idleConsistencyPointsKeepTheMapSmall() {
        FreeMapBed bed = new FreeMapBed(1_000_000, new Random(1));
        bed.begin();
        fill(bed, 5000);
        bed.commit(bed.write());
        for (int i = 0; i < 200; i++) {
            bed.begin();
            bed.commit(bed.write());
            bed.reopen();
        }
        long own = bed.newest.reach().cardinality() - bed.newest.blocks().size();
        assertTrue(own <= 5, "blocks of an idle free map: " + own);
    }

    static void history(long seed, int consistencyPoints) {
        Random random = new Random(seed);
        long[] sizes = {1000, 33_000, 100_000};
        FreeMapBed bed = new FreeMapBed(sizes[random.nextInt(sizes.length)] + random.nextInt(100), random);
        for (int i = 0; i < consistencyPoints; i++) {
            bed.begin();
            int operations = random.nextInt(12);
            for (int j = 0; j < operations; j++) {
                change(bed, random);
            }
            FreeMapBed.Root root = bed.write();
            if (random.nextInt(10) == 0) {
                bed.reopen();
                continue;
            }
            bed.commit(root);
            if (random.nextInt(5) == 0) {
                bed.reopen();
            }
        }
    }

    private static void change(FreeMapBed bed, Random random) {
        if (random.nextInt(3) > 0) {
            fill(bed, 1 + random.nextInt(random.nextInt(10) == 0 ? 3000 : 60));
        } else {
            long frees = Math.min(bed.liveBlocks(), random.nextInt(random.nextInt(10) == 0 ? 2500 : 50));
            for (long i = 0; i < frees; i++) {
                bed.freeOne();
            }
        }
    }

    private static void fill(FreeMapBed bed, long wanted) {
        long left = Math.min(wanted, bed.map.freeBlocks() - 3 * bed.map.reserveBlocks(0));
        while (left > 0) {
            left -= bed.allocate(left);
        }
    }
}
