package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.mirror.Authority;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the control log says: the sum of its records, and nothing else. It proposes nothing and does nothing.
 *
 * <ol>
 *   <li>It changes only in {@link #apply}, and equal records in equal order make equal states.
 *   <li>A record that the state does not allow when it arrives changes nothing but its operation's result.
 *   <li>Shard and snapshot numbers only grow; a number is never given twice, whatever became of its first owner.
 *   <li>An operation has one result, whatever arrives after it.
 * </ol>
 */
public final class ControlState {
    static final int MOST_POOLS = 64;
    static final int MOST_VOLUMES = 10_000;
    static final int MOST_SNAPSHOTS = 100_000;
    static final int RESULTS = 4096;

    private Optional<Id128> cluster = Optional.empty();
    private final Nodes nodes = new Nodes();
    private final Mirrors mirrors = new Mirrors();
    private final LinkedHashMap<Id128, PoolInfo> pools = new LinkedHashMap<>();
    private final LinkedHashMap<Id128, Long> generations = new LinkedHashMap<>();
    private final LinkedHashMap<Id128, VolumeInfo> volumes = new LinkedHashMap<>();
    private final TreeMap<Long, SnapshotInfo> snapshots = new TreeMap<>();
    private final LinkedHashMap<Id128, Protocol> exports = new LinkedHashMap<>();
    private final LinkedHashMap<Id128, Open> intents = new LinkedHashMap<>();
    private final LinkedHashMap<Id128, Result> results = new LinkedHashMap<>();
    private int nextShard = 1;
    private long nextSnapshot = 1;

    /** Takes one record. True if it changed more than a result. */
    boolean apply(ControlRecord record) {
        return switch (record) {
            case ControlRecord.ClusterCreated created -> {
                boolean isFirst = cluster.isEmpty();
                cluster = cluster.or(() -> Optional.of(created.cluster()));
                yield isFirst;
            }
            case ControlRecord.MemberStarted started -> cluster.isPresent() && nodes.start(started);
            case ControlRecord.NodeStarted started -> cluster.isPresent() && nodes.start(started);
            case ControlRecord.NodeReachable reachable -> nodes.reached(reachable);
            case ControlRecord.Applied applied -> begin(applied.operation(), applied.change());
            case ControlRecord.Intended intended -> begin(intended.operation(), intended.change());
            case ControlRecord.PoolWentOn wentOn -> {
                Checks.that(wentOn.generation() > 0, "generations count from 1", wentOn.generation());
                generations.merge(wentOn.pool(), wentOn.generation(), Math::max);
                yield false;
            }
            case ControlRecord.Ended ended -> end(ended);
            case ControlRecord.Asked asked -> false;
            case ControlRecord.Decided decided -> {
                if (!mayCount(decided)) {
                    yield false;
                }
                mirrors.authority(decided.shard()).orElseThrow().replay(decided.decision());
                yield settleLeaving();
            }
        };
    }

    private boolean begin(Id128 operation, Change change) {
        if (results.containsKey(operation) || intents.containsKey(operation)) {
            return false;
        }
        Optional<Result.Refused> objection = new Rules(this).objection(change);
        if (objection.isPresent() && !Mutant.on("control.replay-unchecked")) {
            remember(operation, objection.get());
            return false;
        }
        enter(change);
        if (change.isImmediate()) {
            remember(operation, new Result.Done(change));
        } else {
            Open before = intents.put(operation, Open.begun(change, this));
            Checks.that(before == null, "an operation is begun once");
            settleLeaving();
        }
        return true;
    }

    /** Ends what waits for sets without a copy, where they have come, or where there is no other copy; true if so. */
    private boolean settleLeaving() {
        boolean settled = false;
        for (Map.Entry<Id128, Open> each : List.copyOf(intents.entrySet())) {
            if (each.getValue().change() instanceof Change.LeaveCopy leave) {
                settled |= settle(each.getKey(), leave);
            }
        }
        return settled;
    }

    private boolean settle(Id128 operation, Change.LeaveCopy leave) {
        VolumeInfo volume = volume(leave.volume()).orElseThrow();
        boolean goes = !mayHold(volume, leave.pool());
        boolean stays = othersInSync(volume, leave.pool(), false).isEmpty();
        if (goes) {
            takeAway(volume, leave.pool());
        }
        if (goes || stays) {
            intents.remove(operation);
            remember(operation, goes ? new Result.Done(leave) : Result.failed(Rules.ALONE));
        }
        return goes || stays;
    }

    private void takeAway(VolumeInfo volume, Id128 pool) {
        VolumeInfo left = volume.without(pool);
        Checks.that(!left.pools().isEmpty(), "a volume keeps a copy", left.shard());
        volumes.put(left.id(), left);
    }

    /** Nodes of the newest set other than the pool's; {@code started}: only those whose present start is in it. */
    List<Integer> othersInSync(VolumeInfo volume, Id128 pool, boolean started) {
        int node = pool(pool).orElseThrow().node();
        List<Integer> inSync = started ? mirrors.inSync(volume.shard()) : mirrors.newest(volume.shard());
        return inSync.stream().filter(other -> other != node).toList();
    }

    /** Nodes whose copies of the volume are to be taken away. */
    public List<Integer> leaving(VolumeInfo volume) {
        return intents.values().stream()
                .map(Open::change)
                .filter(change -> change instanceof Change.LeaveCopy leave
                        && leave.volume().equals(volume.id()))
                .map(change -> pool(((Change.LeaveCopy) change).pool()).orElseThrow())
                .map(PoolInfo::node)
                .toList();
    }

    /** True if the decision, would it arrive now, were one that is looked at in its time. */
    boolean mayCount(ControlRecord.Decided decided) {
        ControlRecord.Process by = decided.by();
        Optional<VolumeInfo> volume = mirrors.volume(decided.shard()).flatMap(this::volume);
        return volume.isPresent()
                && nodes.incarnation(by.node()) == by.incarnation()
                && Mirrors.mayCount(decided.decision(), by, volume.get().life(), nodesOf(volume.get()));
    }

    /** Numbers of the nodes that keep it, ascending. */
    List<Integer> nodesOf(VolumeInfo volume) {
        return volume.pools().stream()
                .map(id -> pool(id).orElseThrow().node())
                .sorted()
                .toList();
    }

    private boolean end(ControlRecord.Ended ended) {
        Open open = intents.get(ended.operation());
        if (open == null || open.change() instanceof Change.LeaveCopy) {
            return false; // What sets end nobody else does.
        }
        Open next = open;
        if (ended.by().node() == 0) {
            next = new Open(open.change(), open.owners(), List.of(), open.undo(), ended.failure());
        } else if (isByItsOwner(ended.by(), open)) {
            next = open.without(ended.by().node(), ended.failure());
        }
        if (next.equals(open)) {
            return false;
        }
        goOn(ended.operation(), next);
        return true;
    }

    /** Some part has ended: the others' are waited for, or it is taken back, or it has ended. */
    private void goOn(Id128 operation, Open open) {
        if (!open.left().isEmpty()) {
            intents.put(operation, open);
            return;
        }
        intents.remove(operation);
        boolean isHalf =
                !open.failure().isEmpty() && !open.undo() && open.owners().size() > 1;
        if (isHalf && open.change() instanceof Change.CreateMirrored) {
            goOn(operation, withoutRemoved(open.undoing()));
        } else {
            end(operation, open);
        }
    }

    /** Who was removed takes nothing back. */
    private Open withoutRemoved(Open open) {
        Open rest = open;
        for (int node : open.left()) {
            rest = node(node).isPresent() ? rest : rest.without(node, open.failure());
        }
        return rest;
    }

    /** A node goes, and what it has begun and could end alone: that has failed, but deletions are done. */
    private void leave(int node) {
        String name = nodeName(node);
        List<PoolInfo> gone = new Departure(this, node).pools();
        List<VolumeInfo> lost = new Departure(this, node).alone();
        nodes.remove(node);
        for (Map.Entry<Id128, Open> each : List.copyOf(intents.entrySet())) {
            Open open = each.getValue();
            if (open.left().contains(node)) {
                boolean isDeletion = open.change() instanceof Change.DeleteVolume || open.undo();
                String why = isDeletion ? open.failure() : "node " + name + " was removed";
                goOn(each.getKey(), withoutRemoved(open.without(node, why)));
            }
        }
        lost.forEach(volume -> lose(volume.id()));
        for (PoolInfo pool : gone) {
            volumes.replaceAll((id, volume) -> volume.without(pool.id()));
            pools.remove(pool.id());
            generations.remove(pool.id());
        }
        Checks.that(volumes.values().stream().noneMatch(volume -> volume.pools().isEmpty()), "volumes are kept", node);
    }

    private void lose(Id128 volume) {
        snapshots(volume).forEach(snapshot -> snapshots.remove(snapshot.id()));
        exports.remove(volume);
        volumes.remove(volume);
    }

    private boolean isByItsOwner(ControlRecord.By by, Open open) {
        return open.left().contains(by.node())
                && open.undo() == by.undo()
                && nodes.incarnation(by.node()) == by.incarnation();
    }

    private void end(Id128 operation, Open open) {
        Checks.that(
                open.left().isEmpty(),
                "a change ends with its last part",
                open.left().size());
        Checks.that(!open.change().isImmediate(), "an intent is what takes time");
        boolean isGone =
                open.change() instanceof Change.DeleteVolume && open.owners().size() > 1;
        boolean done = open.failure().isEmpty() || isGone;
        if (done) {
            finish(open.change());
        } else {
            undo(open.change());
        }
        remember(operation, done ? new Result.Done(open.change()) : Result.failed(open.failure()));
    }

    private void enter(Change change) {
        switch (change) {
            case Change.CreatePool c ->
                pools.put(c.pool(), new PoolInfo(c.pool(), c.node(), c.name(), c.paths(), c.protection(), Life.MAKING));
            case Change.CreateVolume c -> {
                Checks.that(c.shard() >= nextShard, "shard numbers grow", c.shard(), nextShard);
                nextShard = c.shard() + 1;
                volumes.put(
                        c.volume(),
                        new VolumeInfo(c.volume(), c.name(), List.of(c.pool()), c.shard(), c.sizeBytes(), Life.MAKING));
            }
            case Change.CreateMirrored c -> {
                Checks.that(c.shard() >= nextShard, "shard numbers grow", c.shard(), nextShard);
                nextShard = c.shard() + 1;
                volumes.put(
                        c.volume(),
                        new VolumeInfo(c.volume(), c.name(), c.pools(), c.shard(), c.sizeBytes(), Life.MAKING));
                mirrors.add(c.shard(), c.volume());
            }
            case Change.RemoveCopy c -> takeAway(volume(c.volume()).orElseThrow(), c.pool());
            case Change.LeaveCopy c ->
                Checks.that(mirrors.has(volume(c.volume()).orElseThrow().shard()), "a mirror");
            case Change.CreateSnapshot c -> {
                Checks.that(c.snapshot() >= nextSnapshot, "snapshot numbers grow", c.snapshot(), nextSnapshot);
                nextSnapshot = c.snapshot() + 1;
                snapshots.put(c.snapshot(), new SnapshotInfo(c.snapshot(), c.volume(), c.name(), Life.MAKING));
            }
            case Change.DeleteVolume c -> volumes.computeIfPresent(c.volume(), (id, info) -> info.with(Life.GOING));
            case Change.DeleteSnapshot c ->
                snapshots.computeIfPresent(c.snapshot(), (id, info) -> info.with(Life.GOING));
            case Change.AddExport c -> exports.put(c.volume(), c.protocol());
            case Change.RemoveExport c -> exports.remove(c.volume());
            case Change.ResizeVolume c -> Checks.that(volumes.containsKey(c.volume()), "a volume of a size");
            case Change.AdoptPool c ->
                pools.put(c.pool(), new PoolInfo(c.pool(), c.node(), c.name(), c.paths(), c.protection(), Life.LIVE));
            case Change.AdoptVolume c -> {
                nextShard = Math.max(nextShard, c.shard() + 1);
                volumes.put(
                        c.volume(),
                        new VolumeInfo(c.volume(), c.name(), List.of(c.pool()), c.shard(), c.sizeBytes(), Life.LIVE));
            }
            case Change.AdoptSnapshot c -> {
                nextSnapshot = Math.max(nextSnapshot, c.snapshot() + 1);
                snapshots.put(c.snapshot(), new SnapshotInfo(c.snapshot(), c.volume(), c.name(), Life.LIVE));
            }
            case Change.RemoveNode c -> leave(c.node());
            case Change.DrainNode c -> nodes.drain(c.node(), new Departure(this, c.node()).drain(c.sameDomain()));
            case Change.EndDrain c -> nodes.endDrain(c.node());
            case Change.AcceptLoss c -> Checks.that(c.epoch() > 0, "a loss is accepted of an epoch");
            case Change.AddCopy c ->
                Checks.that(mirrors.has(volume(c.volume()).orElseThrow().shard()), "a mirror");
        }
    }

    private void finish(Change change) {
        switch (change) {
            case Change.CreatePool c -> pools.computeIfPresent(c.pool(), (id, info) -> info.with(Life.LIVE));
            case Change.CreateVolume c -> volumes.computeIfPresent(c.volume(), (id, info) -> info.with(Life.LIVE));
            case Change.CreateMirrored c -> volumes.computeIfPresent(c.volume(), (id, info) -> info.with(Life.LIVE));
            case Change.CreateSnapshot c ->
                snapshots.computeIfPresent(c.snapshot(), (id, info) -> info.with(Life.LIVE));
            case Change.ResizeVolume c ->
                volumes.computeIfPresent(c.volume(), (id, info) -> info.withSize(c.sizeBytes()));
            case Change.DeleteVolume c -> {
                Checks.that(!exports.containsKey(c.volume()), "a volume that goes is not exported");
                forget(c.volume());
            }
            case Change.DeleteSnapshot c -> snapshots.remove(c.snapshot());
            case Change.AddCopy c -> volumes.computeIfPresent(c.volume(), (id, info) -> info.withPool(c.pool()));
            case Change.AcceptLoss c -> passOver(c);
            case Change.AtOnce _ -> throw Checks.unreachable("what one record completes is no intent");
            case Change.LeaveCopy c -> throw Checks.unreachable("sets end it");
        }
    }

    /** Each copy that was passed over is a volume alone: the same shard, in its pool. */
    private void passOver(Change.AcceptLoss c) {
        VolumeInfo left = volume(c.volume()).orElseThrow();
        for (Change.Passed one : c.passed()) {
            left = left.without(one.pool());
            VolumeInfo kept = new VolumeInfo(
                    one.volume(), one.name(), List.of(one.pool()), left.shard(), left.sizeBytes(), Life.LIVE);
            volumes.put(one.volume(), kept);
        }
        Checks.that(left.pools().equals(List.of(c.pool())), "one copy goes on", left.shard());
        volumes.put(c.volume(), left);
    }

    private void forget(Id128 volume) {
        VolumeInfo gone = volumes.remove(volume);
        if (gone != null && isMirrored(gone)) {
            mirrors.remove(gone.shard());
        }
    }

    private void undo(Change change) {
        switch (change) {
            case Change.CreatePool c -> {
                pools.remove(c.pool());
                generations.remove(c.pool());
            }
            case Change.CreateVolume c -> volumes.remove(c.volume());
            case Change.CreateMirrored c -> forget(c.volume());
            case Change.CreateSnapshot c -> snapshots.remove(c.snapshot());
            case Change.DeleteVolume c -> volumes.computeIfPresent(c.volume(), (id, info) -> info.with(Life.LIVE));
            case Change.DeleteSnapshot c ->
                snapshots.computeIfPresent(c.snapshot(), (id, info) -> info.with(Life.LIVE));
            case Change.AcceptLoss c -> Checks.that(volumes.containsKey(c.volume()), "a volume keeps its copies");
            case Change.ResizeVolume c -> Checks.that(volumes.containsKey(c.volume()), "a volume keeps its size");
            case Change.AddCopy c -> Checks.that(volumes.containsKey(c.volume()), "a volume keeps its copies");
            case Change.AtOnce _ -> throw Checks.unreachable("what one record completes is no intent");
            case Change.LeaveCopy c -> throw Checks.unreachable("sets end it");
        }
    }

    private void remember(Id128 operation, Result result) {
        Checks.that(!results.containsKey(operation), "an operation has one result");
        results.put(operation, result);
        while (results.size() > RESULTS) {
            results.pollFirstEntry();
        }
    }

    /** The cluster, once its first record is there. */
    public Optional<Id128> cluster() {
        return cluster;
    }

    /** The newest generation that a root of the pool is known to have had; 0 if none is. */
    public long generation(Id128 pool) {
        return generations.getOrDefault(pool, 0L);
    }

    /** Every node that ever started, by number. */
    public List<NodeInfo> nodes() {
        return nodes.all();
    }

    /** A node by number. */
    public Optional<NodeInfo> node(int number) {
        return nodes.get(number);
    }

    /** How a node is drained, if it is. */
    public Optional<NodeInfo.Drain> drain(int number) {
        return nodes.drain(number);
    }

    /** A node by name. */
    public Optional<NodeInfo> node(String name) {
        return nodes.all().stream().filter(node -> node.name().equals(name)).findFirst();
    }

    /** Who was a node, and is one no more. */
    public List<NodeInfo> removedNodes() {
        return nodes.removed();
    }

    int nextNode() {
        return nodes.nextNumber();
    }

    /** Pools in the order they were made. */
    public List<PoolInfo> pools() {
        return List.copyOf(pools.values());
    }

    /** Volumes in the order they were made. */
    public List<VolumeInfo> volumes() {
        return List.copyOf(volumes.values());
    }

    /** Snapshots, oldest first. */
    public List<SnapshotInfo> snapshots() {
        return List.copyOf(snapshots.values());
    }

    /** Snapshots of one volume, oldest first. */
    public List<SnapshotInfo> snapshots(Id128 volume) {
        return snapshots.values().stream()
                .filter(info -> info.volume().equals(volume))
                .toList();
    }

    /** How a volume may be reached, if it may. */
    public Optional<Protocol> export(Id128 volume) {
        return Optional.ofNullable(exports.get(volume));
    }

    /** The volumes that may be reached, in the order they were exported. */
    public List<VolumeInfo> exported() {
        return exports.keySet().stream().map(id -> volume(id).orElseThrow()).toList();
    }

    /** A pool by name. */
    public Optional<PoolInfo> pool(String name) {
        return pools.values().stream().filter(info -> info.name().equals(name)).findFirst();
    }

    /** A pool by id. */
    public Optional<PoolInfo> pool(Id128 id) {
        return Optional.ofNullable(pools.get(id));
    }

    /** A volume by name. */
    public Optional<VolumeInfo> volume(String name) {
        return volumes.values().stream()
                .filter(info -> info.name().equals(name))
                .findFirst();
    }

    /** A volume by id. */
    public Optional<VolumeInfo> volume(Id128 id) {
        return Optional.ofNullable(volumes.get(id));
    }

    /** True if the volume was made to be kept by several nodes. */
    public boolean isMirrored(VolumeInfo volume) {
        return mirrors.volume(volume.shard()).equals(Optional.of(volume.id()));
    }

    /** Who keeps a mirrored volume at present; empty if it is not mirrored. */
    public Optional<MirrorInfo> mirror(VolumeInfo volume) {
        return mirrors.authority(volume.shard())
                .filter(found -> isMirrored(volume))
                .map(authority -> {
                    List<Integer> kept = nodesOf(volume);
                    List<Integer> inSync = mirrors.inSync(volume.shard());
                    List<Integer> missing =
                            kept.stream().filter(node -> !inSync.contains(node)).toList();
                    String primary =
                            mirrors.primary(volume.shard()).map(this::nodeName).orElse("");
                    return new MirrorInfo(authority.epoch(), primary, nodeNames(inSync), nodeNames(missing));
                });
    }

    private List<String> nodeNames(List<Integer> numbers) {
        return numbers.stream().map(this::nodeName).toList();
    }

    private String nodeName(int number) {
        return node(number).map(NodeInfo::name).orElse("?");
    }

    /** What was decided about a mirrored shard; not to be changed. */
    Optional<Authority> authority(int shard) {
        return mirrors.authority(shard);
    }

    /** Nodes that may hold what was acknowledged of a mirrored volume and nobody else has, ascending. */
    public List<Integer> mayHold(VolumeInfo volume) {
        return mirrors.mayHold(volume.shard());
    }

    /** True if the pool may hold something of a mirrored volume that is acknowledged and nowhere else. */
    boolean mayHold(VolumeInfo volume, Id128 pool) {
        int node = pool(pool).orElseThrow().node();
        return mirrors.mayHold(volume.shard(), node) && !Mutant.on("control.last-copy-goes");
    }

    /** A snapshot by name. */
    public Optional<SnapshotInfo> snapshot(Id128 volume, String name) {
        return snapshots.values().stream()
                .filter(info -> info.volume().equals(volume) && info.name().equals(name))
                .findFirst();
    }

    /** A snapshot by number. */
    public Optional<SnapshotInfo> snapshot(long id) {
        return Optional.ofNullable(snapshots.get(id));
    }

    /** Operations whose change was begun and has not ended, oldest first. */
    public Map<Id128, Change> intents() {
        LinkedHashMap<Id128, Change> changes = new LinkedHashMap<>();
        intents.forEach((operation, open) -> changes.put(operation, open.change()));
        return changes;
    }

    /** What {@code node} has to do now for {@code operation}, if anything. */
    Optional<Open.Part> part(Id128 operation, int node) {
        return Optional.ofNullable(intents.get(operation)).flatMap(open -> open.part(node));
    }

    /** Whether {@code operation} is open, and is done by whoever leads its shard. */
    boolean isLed(Id128 operation) {
        return Optional.ofNullable(intents.get(operation))
                .flatMap(Open::goesThrough)
                .flatMap(this::volume)
                .filter(this::isMirrored)
                .isPresent();
    }

    /** Names of the nodes that have not said how their part of {@code operation} ended. */
    List<String> waitedFor(Id128 operation) {
        Open open = intents.get(operation);
        Checks.that(open == null || !open.left().isEmpty(), "what nobody has a part in has ended");
        return open == null ? List.of() : nodeNames(open.left());
    }

    /** True if {@code operation} waits for the others to go on without a copy. */
    boolean isLeaving(Id128 operation) {
        Open open = intents.get(operation);
        return open != null && open.change() instanceof Change.LeaveCopy;
    }

    /** True if {@code operation} is open and changes the volume. */
    boolean isAbout(Id128 operation, Id128 volume) {
        Open open = intents.get(operation);
        return open != null && open.touches(volume);
    }

    /** True while a change of the volume, or of its snapshots, is open. */
    public boolean isBeingChanged(Id128 volume) {
        return intents.values().stream().anyMatch(open -> open.touches(volume));
    }

    /** What became of an operation, if it has ended and is not among the forgotten. */
    public Optional<Result> result(Id128 operation) {
        return Optional.ofNullable(results.get(operation));
    }

    int nextShard() {
        return nextShard;
    }

    long nextSnapshot() {
        return nextSnapshot;
    }

    /** Everything in one text; equal states have equal texts. */
    @Override
    public String toString() {
        return "cluster " + cluster + " nodes " + nodes + " generations " + generations + " pools " + pools.values()
                + " volumes "
                + volumes.values() + " snapshots " + snapshots.values() + " exports " + exports + " intents " + intents
                + " mirrors " + mirrors + " results " + results + " next " + nextShard + " " + nextSnapshot;
    }
}
