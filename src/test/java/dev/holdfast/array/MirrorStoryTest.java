package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Seeds;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.DiskFaults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Long random stories of a mirror in which one disk does everything a disk may do and the others are sound: no block
 * that was written, or flushed before a power cut, may ever be unreadable.
 */
final class MirrorStoryTest {
    private static final int BLOCKS = 300;
    private static final int RUN = 16;

    @Test
    void aSoundMemberAnswersForAllThatWasWritten() {
        Story total = new Story(0, 2);
        Seeds.each(12, seed -> {
            Story story = new Story(seed, 2 + (int) (seed % 2));
            story.tell(150);
            total.losses += story.losses;
            total.rebuilds += story.rebuilds;
            total.repairs += story.repairs;
            total.crashes += story.crashes;
        });
        assertTrue(total.losses > 10, "members were lost: " + total.losses);
        assertTrue(total.rebuilds > 10, "and rebuilt: " + total.rebuilds);
        assertTrue(total.repairs > 20, "blocks were repaired: " + total.repairs);
        assertTrue(total.crashes > 40, "the power went: " + total.crashes);
    }

    static final class Story {
        private final String name;
        private final ArrayBench bench;
        private final SimRandom random;
        private final int copies;
        private final int unsound;
        private final TreeMap<Long, Integer> known = new TreeMap<>();
        private final TreeMap<Long, Integer> flushed = new TreeMap<>();
        private long generation = 1;
        private long cp;
        private long named;
        private int losses;
        private int rebuilds;
        private int repairs;
        private int crashes;

        Story(long seed, int copies) {
            this.name = "seed " + seed + ", copies " + copies;
            this.copies = copies;
            random = new SimRandom(seed);
            bench = ArrayBench.opened(seed, copies);
            unsound = random.below(copies);
            newRoot();
        }

        void tell(int turns) {
            for (int turn = 0; turn < turns; turn++) {
                misbehave();
                switch (random.below(12)) {
                    case 0, 1, 2, 3 -> write();
                    case 4, 5, 6 -> read(1 + random.below(BLOCKS - RUN), 1 + random.below(RUN));
                    case 7 -> flush();
                    case 8 -> check(bench.writeLog(random.below(8) * 4096L, turn));
                    case 9 -> newRoot();
                    case 10 -> rebuild();
                    default -> crash();
                }
            }
            bench.device(unsound).faults().heal();
            for (long address = 1; address < BLOCKS; address += RUN) {
                read(address, RUN);
            }
        }

        private void misbehave() {
            DiskFaults faults = bench.device(unsound).faults();
            faults.heal();
            int perMillion = random.oneIn(3) ? 300_000 : 0;
            switch (random.below(9)) {
                case 0 -> faults.readErrorPerMillion = perMillion;
                case 1 -> faults.writeErrorPerMillion = perMillion / 8;
                case 2 -> faults.flushErrorPerMillion = perMillion / 8;
                case 3 -> faults.misdirectedPerMillion = perMillion;
                case 4 -> faults.lostPerMillion = perMillion;
                case 5 -> faults.stalePerMillion = perMillion;
                case 6 -> faults.misplacedPerMillion = perMillion;
                case 7 -> faults.rotPerMillion = perMillion;
                default -> faults.gone = perMillion != 0 && random.oneIn(4);
            }
        }

        private void write() {
            long address = 1 + random.below(BLOCKS);
            int count = 1 + random.below(RUN);
            int value = random.below(200);
            for (int i = 0; i < count; i++) {
                known.put(address + i, value + i);
                flushed.remove(address + i);
            }
            check(bench.write(address, count, value));
        }

        private void flush() {
            check(bench.flush());
            flushed.putAll(known);
        }

        /** Nothing depends on a change before a root without the lost member is durable. */
        private void check(ArrayOutcome outcome) {
            assertTrue(outcome == ArrayOutcome.OK || outcome == ArrayOutcome.MEMBER_LOST, name + ": " + outcome);
            assertTrue((bench.array.members() & ~(1L << unsound)) != 0, name + ": a sound member stays");
            if (outcome == ArrayOutcome.MEMBER_LOST) {
                losses++;
                generation++;
                newRoot();
            }
        }

        private void newRoot() {
            cp++;
            named = bench.array.members();
            check(bench.writeRoot(generation, cp, named));
        }

        private void read(long address, int count) {
            for (int i = 0; i < count; i++) {
                Integer value = known.get(address + i);
                if (value != null) {
                    BlockRead read = bench.read(address + i, 1, value);
                    assertEquals(0, read.bad, name + ": block " + (address + i));
                    if (read.repairable != 0) {
                        assertEquals(1L << unsound, read.wrongCopies, name);
                        repairs++;
                        check(bench.repair(address + i, value, read.wrongCopies));
                    }
                }
            }
        }

        private void rebuild() {
            if ((bench.array.members() >>> unsound & 1) != 0) {
                return;
            }
            List<Rebuild> begun = new ArrayList<>();
            Optional<String> problem = bench.await(done -> begun.add(Rebuild.begin(bench.array, unsound, done)));
            Rebuild rebuild = begun.getFirst();
            for (long address = 1; problem.isEmpty() && address < BLOCKS + RUN; address += RUN) {
                long from = address;
                problem = bench.await(done -> rebuild.copy(from, RUN, done));
                write();
            }
            if (problem.isEmpty()) {
                problem = bench.await(rebuild::finish);
            }
            if (problem.isEmpty()) {
                rebuilds++;
                generation++;
                newRoot();
            }
        }

        private void crash() {
            crashes++;
            int count = random.below(4);
            for (int i = 0; i < count; i++) {
                long address = 1 + random.below(BLOCKS);
                known.remove(address);
                flushed.remove(address);
                bench.loop.post(() ->
                        bench.array.write(address, ArrayBench.filled(1, 7), bench.loop, (token, outcome) -> {}, 0));
            }
            for (int steps = random.below(20); steps > 0; steps--) {
                bench.world.step();
            }
            bench.powerCut();
            bench.device(unsound).faults().heal();
            bench.open();
            assertEquals(
                    0, ~(1L << unsound) & (1L << copies) - 1 & ~bench.array.members(), name + ": the sound are in");
            assertEquals(0, bench.array.members() & ~named, name + ": nobody is in whom the newest root does not name");
            known.clear();
            known.putAll(flushed);
            if (bench.opened.left() != 0) {
                generation++;
            }
            newRoot();
        }
    }
}
