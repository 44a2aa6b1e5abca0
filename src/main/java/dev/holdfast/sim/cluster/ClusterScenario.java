package dev.holdfast.sim.cluster;

import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Protocol;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Protection;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.frontend.http.VolumeCheck;
import dev.holdfast.node.Node;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.shard.FollowingClient;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Three or four whole nodes that share a control log, a mirrored volume with clients that follow it, and people who
 * make volumes, copies and snapshots and take them away again, while nodes die, lose their power and hear nothing. In
 * the end every order has ended, all nodes know the same, no volume's copies differ, and no client has seen an error.
 */
public final class ClusterScenario {
    static final String LOG = "control";
    private static final String WATCHED = "v";
    private static final int KINDS = 5;
    private static final int WISHES = 12;
    private static final int NAMES = 3;
    private static final int COMPARISONS = 5;
    private static final int REPEATED = 10;
    private static final long VOLUME_BYTES = 8 << 20;
    private static final int POOL_LOG_BYTES = 16 << 20;
    private static final long LOOK_NANOS = 100_000_000L;
    private static final long STRIKE_NANOS = 4_000_000_000L;
    private static final long LOSSLESS_NANOS = 1_000_000_000L;
    private static final long MENDED_NANOS = 120_000_000_000L;
    private static final long QUIET_NANOS = 15_000_000_000L;
    private static final long SETTLED_NANOS = 2_000_000_000L;
    private static final long COMPARED_NANOS = 90_000_000_000L;

    private final SimWorld world;
    private final SimRandom random;
    private final List<ClusterNode> nodes = new ArrayList<>();
    private final Orders orders;
    private final RegisterOracle oracle = new RegisterOracle(true);
    private final List<FollowingClient> clients = new ArrayList<>();
    private boolean calm = true;
    private long struckNanos;

    private ClusterScenario(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
        int count = 3 + random.below(2);
        for (int number = 0; number < count; number++) {
            nodes.add(new ClusterNode(number == 0 ? world.machine() : world.newMachine("node-" + number), number));
        }
        this.orders = new Orders(world, nodes, random.split());
    }

    /** Runs one in {@code world}. */
    public static void run(SimWorld world) {
        new ClusterScenario(world).run();
    }

    private void run() {
        nodes.forEach(ClusterNode::start);
        look();
        until(() -> nodes.stream().allMatch(node -> node.serving().isPresent()));
        nodes.forEach(node -> must(new Operation.CreatePool(
                node.pool(), node.name(), List.of("/d0"), Protection.SINGLE, POOL_LOG_BYTES, 0)));
        must(new Operation.CreateMirrored(WATCHED, List.of(), random.oneIn(3) ? 2 : 3, FollowingClient.VOLUME_BYTES));
        must(new Operation.AddExport(WATCHED, Protocol.NBD));
        for (int own = 0; own < 2; own++) {
            clients.add(FollowingClient.elsewhere(world, addresses(), WATCHED, oracle, random.split(), own));
        }
        world.net().oneInSplit = 4 + random.below(8);
        if (random.oneIn(3)) {
            world.logGroup(LOG).unknownPerMillion = random.below(500_000);
            world.logGroup(LOG).refusedPerMillion = 50_000;
        }
        calm = false;
        misfortune();
        wishes();
        waitFor(random.between(20_000_000_000L, 60_000_000_000L));
        mend();
        until(() -> orders.open() == 0);
        waitFor(QUIET_NANOS); // What was asked of two nodes may be done by one after the other has said why not.
        nodes.forEach(node -> orders.give(new Operation.EndDrain(node.name())));
        until(() -> orders.open() == 0);
        for (int again = 0; again < REPEATED; again++) {
            orders.repeatOne();
        }
        clients.forEach(FollowingClient::end);
        until(() -> clients.stream().noneMatch(FollowingClient::isBusy));
        until(this::agree);
        volumes().forEach(this::judgeCopies);
        oracle.judge();
        if (random.oneIn(2)) {
            loseForGood();
        }
    }

    private List<String> addresses() {
        return nodes.stream().map(ClusterNode::name).toList();
    }

    private void look() {
        nodes.forEach(ClusterNode::look);
        nodes.forEach(node -> node.seen().ifPresent(Rulebook::judge));
        world.at(LOOK_NANOS, this::look);
    }

    /** Orders something that nothing stands against, and waits for it. */
    private void must(Operation what) {
        List<Result> how = new ArrayList<>();
        orders.give(what, how::add);
        until(() -> !how.isEmpty());
        if (!(how.getFirst() instanceof Result.Done)) {
            throw new OracleViolation(what + ": " + how.getFirst());
        }
    }

    /** Orders something that has to be refused. */
    private void mustNot(Operation what, String wrong) {
        orders.give(what, how -> {
            if (how instanceof Result.Done) {
                throw new OracleViolation(wrong);
            }
        });
        until(() -> orders.open() == 0);
    }

    /** Now and then somebody wants something, sensible or not. */
    private void wishes() {
        world.at(random.below(random.oneIn(3) ? 100_000_000L : 3_000_000_000L), () -> {
            if (!calm) {
                wish();
                wishes();
            }
        });
    }

    private void wish() {
        String name = "w" + random.below(NAMES);
        String some = random.oneIn(3) ? WATCHED : name;
        ClusterNode node = nodes.get(random.below(nodes.size()));
        String pool = node.pool();
        String snapshot = "s" + random.below(NAMES);
        switch (random.below(WISHES)) {
            case 0 -> orders.give(new Operation.CreateMirrored(name, List.of(), 1 + random.below(3), VOLUME_BYTES));
            case 1 -> orders.give(new Operation.CreateVolume(name, pool, VOLUME_BYTES));
            case 2 -> orders.give(new Operation.DeleteVolume(name));
            case 3 -> orders.give(new Operation.AddCopy(some, random.oneIn(2) ? pool : ""));
            case 4 -> orders.give(new Operation.RemoveCopy(some, pool));
            case 5 -> orders.give(new Operation.CreateSnapshot(some, snapshot));
            case 6 -> orders.give(new Operation.DeleteSnapshot(some, snapshot));
            case 9 -> orders.give(new Operation.DrainNode(node.name(), random.oneIn(2)));
            case 10 -> orders.give(new Operation.EndDrain(node.name()));
            case 7 -> orders.give(new Operation.ResizeVolume(name, 2 * VOLUME_BYTES, false));
            case 8 -> orders.give(new Operation.AddExport(name, Protocol.NBD));
            default -> orders.repeatOne();
        }
    }

    private void misfortune() {
        world.at(random.below(2 * STRIKE_NANOS), () -> {
            if (!calm) {
                strike(nodes.get(random.below(nodes.size())));
                struckNanos = world.nowNanos();
                misfortune();
            }
        });
    }

    private void strike(ClusterNode node) {
        boolean runs = node.serving().isPresent();
        switch (random.below(KINDS)) {
            case 0 -> cutOff(node);
            case 1 -> {
                world.logGroup(LOG).cut(node.machine());
                world.at(random.below(STRIKE_NANOS), world.logGroup(LOG)::join);
            }
            case 2 -> {
                if (runs) {
                    node.machine().process().pause(random.below(STRIKE_NANOS));
                }
            }
            case 3 -> {
                if (runs && mayLosePower(node)) {
                    node.machine().powerCut();
                    startLater(node);
                }
            }
            default -> {
                if (runs) {
                    node.machine().kill();
                    startLater(node);
                }
            }
        }
    }

    /**
     * Whether others keep what a power cut makes {@code node} forget: all say that two have it, nothing has happened
     * for so long that no set without them is on its way, and nobody asks for one.
     */
    private boolean mayLosePower(ClusterNode node) {
        boolean isQuiet = world.nowNanos() - struckNanos > STRIKE_NANOS + LOSSLESS_NANOS && orders.open() == 0;
        return isQuiet
                && nodes.stream()
                        .allMatch(each -> each.copies(WATCHED)
                                .filter(copies -> copies.missing().isEmpty())
                                .filter(copies -> copies.inSync().size() > 2
                                        || !copies.inSync().contains(node.name()))
                                .isPresent());
    }

    private void startLater(ClusterNode node) {
        world.at(random.below(random.oneIn(3) ? 3 * STRIKE_NANOS : STRIKE_NANOS / 4), node::start);
    }

    private void cutOff(ClusterNode node) {
        boolean hears = random.oneIn(3);
        boolean speaks = !hears && random.oneIn(2);
        for (ClusterNode other : nodes) {
            if (other != node && !speaks) {
                world.net().cutOneWay(node.name(), other.name());
            }
            if (other != node && !hears) {
                world.net().cutOneWay(other.name(), node.name());
            }
        }
        world.at(random.below(STRIKE_NANOS), world.net()::join);
    }

    private void mend() {
        calm = true;
        world.net().join();
        world.logGroup(LOG).join();
        world.logGroup(LOG).unknownPerMillion = 0;
        world.logGroup(LOG).refusedPerMillion = 0;
        nodes.forEach(ClusterNode::start);
    }

    private List<String> volumes() {
        return nodes.getFirst().seen().orElseThrow().mirrors().stream()
                .filter(mirror -> mirror.known().inSync().size() > 1)
                .map(mirror -> mirror.volume().name())
                .toList();
    }

    /** Whether all nodes say the same of what there is, and nothing is under way or missing. */
    private boolean agree() {
        Set<Object> told = new LinkedHashSet<>();
        for (ClusterNode node : nodes) {
            if (node.seen().isEmpty()) {
                return false;
            }
            NodeStatus status = node.seen().get();
            List<MirrorInfo> copies =
                    status.mirrors().stream().map(NodeStatus.Mirror::known).toList();
            if (copies.stream().anyMatch(one -> !one.missing().isEmpty())) {
                return false;
            }
            told.add(List.of(status.volumes(), status.snapshots(), status.exported(), copies));
        }
        return told.size() == 1;
    }

    /** Reads all copies of {@code volume} and compares them. */
    private void judgeCopies(String volume) {
        for (int again = 0; again < COMPARISONS; again++) {
            Optional<VolumeCheck> check = compared(volume);
            if (check.isPresent() && check.get().why().isEmpty()) {
                if (check.get().differingBlocks() > 0) {
                    throw new OracleViolation("copies of " + volume + " differ: " + check.get());
                }
                return;
            }
            waitFor(SETTLED_NANOS);
        }
        throw new OracleViolation("copies of " + volume + " can't be compared");
    }

    private Optional<VolumeCheck> compared(String volume) {
        String primary = nodes.getFirst().copies(volume).orElseThrow().primary();
        Node asked = nodes.stream()
                .filter(node -> node.name().equals(primary))
                .flatMap(node -> node.serving().stream())
                .findFirst()
                .orElse(nodes.getFirst().serving().orElseThrow());
        List<Optional<Result.Refused>> begun = new ArrayList<>();
        asked.compare(volume, true, begun::add);
        until(() -> !begun.isEmpty());
        List<VolumeCheck> checks = new ArrayList<>();
        long lastNanos = world.nowNanos() + COMPARED_NANOS;
        while (begun.getFirst().isEmpty() && checks.stream().allMatch(VolumeCheck::running)) {
            checks.clear();
            if (world.nowNanos() > lastNanos) {
                throw new OracleViolation("a comparison of " + volume + " does not end");
            }
            asked.comparison(volume, told -> told.ifPresent(checks::add));
            waitFor(LOOK_NANOS);
        }
        return checks.stream().findFirst();
    }

    /** Who has everything is gone for good, and a person goes on with what another copy has. */
    private void loseForGood() {
        ClusterNode left = nodes.get(0);
        ClusterNode gone = nodes.get(1);
        must(new Operation.CreateMirrored("lost", List.of(left.pool(), gone.pool()), 2, VOLUME_BYTES));
        until(() -> left.copies("lost")
                .filter(copies -> copies.inSync().size() == 2)
                .isPresent());
        left.machine().kill();
        until(() -> gone.copies("lost")
                .filter(copies -> copies.inSync().equals(List.of(gone.name())))
                .isPresent());
        Operation accept =
                new Operation.AcceptLoss("lost", left.name(), List.of(gone.name()), false, new Change.Audit("me", 7));
        mustNot(new Operation.RemoveCopy("lost", gone.pool()), "the last good copy was taken away");
        if (random.oneIn(2)) {
            left.start();
            mustNot(accept, "a loss was accepted though who has everything runs");
            left.machine().kill();
            until(() -> gone.copies("lost")
                    .filter(copies -> copies.inSync().equals(List.of(gone.name())))
                    .isPresent());
        }
        gone.machine().powerCut();
        left.start();
        until(() -> left.serving().isPresent());
        must(accept);
        gone.start();
        until(() -> nodes.stream()
                .allMatch(node -> node.copies("lost")
                        .filter(copies -> copies.inSync().equals(List.of(left.name())))
                        .isPresent()));
    }

    private void waitFor(long nanos) {
        long endNanos = world.nowNanos() + nanos;
        until(() -> world.nowNanos() >= endNanos);
    }

    private void until(BooleanSupplier condition) {
        long lastNanos = world.nowNanos() + MENDED_NANOS;
        while (!condition.getAsBoolean()) {
            if (world.nowNanos() > lastNanos || !world.step()) {
                throw new OracleViolation("what was waited for does not happen: " + describe());
            }
        }
    }

    private String describe() {
        StringBuilder words = new StringBuilder("orders " + orders.describe());
        for (ClusterNode node : nodes) {
            words.append("; ").append(node.name()).append(": ");
            words.append(node.seen()
                    .map(status -> status.mirrors().stream()
                            .map(mirror -> mirror.volume().name() + " " + mirror.known())
                            .toList()
                            .toString()));
        }
        return words.toString();
    }
}
