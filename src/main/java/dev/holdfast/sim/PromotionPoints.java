package dev.holdfast.sim;

import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;

/**
 * Every point of {@link PromotionStory}: the stream is cut at every message while the twin becomes the pool; and of all
 * disk operations of both machines meanwhile, at which they die or lose power, some, others with every seed.
 */
final class PromotionPoints {
    private static final int MOST_CRASHES = 12;

    private PromotionPoints() {}

    /** The scenario. */
    static void run(SimWorld world) {
        SimRandom random = world.random().split();
        long seed = random.nextLong();
        story(seed, new PromotionStory.Plot(true, false, false), TwinStory.Fault.NONE);
        story(seed, new PromotionStory.Plot(true, true, true), TwinStory.Fault.NONE);
        points(seed, new PromotionStory.Plot(false, false, random.oneIn(2)), random);
        points(seed, new PromotionStory.Plot(true, random.oneIn(2), random.oneIn(2)), random);
    }

    private static void points(long seed, PromotionStory.Plot plot, SimRandom random) {
        PromotionStory undisturbed = story(seed, plot, TwinStory.Fault.NONE);
        for (long message = 1 + random.below(3); message <= undisturbed.messages(); message += 3) {
            story(seed, plot, TwinStory.Fault.cut(message, random.oneIn(2)));
        }
        if (!plot.force()) {
            crashes(seed, plot, "a", undisturbed.sourceOperations(), random);
        }
        crashes(seed, plot, "b", undisturbed.twinOperations(), random);
    }

    /** The last operations are those of the record and of the promotion. */
    private static void crashes(
            long seed, PromotionStory.Plot plot, String machine, long operations, SimRandom random) {
        for (long at = operations; at > Math.max(0, operations - MOST_CRASHES); at--) {
            story(seed, plot, TwinStory.Fault.crash(machine, at, plot.durable() && random.oneIn(2)));
        }
    }

    private static PromotionStory story(long seed, PromotionStory.Plot plot, TwinStory.Fault fault) {
        PromotionStory story = new PromotionStory(new SimWorld(seed), plot, fault);
        try {
            story.run();
        } catch (RuntimeException | AssertionError failure) {
            throw new OracleViolation(plot + " with " + fault + ": " + failure);
        }
        return story;
    }
}
