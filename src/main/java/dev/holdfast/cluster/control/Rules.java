package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;

/**
 * What a state allows. Asked when a change is proposed and again when its record arrives, because another may have
 * come in between; so it looks at nothing but the state and the change.
 */
final class Rules {
    /** A quarter of it takes the longest write. */
    static final long LEAST_LOG_BYTES = 8 << 20;

    static final long MOST_VOLUME_BYTES = 1L << 56;
    static final String COPIES = "a mirrored volume has 2 to " + ReplicaSet.MOST + " copies";
    static final String ALONE = "the other copies are not in sync any more: the copy stays";
    private static final long BLOCK_BYTES = 4096;
    private static final int MOST_PATH = 1024;

    private final ControlState state;

    Rules(ControlState state) {
        this.state = state;
    }

    /** Why the change is not allowed now; empty if it is. */
    Optional<Result.Refused> objection(Change change) {
        Checks.that(state.pools().size() <= ControlState.MOST_POOLS, "pools are bounded");
        return switch (change) {
            case Change.CreatePool c -> toPool(c);
            case Change.CreateVolume c -> toVolume(c);
            case Change.CreateMirrored c -> toMirror(c);
            case Change.AddCopy c -> quiet(c.volume()).or(() -> toAddition(c));
            case Change.RemoveCopy c -> quiet(c.volume()).or(() -> toRemoval(c));
            case Change.AcceptLoss c -> toAcceptance(c);
            case Change.AdoptPool c -> toAdoption(c);
            case Change.AdoptVolume c -> toAdoption(c);
            case Change.AdoptSnapshot c -> toAdoption(c);
            case Change.LeaveCopy c -> quiet(c.volume()).or(() -> toLeaving(c));
            case Change.RemoveNode c -> new Departure(state, c.node()).objection(c);
            case Change.DrainNode c -> toNode(c.node(), c.id());
            case Change.EndDrain c -> toNode(c.node(), c.id());
            case Change.ResizeVolume c -> quiet(c.volume()).or(() -> toSize(c.sizeBytes()));
            case Change.DeleteVolume c -> quiet(c.volume()).or(() -> toDeletion(c.volume()));
            case Change.CreateSnapshot c -> quiet(c.volume()).or(() -> toSnapshot(c));
            case Change.DeleteSnapshot c -> quiet(c.volume()).or(() -> toSnapshotDeletion(c));
            case Change.AddExport c ->
                quiet(c.volume())
                        .or(() -> state.export(c.volume()).isPresent()
                                ? conflict("volume " + name(c.volume()) + " is exported already")
                                : Optional.empty());
            case Change.RemoveExport c ->
                state.export(c.volume()).isPresent()
                        ? Optional.empty()
                        : Optional.of(Result.notFound("volume " + name(c.volume()) + " is not exported"));
        };
    }

    private Optional<Result.Refused> toPool(Change.CreatePool c) {
        if (!Names.isValid(c.name())) {
            return Optional.of(Result.invalid("a pool can't be called '" + c.name() + "': " + Names.RULE));
        }
        if (state.node(c.node()).isEmpty()) {
            return Optional.of(Result.notFound("the node for pool " + c.name() + " is not there"));
        }
        if (c.paths().size() != c.protection().copies()) {
            return Optional.of(Result.invalid("protection " + c.protection() + " takes "
                    + c.protection().copies() + " disk(s), not " + c.paths().size()));
        }
        if (c.paths().stream().anyMatch(path -> path.isEmpty() || path.length() > MOST_PATH)) {
            return Optional.of(Result.invalid("a disk's path has 1 to " + MOST_PATH + " characters"));
        }
        if (c.logBytes() < LEAST_LOG_BYTES || c.logBytes() % BLOCK_BYTES != 0 || c.createBytes() % BLOCK_BYTES != 0) {
            return Optional.of(Result.invalid("sizes of disks and logs are multiples of 4096, a log has 8M at least"));
        }
        if (state.pool(c.name()).isPresent() || state.pool(c.pool()).isPresent()) {
            return conflict("there is a pool " + c.name() + " already");
        }
        for (String path : c.paths()) {
            if (state.pools().stream()
                    .anyMatch(pool -> pool.node() == c.node() && pool.paths().contains(path))) {
                return conflict(path + " belongs to a pool already");
            }
        }
        return state.pools().size() < ControlState.MOST_POOLS ? Optional.empty() : conflict("there are too many pools");
    }

    private Optional<Result.Refused> toVolume(Change.CreateVolume c) {
        if (!isLive(c.pool())) {
            return Optional.of(Result.notFound("the pool for volume " + c.name() + " is not there"));
        }
        if (isDrained(c.pool())) {
            return drained(c.pool());
        }
        return toNew(new VolumeInfo(c.volume(), c.name(), List.of(c.pool()), c.shard(), c.sizeBytes(), Life.MAKING));
    }

    private Optional<Result.Refused> toMirror(Change.CreateMirrored c) {
        if (c.pools().size() < 2 || c.pools().size() > ReplicaSet.MOST) {
            return Optional.of(Result.invalid(COPIES));
        }
        if (!c.pools().stream().allMatch(this::isLive)) {
            return Optional.of(Result.notFound("a pool for volume " + c.name() + " is not there"));
        }
        Optional<Id128> goes = c.pools().stream().filter(this::isDrained).findFirst();
        if (goes.isPresent()) {
            return drained(goes.get());
        }
        long nodes = c.pools().stream()
                .map(pool -> state.pool(pool).orElseThrow().node())
                .distinct()
                .count();
        if (nodes < c.pools().size()) {
            return conflict("each copy of volume " + c.name() + " has to be in a pool of another node");
        }
        return toNew(new VolumeInfo(c.volume(), c.name(), c.pools(), c.shard(), c.sizeBytes(), Life.MAKING));
    }

    private boolean isLive(Id128 pool) {
        return state.pool(pool).filter(info -> info.life() == Life.LIVE).isPresent();
    }

    private Optional<Result.Refused> toNode(int number, Id128 id) {
        return state.node(number).filter(node -> node.id().equals(id)).isPresent()
                ? Optional.empty()
                : Optional.of(Result.notFound("there is no such node"));
    }

    private boolean isDrained(Id128 pool) {
        return state.pool(pool).flatMap(info -> state.drain(info.node())).isPresent();
    }

    private Optional<Result.Refused> drained(Id128 pool) {
        PoolInfo info = state.pool(pool).orElseThrow();
        Checks.that(state.drain(info.node()).isPresent(), "it is drained", info.node());
        String node = state.node(info.node()).map(NodeInfo::name).orElse("?");
        return conflict("node " + node + " is being drained, and gets nothing new: another pool than " + info.name()
                + ", or `holdfast node drain " + node + " --undo`");
    }

    private Optional<Result.Refused> toNew(VolumeInfo volume) {
        if (!Names.isValid(volume.name())) {
            return Optional.of(Result.invalid("a volume can't be called '" + volume.name() + "': " + Names.RULE));
        }
        if (state.volume(volume.name()).isPresent() || state.volume(volume.id()).isPresent()) {
            return conflict("there is a volume " + volume.name() + " already");
        }
        if (volume.shard() < state.nextShard()) {
            return conflict("another volume came first: try again");
        }
        if (state.volumes().size() >= ControlState.MOST_VOLUMES) {
            return conflict("there are too many volumes");
        }
        return toSize(volume.sizeBytes());
    }

    private Optional<Result.Refused> toAddition(Change.AddCopy c) {
        VolumeInfo volume = state.volume(c.volume()).orElseThrow();
        if (!state.isMirrored(volume)) {
            return conflict("volume " + volume.name() + " was made without copies, and can't get one: create one with"
                    + " --replicas 2 and copy what it has");
        }
        if (!isLive(c.pool())) {
            return Optional.of(Result.notFound("the pool for a copy of volume " + volume.name() + " is not there"));
        }
        if (isDrained(c.pool())) {
            return drained(c.pool());
        }
        if (c.among() != 0 && c.among() != volume.pools().size()) {
            return conflict("another copy of volume " + volume.name() + " came or went first");
        }
        Optional<VolumeInfo> passed = state.volumes().stream()
                .filter(other ->
                        other.shard() == volume.shard() && other.pools().contains(c.pool()))
                .filter(other -> !other.id().equals(volume.id()))
                .findFirst();
        if (passed.isPresent()) {
            return conflict("the pool keeps what was passed over of volume " + volume.name() + ", as volume "
                    + passed.get().name() + ": another pool, or `holdfast volume rm "
                    + passed.get().name()
                    + "` first");
        }
        int node = state.pool(c.pool()).orElseThrow().node();
        if (state.nodesOf(volume).contains(node)) {
            return conflict("node " + state.node(node).map(NodeInfo::name).orElse("?") + " keeps a copy of volume "
                    + volume.name() + " already: each is kept by another node");
        }
        return volume.pools().size() < ReplicaSet.MOST ? Optional.empty() : Optional.of(Result.invalid(COPIES));
    }

    private Optional<Result.Refused> toCopy(VolumeInfo volume, Id128 pool) {
        return state.isMirrored(volume) && volume.pools().contains(pool)
                ? Optional.empty()
                : Optional.of(Result.notFound("volume " + volume.name() + " has no such copy to be removed"));
    }

    /** A copy that others can't do without yet may be asked to leave while another one is in sync. */
    private Optional<Result.Refused> toLeaving(Change.LeaveCopy c) {
        VolumeInfo volume = state.volume(c.volume()).orElseThrow();
        Optional<Result.Refused> objection = toCopy(volume, c.pool());
        boolean isNeeded = objection.isEmpty()
                && state.mayHold(volume, c.pool())
                && state.othersInSync(volume, c.pool(), true).isEmpty();
        return isNeeded
                ? conflict("no other copy of volume " + volume.name()
                        + " is in sync: this one has to stay until one is (`holdfast mirror ls`)")
                : objection;
    }

    /** The last good copy stays: whoever is in a set that may hold what nobody else holds can't be removed. */
    private Optional<Result.Refused> toRemoval(Change.RemoveCopy c) {
        VolumeInfo volume = state.volume(c.volume()).orElseThrow();
        Optional<Result.Refused> objection = toCopy(volume, c.pool());
        if (objection.isPresent()) {
            return objection;
        }
        if (volume.pools().size() == 1 || state.mayHold(volume, c.pool())) {
            return conflict("the pool may hold what nobody else holds of volume " + volume.name()
                    + ": a copy can be removed once the others go on without it");
        }
        return Optional.empty();
    }

    /** Others may have begun to serve meanwhile; what else is under way goes on with whoever leads then. */
    private Optional<Result.Refused> toAcceptance(Change.AcceptLoss c) {
        Optional<VolumeInfo> found = state.volume(c.volume()).filter(info -> info.life() == Life.LIVE);
        Optional<MirrorInfo> mirror = found.flatMap(state::mirror);
        if (mirror.isEmpty()) {
            return Optional.of(Result.notFound("there is no such mirrored volume"));
        }
        VolumeInfo volume = found.get();
        List<Id128> others =
                volume.pools().stream().filter(pool -> !pool.equals(c.pool())).toList();
        boolean same = c.passed().stream().map(Change.Passed::pool).toList().equals(others);
        if (!volume.pools().contains(c.pool()) || !same || mirror.get().epoch() != c.epoch()) {
            return conflict("who keeps volume " + volume.name() + " has changed meanwhile: look again");
        }
        String node = state.pool(c.pool())
                .flatMap(pool -> state.node(pool.node()))
                .map(NodeInfo::name)
                .orElse("?");
        if (mirror.get().inSync().contains(node)) {
            return conflict("the copy on " + node + " is in sync, and goes on by itself");
        }
        for (Change.Passed one : c.passed()) {
            if (!Names.isValid(one.name()) || state.volume(one.name()).isPresent()) {
                return conflict("there is a volume " + one.name() + " already: it has to go first");
            }
        }
        return Optional.empty();
    }

    private Optional<Result.Refused> toAdoption(Change.AdoptPool c) {
        boolean isNew = state.pool(c.pool()).isEmpty() && state.pool(c.name()).isEmpty();
        return isNew && Names.isValid(c.name()) && state.node(c.node()).isPresent()
                ? Optional.empty()
                : conflict("a pool can't be called '" + c.name() + "', or is there already");
    }

    /** Names, sizes and numbers are what they were, whatever the rules are now. */
    private Optional<Result.Refused> toAdoption(Change.AdoptVolume c) {
        boolean isNew =
                state.volume(c.volume()).isEmpty() && state.volume(c.name()).isEmpty();
        return isNew && isLive(c.pool()) && c.shard() > 0
                ? Optional.empty()
                : conflict("there is a volume " + c.name() + " already, or its pool is not there");
    }

    private Optional<Result.Refused> toAdoption(Change.AdoptSnapshot c) {
        boolean isNew = state.snapshot(c.snapshot()).isEmpty()
                && state.snapshot(c.volume(), c.name()).isEmpty();
        return isNew && state.volume(c.volume()).isPresent() && c.snapshot() > 0
                ? Optional.empty()
                : conflict("there is a snapshot " + c.name() + " already, or its volume is not there");
    }

    private static Optional<Result.Refused> toSize(long sizeBytes) {
        boolean fits = sizeBytes >= BLOCK_BYTES && sizeBytes <= MOST_VOLUME_BYTES && sizeBytes % BLOCK_BYTES == 0;
        return fits
                ? Optional.empty()
                : Optional.of(Result.invalid("a volume's size is a multiple of 4096 from 4K to 64P, not " + sizeBytes));
    }

    private Optional<Result.Refused> toDeletion(Id128 volume) {
        if (state.export(volume).isPresent()) {
            return conflict("volume " + name(volume) + " is exported: `holdfast export rm " + name(volume) + "` first");
        }
        int snapshots = state.snapshots(volume).size();
        return snapshots == 0
                ? Optional.empty()
                : conflict("volume " + name(volume) + " has " + snapshots + " snapshot(s): remove them first");
    }

    private Optional<Result.Refused> toSnapshot(Change.CreateSnapshot c) {
        if (!Names.isValid(c.name()) && !SnapshotInfo.isCompared(c.name())) {
            return Optional.of(Result.invalid("a snapshot can't be called '" + c.name() + "': " + Names.RULE));
        }
        if (state.snapshot(c.volume(), c.name()).isPresent()) {
            return conflict("there is a snapshot " + name(c.volume()) + "@" + c.name() + " already");
        }
        if (c.snapshot() < state.nextSnapshot()) {
            return conflict("another snapshot came first: try again");
        }
        boolean isMirrored = state.isMirrored(state.volume(c.volume()).orElseThrow());
        if (isMirrored && state.snapshots(c.volume()).size() >= KeptSnapshots.MOST) {
            return conflict("a mirrored volume has " + KeptSnapshots.MOST + " snapshots at most: remove some first");
        }
        return state.snapshots().size() < ControlState.MOST_SNAPSHOTS
                ? Optional.empty()
                : conflict("there are too many snapshots");
    }

    private Optional<Result.Refused> toSnapshotDeletion(Change.DeleteSnapshot c) {
        boolean isThere = state.snapshot(c.snapshot())
                .filter(info -> info.life() == Life.LIVE && info.volume().equals(c.volume()))
                .isPresent();
        return isThere ? Optional.empty() : Optional.of(Result.notFound("there is no such snapshot"));
    }

    /** A volume is changed by one at a time. */
    private Optional<Result.Refused> quiet(Id128 volume) {
        Optional<VolumeInfo> info = state.volume(volume);
        if (info.isEmpty()) {
            return Optional.of(Result.notFound("there is no such volume"));
        }
        if (state.isBeingChanged(volume)) {
            return conflict("volume " + info.get().name() + " is being changed: try again");
        }
        Checks.that(info.get().life() == Life.LIVE, "a volume that nobody changes is live");
        return Optional.empty();
    }

    private String name(Id128 volume) {
        return state.volume(volume).map(VolumeInfo::name).orElse(volume.brief());
    }

    private static Optional<Result.Refused> conflict(String why) {
        return Optional.of(Result.conflict(why));
    }
}
