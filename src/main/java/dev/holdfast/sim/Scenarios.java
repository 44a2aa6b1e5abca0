package dev.holdfast.sim;

import dev.holdfast.sim.cluster.ClusterScenario;
import dev.holdfast.sim.shard.ClientScenario;
import dev.holdfast.sim.shard.ShardScenario;
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

    private static final List<Scenario> ALL = List.of(
            new Scenario(
                    "model",
                    "a volume in memory keeps every promise, so the oracles accept what is right",
                    Scenarios::model),
            new Scenario(
                    "shard-replicas",
                    "replicas of a shard lose nothing acknowledged, never disagree for good, and become one again",
                    ShardScenario::overModels),
            new Scenario(
                    "shard-pools",
                    "the same over pools on simulated disks: in the end all replicas are equal byte for byte",
                    ShardScenario::overPools),
            new Scenario(
                    "shard-links",
                    "the same over pools and over links between nodes, on a network that cuts, resets and delays",
                    ShardScenario::overLinks),
            new Scenario(
                    "shard-clients",
                    "clients that follow the primary over NBD see delay where it changes, and nothing else",
                    ClientScenario::run),
            new Scenario(
                    "cluster",
                    "whole nodes: whatever is asked of them ends once, all know the same, and clients see no error",
                    ClusterScenario::run),
            new Scenario(
                    "store-crashes",
                    "whatever ends the process, the store opens again and holds what it promised",
                    StoreScenarios::crashes),
            new Scenario(
                    "store-pressure",
                    "more writes than memory, log and pool have room for are slowed down and refused, never lost",
                    StoreScenarios::pressure),
            new Scenario(
                    "store-scattered",
                    "long reads of blocks that lie all over the disk share reads and cache, and every one of them ends",
                    StoreScenarios::scattered),
            new Scenario(
                    "store-mirror-faults",
                    "a mirror of which one disk lies, fails and goes away serves every read right and loses nothing",
                    StoreScenarios::mirrorWithOneBadDisk),
            new Scenario(
                    "store-single-faults",
                    "one disk that fails, stalls, fills up and goes away makes errors, never wrong or lost bytes",
                    StoreScenarios::oneBadDisk),
            new Scenario(
                    "store-damaged-log",
                    "a log of which pages cannot be read any more makes errors or a refusal, never wrong bytes",
                    DamagedLog::run),
            new Scenario(
                    "store-crash-points",
                    "at every disk operation, with subsets of what was not flushed, a crash loses nothing promised",
                    StoreScenarios::crashPoints),
            new Scenario(
                    "store-root-points",
                    "the same at every operation on a root, every flush and every durable answer of a longer workload",
                    StoreScenarios::rootPoints),
            new Scenario(
                    "pool-mirror",
                    "whatever happens to a pool, its twin or the way there, the twin holds one consistency point of it",
                    PoolMirror::run),
            new Scenario(
                    "pool-rot",
                    "blocks that rot on every disk of a pool make errors, here and at its twin, and never wrong bytes",
                    RottenBlocks::run),
            new Scenario(
                    "pool-rpo-zero",
                    "with --rpo 0, whenever the source is destroyed, its twin has everything that was answered",
                    PoolMirror::runZero),
            new Scenario(
                    "pool-mirror-points",
                    "the same with the stream cut at every message, and both machines failing at disk operations",
                    TwinPoints::run),
            new Scenario(
                    "pool-promotion",
                    "a twin becomes the pool, handed over or by force: nothing is lost that is not said, and never two",
                    PromotionPoints::run));

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
        CrashRounds rounds = new CrashRounds(world, new MemoryServer(VOLUME_BYTES, image), workload);
        rounds.run(6, 400);
        rounds.finish(400);
    }
}
