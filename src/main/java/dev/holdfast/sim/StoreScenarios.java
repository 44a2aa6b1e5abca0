package dev.holdfast.sim;

import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.CrashPoints;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.workload.DiskTrouble;
import dev.holdfast.sim.workload.Mix;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;

/** The real store under crashes: promises S1 to S5, judged from outside and by the store's own verifier. */
final class StoreScenarios {
    /** Labels and roots are before it. */
    private static final long LOG_OFFSET = 1 << 20;

    private StoreScenarios() {}

    /** Every crash point of a short workload on one device. */
    static void crashPoints(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.SMALL;
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        BlockWorkload workload = new BlockWorkload(Mix.SMALL, setup.volumeBytes(), random.split());
        new CrashPoints(world, server, workload, new CrashPoints.Bounds(3, 2, 20, 10)).run(60);
    }

    /** As {@link #crashPoints} for a longer workload with snapshots, but only where roots and flushes are. */
    static void rootPoints(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.SMALL;
        StoreServer server = new StoreServer(setup, true, random);
        BlockWorkload workload = new BlockWorkload(Mix.FORCED, setup.volumeBytes(), random.split());
        new CrashPoints(world, server, workload, new CrashPoints.Bounds(2, 1, 6, 20, LOG_OFFSET)).run(60);
    }

    /** Rounds of everything, with process deaths, power cuts and lost memory, on one to three good devices. */
    static void crashes(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.random(random, 1 + random.below(3));
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        CrashRounds rounds = new CrashRounds(world, server, workload(setup, random));
        rounds.run(6, 300);
        rounds.finish(300);
    }

    /** As {@link #crashes} with more to write than there is room for. */
    static void pressure(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.tight(random);
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        BlockWorkload workload = new BlockWorkload(Mix.PRESSURE, setup.volumeBytes(), random.split());
        workload.allowFull();
        if (random.oneIn(2)) {
            server.trouble(new DiskTrouble(world, "/disk0", DiskTrouble.LATE));
        }
        CrashRounds rounds = new CrashRounds(world, server, workload);
        rounds.run(4, 800);
        rounds.finish(400);
    }

    /** As {@link #crashes} with long reads of blocks that lie all over the disk, and little cache for them. */
    static void scattered(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.scattered(random);
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        BlockWorkload workload = new BlockWorkload(Mix.SCATTERED, setup.volumeBytes(), random.split());
        CrashRounds rounds = new CrashRounds(world, server, workload);
        rounds.fill(2000);
        rounds.run(3, 300);
        rounds.finish(300);
    }

    /** As {@link #crashes} on a mirror of which one disk does everything a disk can do wrong, the others nothing. */
    static void mirrorWithOneBadDisk(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.random(random, 2 + random.below(2));
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        String victim = "/disk" + random.below(setup.copies());
        List<DiskTrouble.Kind> kinds = random.oneIn(3) ? DiskTrouble.ANY : DiskTrouble.LYING;
        server.trouble(new DiskTrouble(world, victim, kinds));
        CrashRounds rounds = new CrashRounds(world, server, workload(setup, random));
        rounds.run(6, 300);
        rounds.finish(300);
    }

    /** As {@link #crashes} on one disk that fails without lying; what it said it wrote is there. */
    static void oneBadDisk(SimWorld world) {
        SimRandom random = world.random().split();
        StoreSetup setup = StoreSetup.random(random, 1);
        StoreServer server = new StoreServer(setup, random.oneIn(2), random);
        DiskTrouble trouble = new DiskTrouble(world, "/disk0", DiskTrouble.HONEST);
        server.trouble(trouble);
        BlockWorkload workload = workload(setup, random);
        workload.allowErrors(true);
        CrashRounds rounds = new CrashRounds(world, server, workload);
        rounds.calmBy(trouble::calm);
        rounds.run(6, 300);
        trouble.end();
        workload.allowErrors(false);
        rounds.finish(300);
    }

    private static BlockWorkload workload(StoreSetup setup, SimRandom random) {
        return new BlockWorkload(Mix.EVERYTHING, setup.volumeBytes(), random.split());
    }
}
