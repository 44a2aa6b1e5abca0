package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.OrderedLog.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class SimOrderedLogTest {
    /** A member that remembers what it was told. */
    private static final class Member {
        final List<Integer> seen = new ArrayList<>();
        final List<Integer> seenAtReplay = new ArrayList<>();
        final SimLoop loop;
        final OrderedLog log;

        Member(SimProcess process) {
            loop = process.newLoop("control");
            log = process.orderedLog("control");
            loop.post(() -> log.start(
                    loop,
                    (index, bytes) -> {
                        assertEquals(seen.size(), index);
                        seen.add(bytes.getInt(0));
                    },
                    () -> seenAtReplay.add(seen.size())));
        }
    }

    @Test
    void everyMemberSeesTheSameRecordsInOneOrderExactlyOnce() {
        Set<Outcome> outcomes = new TreeSet<>();
        for (long seed = 0; seed < 50; seed++) {
            SimWorld world = new SimWorld(seed);
            world.logGroup("control").refusedPerMillion = 100_000;
            world.logGroup("control").unknownPerMillion = 100_000;
            Member one = new Member(world.machine().process());
            Member two = new Member(world.newMachine("b").start());
            world.runUntil(() -> one.seenAtReplay.size() + two.seenAtReplay.size() == 2);
            TreeSet<Integer> refused = new TreeSet<>();
            TreeSet<Integer> appended = new TreeSet<>();
            for (int i = 0; i < 60; i++) {
                int number = i;
                Member from = i % 2 == 0 ? one : two;
                from.loop.post(() -> from.log.append(new byte[] {0, 0, 0, (byte) number}, outcome -> {
                    outcomes.add(outcome);
                    assertTrue(outcome != Outcome.APPENDED || from.seen.contains(number));
                    (outcome == Outcome.REFUSED ? refused : appended).add(number);
                }));
            }
            world.runFor(60_000_000_000L);
            assertEquals(60, refused.size() + appended.size());
            assertEquals(one.seen, two.seen, "seed " + seed);
            assertEquals(one.seen.size(), new TreeSet<>(one.seen).size());
            assertTrue(one.seen.stream().noneMatch(refused::contains));
            world.machine().kill();
            Member again = new Member(world.machine().start());
            world.runUntil(() -> !again.seenAtReplay.isEmpty());
            assertEquals(List.of(two.seen.size()), again.seenAtReplay);
            assertEquals(two.seen, again.seen);
        }
        assertEquals(Set.of(Outcome.values()), outcomes);
    }
}
