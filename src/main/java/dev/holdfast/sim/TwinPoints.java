package dev.holdfast.sim;

import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;

/**
 * Every point of {@link TwinStory}: the stream is cut at every message, which arrives or does not; after every step the
 * source's disks may have lied; and of all disk operations of both machines, at which they die or lose power, every so
 * many, beginning somewhere else with every seed.
 */
final class TwinPoints {
    private static final int ONE_IN_OPERATIONS = 40;
    private static final int CHECKS = 12;
    private static final int LIES = 5;

    private TwinPoints() {}

    /** The scenario. */
    static void run(SimWorld world) {
        SimRandom random = world.random().split();
        long seed = random.nextLong();
        TwinStory undisturbed = story(seed, TwinStory.Fault.NONE);
        for (int step = 1; step <= LIES; step++) {
            story(seed, TwinStory.Fault.lie(step));
        }
        boolean odd = random.oneIn(2);
        for (long message = 1; message <= undisturbed.messages(); message++) {
            story(seed, TwinStory.Fault.cut(message, odd == (message % 2 == 1)));
        }
        crashes(seed, "a", undisturbed.sourceOperations(), random);
        crashes(seed, "b", undisturbed.twinOperations(), random);
    }

    private static void crashes(long seed, String machine, long operations, SimRandom random) {
        for (long at = 1 + random.below(ONE_IN_OPERATIONS); at <= operations; at += ONE_IN_OPERATIONS) {
            story(seed, TwinStory.Fault.crash(machine, at, random.oneIn(2)));
        }
    }

    private static TwinStory story(long seed, TwinStory.Fault fault) {
        TwinStory story = new TwinStory(new SimWorld(seed), fault, CHECKS);
        try {
            story.run();
        } catch (RuntimeException | AssertionError failure) {
            throw new OracleViolation("with " + fault + ": " + failure);
        }
        return story;
    }
}
