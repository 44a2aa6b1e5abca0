package dev.holdfast.sim.shard;

import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Two to four replicas of one shard, one of them maybe added later, clients, and every misfortune of
 * docs/internals/mirror.md; {@link Judge} looks after each event. In the end everything is mended; then the shard must
 * be served, all replicas become one, and every request be answered, each within its time.
 */
public final class ShardScenario {
    private static final int KINDS = 11;
    private static final int KINDS_OVER_POOLS = KINDS + 2;
    private static final int MOST_SNAPSHOTS = 12;
    private static final int COMPARISONS = 3;
    private static final long COMPARED_NANOS = 20_000_000_000L;
    private static final int ROOTS_WAITED_FOR = 10;
    private static final long ROOT_NANOS = 2_000_000_000L;
    private static final String LOG = "shard";
    private static final long REQUESTS = 12_000;
    private static final long RUN_NANOS = 120_000_000_000L;

    /** After this long nothing is under way any more of what happened before all was mended, but late messages. */
    private static final long QUIET_NANOS = 5_000_000_000L;

    private static final long TAKEN_AWAY_NANOS = 15_000_000_000L;
    private static final long SERVED_NANOS = 15_000_000_000L;
    private static final long CONVERGED_NANOS = 15_000_000_000L;
    /** All that one node has rotten, one block after another, of snapshots too that another has in no root yet. */
    private static final long HEALED_NANOS = 60_000_000_000L;

    private static final long ANSWERED_NANOS = 5_000_000_000L;

    /** With little memory and log a flush waits for consistency points, each a second after one that freed nothing. */
    private static final long ANSWERED_IN_LITTLE_ROOM_NANOS = 20_000_000_000L;

    private final SimWorld world;
    private final boolean pools;
    private final boolean tight;
    private final SimRandom random;
    private final RegisterOracle oracle = new RegisterOracle();
    private final Keepers keepers;
    private final Judge judge;
    private final Wire wire;
    private final List<ShardNode> nodes = new ArrayList<>();
    private final int kinds;
    private final int favourite;
    private boolean calm = true;
    private int decisions;
    private int newestSnapshot;
    private boolean newestSnapshotIsWanted;
    private Optional<SimRandom> comparisons = Optional.empty();
    private Optional<Rot> rot = Optional.empty();
    private boolean isCompared;

    private ShardScenario(SimWorld world, boolean pools, Function<SimWorld, Wire> wires) {
        this.world = world;
        this.pools = pools;
        this.random = world.random().split();
        this.keepers = new Keepers(world.logGroup(LOG));
        this.judge = new Judge(world.logGroup(LOG), keepers, oracle);
        this.wire = wires.apply(world);
        this.kinds = pools ? KINDS_OVER_POOLS : KINDS;
        this.favourite = random.below(kinds);
        this.tight = pools && random.oneIn(4);
        int count = 2 + random.below(pools ? 2 : 3);
        IntStream.range(0, count).forEach(keepers::add);
        IntStream.range(0, count).forEach(this::addNode);
    }

    private void addNode(int number) {
        SimMachine machine = number == 0 ? world.machine() : world.newMachine("node-" + number);
        machine.clock().drift(random.between(-10_000, 10_000));
        ShardStore store = pools ? new PoolStore(judge, random.split(), tight) : new ModelStore(judge);
        nodes.add(new ShardNode(machine, number, store, keepers, wire, judge));
    }

    /** Another node gets a copy, or one whose copy was taken away; the others are told of it sooner or later. */
    private void addCopy() {
        if (calm || rot.isPresent() || keepers.nodes().size() == ReplicaSet.MOST) {
            return;
        }
        judge.mayFallBehind();
        Optional<ShardNode> gone = nodes.stream().filter(ShardNode::isGone).findFirst();
        keepers.add(gone.map(ShardNode::number).orElse(nodes.size()));
        if (gone.isPresent()) {
            gone.get().comeAgain();
        } else {
            addNode(nodes.size());
            nodes.getLast().start();
        }
        tellKeepers();
    }

    /** Now and then a copy is to be taken away, dead or alive, and maybe another one added later. */
    private void takeAway() {
        world.at(random.below(random.oneIn(2) ? 2_000_000_000L : 15_000_000_000L), () -> {
            if (!calm) {
                ShardNode node = random.oneIn(2) ? serving() : nodes.get(random.below(nodes.size()));
                keepers.takeAway(node.number());
                tellKeepers();
                if (random.oneIn(3)) {
                    hearLittle(node);
                }
                if (pools && random.oneIn(2)) {
                    world.at(someTime(), this::addCopy);
                }
                takeAway();
            }
        });
    }

    /** Who is to leave hears what it is asked, and then for a while nothing of what is decided. */
    private void hearLittle(ShardNode node) {
        node.hearKeepers();
        world.logGroup(LOG).cut(node.machine());
        world.at(someTime(), world.logGroup(LOG)::join);
    }

    private void tellKeepers() {
        nodes.forEach(
                node -> world.at(calm || random.oneIn(2) ? random.below(5_000_000L) : someTime(), node::hearKeepers));
    }

    /** Runs one in {@code world}, over a plain model of the store. */
    public static void overModels(SimWorld world) {
        new ShardScenario(world, false, MessageWire::new).run();
    }

    /** Runs one in {@code world}, over pools. */
    public static void overPools(SimWorld world) {
        new ShardScenario(world, true, MessageWire::new).run();
    }

    /** Runs one in {@code world}, over pools and over links between the nodes. */
    public static void overLinks(SimWorld world) {
        new ShardScenario(world, true, LinkWire::new).run();
    }

    private void run() {
        nodes.forEach(ShardNode::start);
        until(CONVERGED_NANOS, judge::isConverged);
        Clients clients = new Clients(world, nodes, oracle);
        clients.begin(1 + random.below(pools ? 6 : 12), REQUESTS);
        if (random.oneIn(3)) {
            world.logGroup(LOG).unknownPerMillion = random.below(500_000);
            world.logGroup(LOG).refusedPerMillion = 50_000;
        }
        world.logGroup(LOG).appendNanos = random.oneIn(3) ? 500_000_000L : 3_000_000L;
        calm = false;
        wire.roughen(random);
        misfortune();
        if (pools && random.oneIn(2)) {
            snapshots();
        }
        comparisons = comparisons();
        rot = rot();
        if (pools && random.oneIn(3)) {
            world.at(random.below(15_000_000_000L), this::addCopy);
        }
        if (random.oneIn(3) && rot.isEmpty()) {
            takeAway();
        }
        long endNanos = world.nowNanos() + random.between(20_000_000_000L, pools ? 30_000_000_000L : 60_000_000_000L);
        until(RUN_NANOS, () -> world.nowNanos() > endNanos);
        mend();
        clients.end();
        judgeMended(clients);
    }

    private void judgeMended(Clients clients) {
        long quietNanos = world.nowNanos() + QUIET_NANOS;
        until(RUN_NANOS, () -> world.nowNanos() > quietNanos);
        until(TAKEN_AWAY_NANOS, () -> keepers.leaving().isEmpty());
        until(SERVED_NANOS, () -> nodes.stream().anyMatch(ShardNode::serves));
        until(CONVERGED_NANOS, judge::isConverged);
        judgeEqual();
        long answered = clients.answered();
        long abandoned = clients.abandoned();
        int before = decisions;
        clients.bePatient(tight ? ANSWERED_IN_LITTLE_ROOM_NANOS : ANSWERED_NANOS);
        clients.begin(2, 60);
        until(RUN_NANOS, () -> clients.answered() >= answered + 60);
        boolean decided = decisions > before; // A record that came late may end a primary, and what waits there.
        if (clients.abandoned() > abandoned && !decided) {
            throw new OracleViolation("a request was not answered: " + judge.describe());
        }
        oracle.judge();
        judgeByComparing();
        judgeHealing();
    }

    /** Compares all nodes, entry for entry or byte for byte; roots may have the last snapshots a moment later. */
    private void judgeEqual() {
        List<Object> contents = contents();
        for (int again = 0;
                again < ROOTS_WAITED_FOR && contents.stream().distinct().count() > 1;
                again++) {
            long nextNanos = world.nowNanos() + ROOT_NANOS;
            until(RUN_NANOS, () -> world.nowNanos() > nextNanos);
            contents = contents();
        }
        judge.judgeEqual(contents);
    }

    private List<Object> contents() {
        List<Object> contents = new ArrayList<>();
        List<ShardNode> keeping = judge.keeping();
        keeping.forEach(node -> node.ask(() -> node.store().contents(contents::add)));
        until(rot.isEmpty() ? ANSWERED_NANOS : HEALED_NANOS, () -> contents.size() == keeping.size());
        return contents;
    }

    /** Now and then a snapshot is made, or goes; who asks does not always hear, and asks again. */
    private void snapshots() {
        world.at(random.below(random.oneIn(2) ? 500_000_000L : 4_000_000_000L), () -> {
            if (calm || newestSnapshot >= MOST_SNAPSHOTS) {
                return;
            }
            boolean keeps = newestSnapshot == 0 || random.oneIn(2);
            boolean again = keeps && newestSnapshotIsWanted && random.oneIn(4);
            newestSnapshot += keeps && !again ? 1 : 0;
            int id = keeps ? newestSnapshot : 1 + random.below(newestSnapshot);
            newestSnapshotIsWanted = keeps || newestSnapshotIsWanted && id < newestSnapshot;
            serving().snapshot(id, keeps);
            snapshots();
        });
    }

    /** In some runs replicas are compared now and then; dice of their own leave all other runs as they were. */
    private Optional<SimRandom> comparisons() {
        SimRandom dice = new SimRandom(world.nowNanos());
        if (!pools || dice.below(6) != 1) {
            return Optional.empty();
        }
        compareLater(dice);
        return Optional.of(dice);
    }

    private void compareLater(SimRandom dice) {
        world.at(dice.below(dice.oneIn(2) ? 500_000_000L : 4_000_000_000L), () -> {
            if (!calm && newestSnapshot < MOST_SNAPSHOTS) {
                ShardNode asks = dice.oneIn(4) ? nodes.get(dice.below(nodes.size())) : serving();
                compare(asks, dice.oneIn(4));
                compareLater(dice);
            }
        });
    }

    /** In some other runs blocks rot. Copies neither come nor go then: what one node alone has must not. */
    private Optional<Rot> rot() {
        SimRandom dice = new SimRandom(~world.nowNanos());
        if (!pools || tight || comparisons.isPresent() || dice.below(4) != 1) {
            return Optional.empty();
        }
        Rot begun = new Rot(world, nodes, dice);
        begun.begin();
        return Optional.of(begun);
    }

    /**
     * All that may rot does, while no process runs that has it in memory: everything can be read still, of all the
     * same, and after that by each node alone. Roots cover everything before: a snapshot whose deletion is in the root
     * of one node alone can be read from the other, which is then alone with its blocks.
     */
    private void judgeHealing() {
        if (rot.isEmpty()) {
            return;
        }
        List<ShardNode> keeping = judge.keeping();
        until(
                CONVERGED_NANOS,
                () -> keeping.stream()
                        .allMatch(node -> node.store().rooted() == node.store().held()));
        keeping.forEach(ShardNode::kill);
        rot.get().all();
        keeping.forEach(ShardNode::start);
        until(SERVED_NANOS, () -> nodes.stream().anyMatch(ShardNode::serves));
        until(CONVERGED_NANOS, judge::isConverged);
        judgeEqual();
        long mendedNanos = world.nowNanos() + QUIET_NANOS;
        until(RUN_NANOS, () -> world.nowNanos() > mendedNanos);
        wire.loseAll(true);
        keeping.forEach(ShardNode::kill);
        keeping.forEach(ShardNode::start);
        until(
                SERVED_NANOS,
                () -> keeping.stream().allMatch(node -> node.replica().isPresent()));
        contents();
    }

    /** By a snapshot that goes when the comparison ends, or before. */
    private void compare(ShardNode asks, boolean reads) {
        int id = ++newestSnapshot;
        newestSnapshotIsWanted = true;
        serving().snapshot(id, true);
        asks.compare(id, reads, outcome -> {
            if (outcome.differingBlocks() > 0) {
                throw new OracleViolation("replicas differ, says a comparison: " + outcome);
            }
            isCompared |= outcome.isClean();
            newestSnapshotIsWanted &= id < newestSnapshot;
            serving().snapshot(id, false);
        });
    }

    /** In the end nothing hinders a comparison. */
    private void judgeByComparing() {
        isCompared = comparisons.isEmpty() || keepers.nodes().size() == 1;
        for (int again = 0; again < COMPARISONS && !isCompared; again++) {
            compare(serving(), true);
            long lastNanos = world.nowNanos() + COMPARED_NANOS;
            until(RUN_NANOS, () -> isCompared || world.nowNanos() > lastNanos);
        }
        if (!isCompared) {
            throw new OracleViolation("replicas can't be compared: " + judge.describe());
        }
    }

    private void until(long nanos, BooleanSupplier condition) {
        long lastNanos = world.nowNanos() + nanos;
        while (!condition.getAsBoolean()) {
            if (world.nowNanos() > lastNanos || !world.step()) {
                throw new OracleViolation("what was waited for does not happen: " + judge.describe());
            }
            judge.look();
            keepers.ended().forEach(this::goesOrStays);
            if (world.logGroup(LOG).size() > decisions) {
                decisions = world.logGroup(LOG).size();
                strikeAfterDecision();
            }
            nodes.stream().filter(ShardNode::hasBecomeMixture).forEach(this::strikeDuringImage);
        }
    }

    /** A copy has gone, or has to stay; the others hear of it sooner or later. */
    private void goesOrStays(int number) {
        if (!keepers.nodes().contains(number)) {
            nodes.get(number).go();
        }
        tellKeepers();
    }

    /** An image is short; some roots are to have a part of it, and it is to meet misfortune, too. */
    private void strikeDuringImage(ShardNode node) {
        if (calm || random.oneIn(3)) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            world.at(random.below(100_000_000L), node::makeRoot);
        }
        boolean dies = random.oneIn(2);
        world.at(random.below(random.oneIn(2) ? 50_000_000L : 500_000_000L), () -> {
            if (!calm && dies) {
                kill(node);
            } else if (!calm) {
                strike(random.oneIn(2) ? node : serving());
            }
        });
    }

    /** Misfortune likes company: much goes on right after a decision. */
    private void strikeAfterDecision() {
        if (!calm && random.oneIn(3)) {
            world.at(random.below(random.oneIn(2) ? 3_000_000L : 1_500_000_000L), this::strikeUnlessCalm);
        }
    }

    private void strikeUnlessCalm() {
        if (!calm) {
            strike();
        }
    }

    private void misfortune() {
        world.at(random.oneIn(3) ? random.below(300_000_000L) : random.below(5_000_000_000L), () -> {
            if (!calm) {
                strike();
                misfortune();
            }
        });
    }

    private void strike() {
        strike(random.oneIn(2) ? nodes.get(random.below(nodes.size())) : serving());
    }

    private void strike(ShardNode node) {
        switch (random.oneIn(2) ? favourite : random.below(kinds)) {
            case 0 -> kill(node);
            case 1 -> powerCut(node);
            case 2 -> pause(node, random.below(random.oneIn(2) ? 500_000_000L : 5_000_000_000L));
            case 3, 4 -> {
                ShardNode other = nodes.get(random.below(nodes.size()));
                wire.cutOneWay(node.number(), other.number());
                if (random.oneIn(2)) {
                    wire.cutOneWay(other.number(), node.number());
                }
                world.at(someTime(), wire::join);
            }
            case 5 -> {
                wire.loseAll(true);
                world.at(random.below(2_000_000_000L), () -> wire.loseAll(false));
            }
            case 6 -> nodes.forEach(random.oneIn(2) ? this::kill : this::powerCut);
            case 7 -> {
                world.logGroup(LOG).cut(node.machine());
                world.at(someTime(), world.logGroup(LOG)::join);
            }
            case 8 ->
                nodes.forEach(each -> world.at(random.below(2_000_000_000L), () -> {
                    if (each == node) {
                        powerCut(each);
                    } else {
                        kill(each);
                    }
                }));
            case 9 -> decideTooLate(node);
            case KINDS -> loseDisk(node);
            case KINDS + 1 -> overtake(node);
            default -> {
                if (random.oneIn(2)) {
                    node.resign();
                    world.at(random.below(50_000_000L), () -> kill(node));
                } else {
                    kill(node);
                    if (!node.isRunning()) {
                        node.start();
                    }
                }
            }
        }
    }

    /** Nodes do not hear of each other, propose sets, and end before these come into the log. */
    private void decideTooLate(ShardNode node) {
        wire.loseAll(true);
        world.logGroup(LOG).appendNanos = 4_000_000_000L;
        world.at(random.between(500_000_000L, 1_500_000_000L), () -> {
            wire.loseAll(false);
            world.logGroup(LOG).appendNanos = 3_000_000L;
            powerCut(node);
            nodes.stream().filter(other -> random.oneIn(2)).forEach(this::kill);
        });
    }

    /** The disk goes away and comes back; by then the pool may have failed, so the process starts again. */
    private void loseDisk(ShardNode node) {
        if (node.replica().isEmpty()) {
            return; // Its pool may just be made.
        }
        node.store().diskGone(true);
        world.at(someTime(), () -> {
            node.store().diskGone(false);
            if (!calm) {
                kill(node);
            }
        });
    }

    /** The others come back when they are out of the set, and have just caught up when the power of one goes. */
    private void overtake(ShardNode node) {
        for (ShardNode other : nodes) {
            if (other != node && other.isRunning()) {
                other.kill();
                world.at(random.between(700_000_000L, 1_500_000_000L), () -> {
                    if (!other.isRunning()) {
                        other.start();
                    }
                });
            }
        }
        world.at(random.between(1_000_000_000L, 2_000_000_000L), () -> {
            if (!calm) {
                powerCut(node);
            }
        });
    }

    private ShardNode serving() {
        return nodes.stream().filter(ShardNode::serves).findFirst().orElse(nodes.getFirst());
    }

    private long someTime() {
        return random.below(random.oneIn(3) ? 10_000_000_000L : 2_000_000_000L);
    }

    private void pause(ShardNode node, long nanos) {
        if (node.isRunning()) {
            node.pause(nanos);
        }
    }

    private void kill(ShardNode node) {
        if (node.isRunning()) {
            if (pools && random.oneIn(3)) {
                node.killInTurn();
            } else {
                node.kill();
            }
            startLater(node);
        }
    }

    private void powerCut(ShardNode node) {
        boolean ran = node.isRunning();
        node.powerCut();
        if (ran) {
            startLater(node);
        }
    }

    private void startLater(ShardNode node) {
        long nanos = random.oneIn(3) ? random.below(10_000_000_000L) : random.below(1_000_000_000L);
        world.at(nanos, () -> {
            if (!node.isRunning()) {
                node.start();
            } else if (node.isDoomed()) {
                startLater(node);
            }
        });
    }

    private void mend() {
        calm = true;
        rot.ifPresent(Rot::end);
        wire.calm();
        world.logGroup(LOG).join();
        world.logGroup(LOG).unknownPerMillion = 0;
        world.logGroup(LOG).refusedPerMillion = 0;
        world.logGroup(LOG).appendNanos = 3_000_000L;
        nodes.forEach(ShardNode::hearKeepers);
        for (ShardNode node : nodes) {
            node.store().diskGone(false);
            if (node.store().isTroubled() && node.isRunning()) {
                node.kill();
            }
            if (!node.isRunning()) {
                node.start();
            }
        }
    }
}
