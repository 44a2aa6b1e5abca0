package dev.holdfast.sim;

import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.Bug;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.workload.MemoryImage;
import dev.holdfast.sim.workload.MemoryServer;
import dev.holdfast.sim.workload.Mix;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;
import java.util.Optional;

/** Every scenario there is, in the order in which they are listed. */
public final class Scenarios {
    private static final long VOLUME_BYTES = 16L << 40;

    private static final List<Scenario> ALL = List.of(new Scenario(
            "model", "a volume in memory keeps every promise, so the oracles accept what is right", Scenarios::model));

    private Scenarios() {}

    /** Every scenario. */
    public static List<Scenario> all() {
        return ALL;
    }

    /** The scenario called {@code name}, if there is one. */
    public static Optional<Scenario> find(String name) {
        return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst();
    }

    private static void model(SimWorld world) {
        model(world, Bug.NONE);
    }

    /** The model volume with {@code bug}: an oracle must object. */
    public static void model(SimWorld world, Bug bug) {
        MemoryImage image = new MemoryImage(bug, world.random().split());
        BlockWorkload workload =
                new BlockWorkload(Mix.EVERYTHING, VOLUME_BYTES, world.random().split());
        new CrashRounds(world, new MemoryServer(VOLUME_BYTES, image), workload).run(6, 400);
    }
}
