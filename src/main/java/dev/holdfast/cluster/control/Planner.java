package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Entropy;
import dev.holdfast.mirror.ReplicaSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Turns an operation in names into a change in ids, against the present state. It changes nothing. */
final class Planner {
    private final ControlState state;
    private final Entropy entropy;
    private final int here;

    /** {@code here} is the number of the node that is asked. */
    Planner(ControlState state, Entropy entropy, int here) {
        this.state = state;
        this.entropy = entropy;
        this.here = here;
    }

    /** What an operation comes to. */
    sealed interface Plan {
        /** This change, allowed at present. */
        record Propose(Change change) implements Plan {}

        /** No change. */
        record End(Result result) implements Plan {}
    }

    Plan plan(Operation operation) {
        Checks.that(state.cluster().isPresent(), "operations are planned in a cluster");
        return switch (operation) {
            case Operation.CreatePool o -> createPool(o);
            case Operation.CreateVolume o -> createVolume(o);
            case Operation.CreateMirrored o -> createMirrored(o);
            case Operation.AddCopy o -> withVolume(o.volume(), volume -> addCopy(volume, o));
            case Operation.RemoveCopy o -> withVolume(o.volume(), volume -> removeCopy(volume, o));
            case Operation.RemoveNode o -> removeNode(o);
            case Operation.DrainNode o -> drain(o);
            case Operation.EndDrain o -> endDrain(o);
            case Operation.AdoptVolume o ->
                checked(new Change.AdoptVolume(o.volume(), o.name(), o.pool(), o.shard(), o.sizeBytes()));
            case Operation.AdoptSnapshot o -> checked(new Change.AdoptSnapshot(o.volume(), o.snapshot(), o.name()));
            case Operation.AcceptLoss o -> withVolume(o.volume(), volume -> acceptLoss(volume, o));
            case Operation.ResizeVolume o -> withVolume(o.name(), volume -> resize(volume, o));
            case Operation.DeleteVolume o ->
                withVolume(o.name(), volume -> checked(new Change.DeleteVolume(volume.id())));
            case Operation.CreateSnapshot o ->
                withVolume(
                        o.volume(),
                        volume -> checked(new Change.CreateSnapshot(volume.id(), state.nextSnapshot(), o.name())));
            case Operation.DeleteSnapshot o -> withVolume(o.volume(), volume -> deleteSnapshot(volume, o));
            case Operation.AddExport o -> withVolume(o.volume(), volume -> addExport(volume, o));
            case Operation.RemoveExport o ->
                withVolume(o.volume(), volume -> checked(new Change.RemoveExport(volume.id(), o.protocol())));
        };
    }

    /** The same for a volume that was found. */
    private interface OfVolume {
        Plan plan(VolumeInfo volume);
    }

    private Plan withVolume(String name, OfVolume next) {
        Optional<VolumeInfo> volume = state.volume(name);
        return volume.isPresent()
                ? next.plan(volume.get())
                : new Plan.End(Result.notFound("there is no volume " + name + ": `holdfast volume ls` lists them"));
    }

    private Plan createPool(Operation.CreatePool o) {
        Optional<NodeInfo> node = o.node().isEmpty() ? state.node(here) : state.node(o.node());
        return node.isEmpty()
                ? new Plan.End(Result.notFound("there is no node " + o.node() + ": `holdfast status` lists them"))
                : checked(new Change.CreatePool(
                        newId(),
                        node.get().number(),
                        o.name(),
                        List.copyOf(o.paths()),
                        o.protection(),
                        o.logBytes(),
                        o.createBytes()));
    }

    private Plan removeNode(Operation.RemoveNode o) {
        Optional<NodeInfo> node = state.node(o.name());
        if (node.isEmpty()) {
            boolean wasOne =
                    state.removedNodes().stream().anyMatch(gone -> gone.name().equals(o.name()));
            return new Plan.End(
                    wasOne
                            ? new Result.AlreadySo("node " + o.name() + " was removed")
                            : Result.notFound("there is no node " + o.name() + ": `holdfast node ls` lists them"));
        }
        NodeInfo goes = node.get();
        return goes.number() == here
                ? new Plan.End(
                        Result.conflict("a node can't remove itself: stop it, and ask another one with --server"))
                : checked(new Change.RemoveNode(goes.id(), goes.number(), goes.incarnation(), o.losesVolumes()));
    }

    private Plan drain(Operation.DrainNode o) {
        Optional<NodeInfo> node = state.node(o.name());
        boolean isSo = node.flatMap(found -> state.drain(found.number()))
                .filter(drain -> drain.sameDomain() == o.sameDomain())
                .isPresent();
        return isSo
                ? new Plan.End(new Result.AlreadySo("node " + o.name() + " is being drained"))
                : node.map(found -> checked(new Change.DrainNode(found.id(), found.number(), o.sameDomain())))
                        .orElseGet(() -> noNode(o.name()));
    }

    private Plan endDrain(Operation.EndDrain o) {
        Optional<NodeInfo> node = state.node(o.name());
        boolean isSo = node.isPresent() && state.drain(node.get().number()).isEmpty();
        return isSo
                ? new Plan.End(new Result.AlreadySo("node " + o.name() + " is not being drained"))
                : node.map(found -> checked(new Change.EndDrain(found.id(), found.number())))
                        .orElseGet(() -> noNode(o.name()));
    }

    private static Plan noNode(String name) {
        return new Plan.End(Result.notFound("there is no node " + name + ": `holdfast node ls` lists them"));
    }

    private Plan createVolume(Operation.CreateVolume o) {
        List<PoolInfo> pools = state.pools();
        if (o.pool().isEmpty() && pools.size() != 1) {
            return new Plan.End(Result.invalid(
                    pools.isEmpty()
                            ? "there is no pool yet: `holdfast pool create`"
                            : "there are several pools: say which with --pool"));
        }
        Optional<PoolInfo> pool = o.pool().isEmpty() ? Optional.of(pools.getFirst()) : state.pool(o.pool());
        return pool.isEmpty()
                ? new Plan.End(Result.notFound("there is no pool " + o.pool() + ": `holdfast pool ls` lists them"))
                : checked(
                        new Change.CreateVolume(newId(), o.name(), pool.get().id(), state.nextShard(), o.sizeBytes()));
    }

    private Plan createMirrored(Operation.CreateMirrored o) {
        if (o.pools().isEmpty() && (o.copies() < 2 || o.copies() > ReplicaSet.MOST)) {
            return new Plan.End(Result.invalid(Rules.COPIES));
        }
        List<Id128> pools = new ArrayList<>();
        for (String name : o.pools()) {
            Optional<PoolInfo> pool = state.pool(name);
            if (pool.isEmpty()) {
                return new Plan.End(Result.notFound("there is no pool " + name + ": `holdfast pool ls` lists them"));
            }
            pools.add(pool.get().id());
        }
        return o.pools().isEmpty()
                ? placed(new Placement(state, o.sameDomain()).fresh(o.copies()), chosen -> createMirrored(o, chosen))
                : checked(createMirrored(o, pools));
    }

    private Change createMirrored(Operation.CreateMirrored o, List<Id128> pools) {
        return new Change.CreateMirrored(newId(), o.name(), List.copyOf(pools), state.nextShard(), o.sizeBytes());
    }

    private Plan placed(Placement.Placed placed, Function<List<Id128>, Change> change) {
        return switch (placed) {
            case Placement.Placed.In in -> checked(change.apply(in.pools()));
            case Placement.Placed.Nowhere nowhere -> new Plan.End(nowhere.why());
        };
    }

    private Plan addCopy(VolumeInfo volume, Operation.AddCopy o) {
        if (!o.pool().isEmpty()) {
            Optional<PoolInfo> pool = state.pool(o.pool());
            return pool.isEmpty()
                    ? new Plan.End(Result.notFound("there is no pool " + o.pool() + ": `holdfast pool ls` lists them"))
                    : checked(new Change.AddCopy(volume.id(), pool.get().id(), o.among()));
        }
        return placed(
                new Placement(state, o.sameDomain()).another(volume),
                chosen -> new Change.AddCopy(volume.id(), chosen.getFirst(), o.among()));
    }

    private Plan removeCopy(VolumeInfo volume, Operation.RemoveCopy o) {
        Optional<PoolInfo> pool = state.pool(o.pool());
        return pool.isEmpty()
                ? new Plan.End(Result.notFound("there is no pool " + o.pool() + ": `holdfast pool ls` lists them"))
                : checked(
                        volume.pools().contains(pool.get().id())
                                        && state.isMirrored(volume)
                                        && state.mayHold(volume, pool.get().id())
                                ? new Change.LeaveCopy(volume.id(), pool.get().id())
                                : new Change.RemoveCopy(volume.id(), pool.get().id()));
    }

    private Plan acceptLoss(VolumeInfo volume, Operation.AcceptLoss o) {
        Optional<Id128> from = volume.pools().stream()
                .filter(pool -> state.pool(pool)
                        .flatMap(info -> state.node(info.node()))
                        .filter(node -> node.name().equals(o.node()))
                        .isPresent())
                .findFirst();
        Optional<MirrorInfo> mirror = state.mirror(volume);
        if (from.isEmpty() || mirror.isEmpty()) {
            return new Plan.End(Result.notFound(
                    "node " + o.node() + " keeps no copy of volume " + volume.name() + ": `holdfast mirror ls`"));
        }
        for (int node : state.mayHold(volume)) {
            String name = state.node(node).map(NodeInfo::name).orElse("?");
            if (!name.equals(o.node()) && !o.gone().contains(name)) {
                return new Plan.End(Result.conflict("node " + name + " may have what the copy on " + o.node()
                        + " lacks, and serve it: if it is gone for good, switched off, say so with --gone " + name));
            }
        }
        List<Change.Passed> passed = new ArrayList<>();
        for (Id128 pool : volume.pools()) {
            if (!pool.equals(from.get())) {
                int node = state.pool(pool).orElseThrow().node();
                String nodeName = state.node(node).map(NodeInfo::name).orElse("?");
                passed.add(new Change.Passed(
                        pool,
                        newId(),
                        Names.passedOver(volume, nodeName, mirror.get().epoch())));
            }
        }
        return checked(new Change.AcceptLoss(
                volume.id(), from.get(), mirror.get().epoch(), List.copyOf(passed), o.evenIfReached(), o.by()));
    }

    private Plan resize(VolumeInfo volume, Operation.ResizeVolume o) {
        if (o.sizeBytes() == volume.sizeBytes()) {
            return new Plan.End(new Result.AlreadySo("volume " + volume.name() + " has this size already"));
        }
        if (o.sizeBytes() < volume.sizeBytes() && !o.mayShrink()) {
            return new Plan.End(Result.conflict("volume " + volume.name() + " would lose everything after byte "
                    + o.sizeBytes() + ": --shrink if that is meant"));
        }
        return checked(new Change.ResizeVolume(volume.id(), o.sizeBytes()));
    }

    private Plan deleteSnapshot(VolumeInfo volume, Operation.DeleteSnapshot o) {
        Optional<SnapshotInfo> snapshot = state.snapshot(volume.id(), o.name());
        return snapshot.isPresent()
                ? checked(new Change.DeleteSnapshot(volume.id(), snapshot.get().id()))
                : new Plan.End(Result.notFound("there is no snapshot " + volume.name() + "@" + o.name()));
    }

    private Plan addExport(VolumeInfo volume, Operation.AddExport o) {
        return state.export(volume.id()).isPresent()
                ? new Plan.End(new Result.AlreadySo("volume " + volume.name() + " is exported already"))
                : checked(new Change.AddExport(volume.id(), o.protocol()));
    }

    private Plan checked(Change change) {
        Optional<Result.Refused> objection = new Rules(state).objection(change);
        return objection.isPresent() ? new Plan.End(objection.get()) : new Plan.Propose(change);
    }

    private Id128 newId() {
        return new Id128(entropy.nextLong(), entropy.nextLong());
    }
}
