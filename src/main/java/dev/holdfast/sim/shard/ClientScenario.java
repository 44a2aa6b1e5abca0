package dev.holdfast.sim.shard;

import dev.holdfast.follow.FollowTerms;
import dev.holdfast.follow.FollowedVolume;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Three replicas of one shard over pools, links and NBD servers, and clients on the nodes and elsewhere that follow the
 * primary. Misfortune comes in strikes, each over after at most three seconds and followed by some seconds of peace: so
 * every request can be answered in time, and must be. What the replicas promise is held by {@link Judge} as ever.
 */
public final class ClientScenario {
    private static final int NODES = 3;
    private static final int KINDS = 10;
    private static final String LOG = "shard";
    private static final long STRIKE_NANOS = 3_000_000_000L;
    private static final long PEACE_NANOS = 6_000_000_000L;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private final SimWorld world;
    private final SimRandom random;

    /** For what not all runs have, which leaves the others as they are. */
    private final SimRandom dice;

    private final RegisterOracle oracle = new RegisterOracle(true);
    private final Keepers keepers;
    private final Judge judge;
    private final FrontWire wire;
    private final List<ShardNode> nodes = new ArrayList<>();
    private final List<FollowingClient> clients = new ArrayList<>();
    private final List<SimMachine> elsewhere = new ArrayList<>();
    private long lastValue;
    private boolean ending;

    private ClientScenario(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
        this.dice = new SimRandom(~world.seed());
        this.keepers = new Keepers(world.logGroup(LOG));
        this.judge = new Judge(world.logGroup(LOG), keepers, oracle);
        this.wire = new FrontWire(world, NODES, this::begun);
        List<Integer> numbers = List.of(0, 1, 2);
        numbers.forEach(keepers::add);
        for (int number : numbers) {
            SimMachine machine = number == 0 ? world.machine() : world.newMachine("node-" + number);
            machine.clock().drift(random.between(-10_000, 10_000));
            ShardStore store = new PoolStore(judge, random.split(), false);
            nodes.add(new ShardNode(machine, number, store, keepers, wire, judge));
        }
    }

    /** Runs one in {@code world}. */
    public static void run(SimWorld world) {
        new ClientScenario(world).run();
    }

    private void run() {
        nodes.forEach(ShardNode::start);
        until(judge::isConverged);
        for (int client = 0; client < 1 + random.below(3); client++) {
            SimMachine machine = world.newMachine("client-" + client);
            elsewhere.add(machine);
            SimProcess process = machine.start();
            SimLoop loop = process.newLoop("client");
            int own = NODES + client;
            loop.post(() -> begin(process, loop, wire.follow(process, loop), own));
        }
        world.net().oneInSplit = 4 + random.below(8);
        world.net().oneInLate = random.oneIn(2) ? 200 : 20;
        world.net().resetPerMillion = random.oneIn(2) ? 0 : random.below(300);
        int strikes = 3 + random.below(5);
        for (int i = 0; i < strikes; i++) {
            strike();
            long mendNanos = world.nowNanos() + random.below(STRIKE_NANOS);
            until(() -> world.nowNanos() >= mendNanos);
            mend();
            long peaceNanos = world.nowNanos() + random.below(PEACE_NANOS);
            until(() -> world.nowNanos() >= peaceNanos);
        }
        wire.calm();
        if (dice.oneIn(3)) {
            outlastPatience();
        }
        ending = true;
        clients.forEach(FollowingClient::end);
        until(() -> clients.stream().noneMatch(FollowingClient::isBusy));
        until(judge::isConverged);
        judgeEqual();
        oracle.judge();
    }

    /** A node has started: its own client begins, in place of the last process's. */
    private void begun(int number, Wire.Running running, FollowedVolume volume) {
        begin(running.process(), running.loop(), volume, number);
    }

    private void begin(SimProcess process, SimLoop loop, FollowedVolume volume, int own) {
        if (!ending) {
            FollowingClient.Place place = new FollowingClient.Place(process, loop, volume);
            FollowingClient client = new FollowingClient(place, oracle, random.split(), own, () -> ++lastValue);
            clients.add(client);
            client.begin();
        }
    }

    private void judgeEqual() {
        List<Object> contents = new ArrayList<>();
        nodes.forEach(node -> node.ask(() -> node.store().contents(contents::add)));
        until(() -> contents.size() == nodes.size());
        judge.judgeEqual(contents);
    }

    private void until(BooleanSupplier condition) {
        long lastNanos = world.nowNanos() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (world.nowNanos() > lastNanos || !world.step()) {
                throw new OracleViolation("what was waited for does not happen: " + judge.describe());
            }
            judge.look();
        }
    }

    private void strike() {
        ShardNode node = random.oneIn(3) ? nodes.get(random.below(NODES)) : primary();
        switch (random.below(KINDS)) {
            case 0 -> kill(node);
            case 1 -> powerCut(node);
            case 2, 3 -> node.pause(random.below(STRIKE_NANOS));
            case 4 -> cutOff(node.machine(), random.oneIn(2));
            case 5 -> cutOff(elsewhere.get(random.below(elsewhere.size())), false);
            case 6 -> world.net().resetAll(node.machine());
            case 7 -> {
                elsewhere.get(random.below(elsewhere.size())).process().pause(random.below(STRIKE_NANOS));
                kill(node);
            }
            case 8 -> nodes.forEach(this::powerCut);
            default -> getStuck();
        }
    }

    /** What is sent in the next milliseconds is seconds on its way. */
    private void getStuck() {
        long ordinaryNanos = world.net().delayNanos;
        world.net().delayNanos = random.below(STRIKE_NANOS);
        world.at(random.below(10_000_000L), () -> world.net().delayNanos = ordinaryNanos);
    }

    /** Nobody is there for longer than a client waits: its requests fail, and those that it sends later do not. */
    private void outlastPatience() {
        clients.forEach(FollowingClient::mayWaitInVain);
        nodes.forEach(this::kill);
        long backNanos = world.nowNanos() + FollowTerms.DEFAULTS.ageNanos() + dice.below(STRIKE_NANOS);
        until(() -> world.nowNanos() >= backNanos);
        mend();
        long peaceNanos = world.nowNanos() + PEACE_NANOS;
        until(() -> world.nowNanos() >= peaceNanos);
    }

    /** Cuts {@code machine} off from all others, or only what it says or hears. */
    private void cutOff(SimMachine machine, boolean oneWay) {
        boolean outward = random.oneIn(2);
        for (SimMachine other : world.machines()) {
            if (other != machine && (!oneWay || outward)) {
                world.net().cutOneWay(machine.name(), other.name());
            }
            if (other != machine && (!oneWay || !outward)) {
                world.net().cutOneWay(other.name(), machine.name());
            }
        }
    }

    private ShardNode primary() {
        return nodes.stream().filter(ShardNode::serves).findFirst().orElse(nodes.getFirst());
    }

    private void kill(ShardNode node) {
        if (!node.isRunning()) {
            return;
        }
        if (random.oneIn(3)) {
            node.killInTurn();
        } else {
            node.kill();
        }
    }

    private void powerCut(ShardNode node) {
        node.powerCut();
    }

    private void mend() {
        wire.join();
        for (ShardNode node : nodes) {
            if (!node.isRunning()) {
                node.start();
            } else if (node.isDoomed()) {
                world.at(1_000_000L, this::mend);
            }
        }
    }
}
