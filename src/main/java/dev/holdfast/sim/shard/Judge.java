package dev.holdfast.sim.shard;

import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionCodec;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.world.SimLogGroup;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Looks at all nodes of a shard at once, as nobody in it can, and holds what docs/internals/mirror.md promises against
 * them, after every event.
 */
final class Judge {
    private final SimLogGroup decisions;
    private final Keepers keepers;
    private final RegisterOracle oracle;
    private final Authority truth = new Authority();
    private final List<ShardNode> nodes = new ArrayList<>();
    private final List<ReplicaSet> sets = new ArrayList<>();
    private final TreeMap<Position, Entry> entries = new TreeMap<>();
    private Position acknowledged = Position.START;
    private Position flushed = Position.START;
    private int replayed;
    private int newestActed;
    private boolean memoryWasLost;
    private boolean mayFallBehind;

    /** What some log had at a position, and before it. */
    private record Entry(Object change, Position before) {}

    Judge(SimLogGroup decisions, Keepers keepers, RegisterOracle oracle) {
        this.decisions = decisions;
        this.keepers = keepers;
        this.oracle = oracle;
    }

    /** Room got short, or a copy was added: a replica may lack what nobody kept for it; then it gets an image. */
    void mayFallBehind() {
        mayFallBehind = true;
    }

    void add(ShardNode node) {
        nodes.add(node);
    }

    /** M6: two logs that both have an entry at a position are equal up to it. */
    void held(Position position, Object change, Position before) {
        Entry entry = new Entry(change, before);
        Entry present = entries.putIfAbsent(position, entry);
        if (present != null && !present.equals(entry)) {
            throw new OracleViolation("M6: two entries at one position: " + present + " and " + entry);
        }
    }

    void acknowledged(Position position) {
        acknowledged = position.seq() > acknowledged.seq() ? position : acknowledged;
    }

    void flushed(Position position) {
        flushed = position.seq() > flushed.seq() ? position : flushed;
        acknowledged(position);
    }

    void died(ShardNode node) {
        catchUp();
    }

    /** What only memories held, and no member of the newest set remembers, is gone, and may be. */
    void lostMemory(ShardNode node) {
        catchUp();
        forgetIfMemoryIsLost();
    }

    private void forgetIfMemoryIsLost() {
        if (isMemoryLost()) {
            acknowledged = flushed;
            memoryWasLost = true;
            oracle.memoryLost();
        }
    }

    /** True if nobody remembers of those who hold everything: the sets since the newest whose primary ever acted. */
    private boolean isMemoryLost() {
        return !sets.isEmpty()
                && sets.stream()
                        .filter(set -> set.epoch() >= newestActed)
                        .flatMap(set -> set.inSync().stream())
                        .noneMatch(this::isUnbroken);
    }

    private boolean isUnbroken(Member member) {
        long since = nodes.get(member.node()).memorySince();
        return since > 0 && since <= member.incarnation();
    }

    private ShardStore store(Member member) {
        return nodes.get(member.node()).store();
    }

    /** Everything that must hold between two events. */
    void look() {
        catchUp();
        int serving = 0;
        for (ShardNode node : nodes) {
            node.look();
            serving += node.serves() ? 1 : 0;
            lookAt(node);
        }
        if (serving > 1) {
            throw new OracleViolation("M5: " + serving + " replicas serve: " + describe());
        }
        truth.newest().ifPresent(this::lookAt);
    }

    private void lookAt(ShardNode node) {
        Optional<Replica> replica = node.replica();
        if (replica.isEmpty()) {
            return;
        }
        List<Integer> beyond = replica.get().beyondReplay();
        if (!mayFallBehind && beyond.stream().anyMatch(keepers.nodes()::contains)) {
            throw new OracleViolation("M3: what a replica lacks is not kept: " + beyond);
        }
        if (node.serves() && !node.store().holds(acknowledged)) {
            throw new OracleViolation("M2: " + replica.get().member() + " serves without " + acknowledged);
        }
    }

    private void lookAt(ReplicaSet set) {
        for (Member member : set.inSync()) {
            ShardStore store = store(member);
            if (isUnbroken(member) && !store.holds(acknowledged)) {
                throw new OracleViolation("M4: " + member + " does not hold " + acknowledged + ": " + describe());
            }
            if (!store.hasLogged(flushed)) {
                throw new OracleViolation("M4: " + member + " has not logged " + flushed);
            }
        }
        for (ShardNode node : nodes) {
            boolean looks = node.replica()
                    .filter(replica -> !memoryWasLost || set.has(replica.member()))
                    .isPresent();
            if (looks) {
                lookAtVisible(set, node);
            }
        }
    }

    /** M1: nobody sees what an in-sync replica lacks; who is in no set may, if it saw what was lost with all memory. */
    private void lookAtVisible(ReplicaSet set, ShardNode node) {
        Position visible = node.store().history().at(node.visible());
        for (Member member : set.inSync()) {
            if (isUnbroken(member) && !store(member).holds(visible)) {
                throw new OracleViolation(
                        "M1: node " + node.number() + " shows " + visible + ", " + member + " lacks it");
            }
        }
    }

    /** The nodes that keep a copy. */
    List<ShardNode> keeping() {
        return keepers.nodes().stream().map(nodes::get).toList();
    }

    /** True when every node that keeps a copy is in sync, sees everything, and all see the same. */
    boolean isConverged() {
        catchUp();
        List<ShardNode> keeping = keeping();
        boolean all = truth.newest()
                .filter(set -> set.inSync().size() == keeping.size())
                .isPresent();
        for (ShardNode node : keeping) {
            all = all
                    && node.replica().isPresent()
                    && truth.newest().orElseThrow().has(node.replica().get().member())
                    && node.store().held() == keeping.getFirst().store().held()
                    && node.visible() == node.store().held();
        }
        return all && nodes.stream().anyMatch(ShardNode::serves);
    }

    /** Each node's contents come here; they must be the same. */
    void judgeEqual(List<Object> contents) {
        for (Object each : contents) {
            if (!each.equals(contents.getFirst())) {
                throw new OracleViolation("two nodes differ: " + describe());
            }
        }
    }

    /** One line on how everything is. */
    String describe() {
        StringBuilder line = new StringBuilder(truth.newest().toString());
        line.append("; kept by ").append(keepers);
        for (ShardNode node : nodes) {
            ShardStore store = node.store();
            line.append("; node ").append(node.number());
            node.replica()
                    .ifPresent(replica -> line.append(" ")
                            .append(replica.member())
                            .append(" ")
                            .append(replica.role())
                            .append(" in ")
                            .append(replica.epoch())
                            .append(replica.serves() ? " serves" : " does not serve")
                            .append(", visible ")
                            .append(node.visible()));
            line.append(", held ").append(store.history().at(store.held()));
            line.append(", logged ").append(store.logged()).append(", rooted ").append(store.rooted());
            line.append(", memory since ").append(node.memorySince());
        }
        return line.toString();
    }

    private void catchUp() {
        for (; replayed < decisions.size(); replayed++) {
            if (!keepers.isLookedAt(replayed)) {
                continue;
            }
            Decision decision = DecisionCodec.decode(ByteBuffer.wrap(decisions.record(replayed)))
                    .orElseThrow();
            boolean counts = truth.replay(decision);
            switch (decision) {
                case Decision.NewSet change when counts -> sets.add(change.set());
                case Decision.Acts acts
                when counts -> {
                    newestActed = acts.epoch();
                    forgetIfMemoryIsLost(); // Who said so may have lost its memory since, and counts as a holder now.
                }
                default -> {}
            }
        }
    }
}
