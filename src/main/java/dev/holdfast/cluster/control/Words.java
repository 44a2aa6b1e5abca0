package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.mirror.Authority;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says changes in words, for people who ask what would happen. */
final class Words {
    private final ControlState state;

    Words(ControlState state) {
        this.state = state;
    }

    /** The records of a change, one line each, then what they touch. */
    List<String> records(Change change) {
        Checks.that(state.cluster().isPresent(), "there is something to change");
        String what = of(change);
        if (change instanceof Change.DrainNode drain) {
            List<String> lines = new ArrayList<>(List.of("record: applied: " + what));
            lines.addAll(new Departure(state, drain.node()).moves(drain.sameDomain()));
            return List.copyOf(lines);
        }
        return change.isImmediate()
                ? List.of("record: applied: " + what, "touches: " + touched(change))
                : List.of("record: intended: " + what, "record: ended", "touches: " + touched(change));
    }

    private String of(Change change) {
        return switch (change) {
            case Change.CreatePool c ->
                "create pool " + c.name() + " (" + c.protection() + ") of " + String.join(", ", c.paths())
                        + of(c.node());
            case Change.CreateVolume c ->
                "create volume " + c.name() + ", " + c.sizeBytes() + " bytes, shard " + c.shard();
            case Change.CreateMirrored c ->
                "create volume " + c.name() + ", " + c.sizeBytes() + " bytes, shard " + c.shard() + " in "
                        + c.pools().size() + " copies";
            case Change.AddCopy c -> "add a copy of volume " + name(c.volume()) + " in pool " + pool(c.pool());
            case Change.RemoveCopy c -> "remove the copy of volume " + name(c.volume()) + " in pool " + pool(c.pool());
            case Change.AdoptPool c -> "know pool " + c.name() + " of " + String.join(", ", c.paths());
            case Change.AdoptVolume c ->
                "know volume " + c.name() + ", " + c.sizeBytes() + " bytes, shard " + c.shard();
            case Change.AdoptSnapshot c -> "know snapshot " + name(c.volume()) + "@" + c.name();
            case Change.AcceptLoss c ->
                "volume " + name(c.volume()) + " goes on in epoch " + (c.epoch() + 1) + " with the copy in pool "
                        + pool(c.pool()) + " alone, accepted by " + c.by().who() + " at "
                        + Instant.ofEpochMilli(c.by().atMillis());
            case Change.LeaveCopy c ->
                "remove the copy of volume " + name(c.volume()) + " in pool " + pool(c.pool())
                        + ", once the others go on without it";
            case Change.RemoveNode c ->
                "remove node " + node(c.node()) + " (number " + c.node() + "), with "
                        + named("no pool", "pool", new Departure(state, c.node()).pools(), PoolInfo::name);
            case Change.DrainNode c ->
                "drain node " + node(c.node()) + ": nothing new goes there, its copies move away";
            case Change.EndDrain c -> "node " + node(c.node()) + " is drained no more";
            case Change.ResizeVolume c -> "resize volume " + name(c.volume()) + " to " + c.sizeBytes() + " bytes";
            case Change.DeleteVolume c -> "delete volume " + name(c.volume());
            case Change.CreateSnapshot c ->
                "create snapshot " + name(c.volume()) + "@" + c.name() + ", number " + c.snapshot();
            case Change.DeleteSnapshot c ->
                "delete snapshot " + name(c.volume()) + "@"
                        + state.snapshot(c.snapshot()).map(SnapshotInfo::name).orElse("?");
            case Change.AddExport c -> "export volume " + name(c.volume()) + " by " + c.protocol();
            case Change.RemoveExport c -> "end the export of volume " + name(c.volume()) + " by " + c.protocol();
        };
    }

    private String touched(Change change) {
        return switch (change) {
            case Change.CreatePool c -> "everything on " + String.join(", ", c.paths()) + of(c.node());
            case Change.CreateVolume c -> "pool " + pool(c.pool()) + "; no data of others";
            case Change.CreateMirrored c ->
                "pools "
                        + c.pools().stream()
                                .map(pool -> Placement.words(state, pool))
                                .collect(Collectors.joining(", "))
                        + "; no data of others";
            case Change.AddCopy c ->
                "pool " + Placement.words(state, c.pool()) + ", which gets everything that volume " + name(c.volume())
                        + " uses";
            case Change.RemoveCopy c -> touchedByRemoval(c.volume(), c.pool());
            case Change.LeaveCopy c -> touchedByRemoval(c.volume(), c.pool());
            case Change.AcceptLoss c -> lost(c);
            case Change.AdoptPool c -> "no data";
            case Change.AdoptVolume c -> "no data; it is in pool " + pool(c.pool()) + " already";
            case Change.AdoptSnapshot c -> "no data";
            case Change.RemoveNode c ->
                named("no data", "all data of volume", new Departure(state, c.node()).lost(), VolumeInfo::name)
                        + "; its certificate is refused for ever, and its name is free";
            case Change.DrainNode c -> "copies on node " + node(c.node());
            case Change.EndDrain c -> "no data; what has moved stays where it is";
            case Change.ResizeVolume c -> resized(c);
            case Change.DeleteVolume c -> "all data of volume " + name(c.volume());
            case Change.CreateSnapshot c -> "no data; volume " + name(c.volume()) + " goes on";
            case Change.DeleteSnapshot c -> "what only this snapshot of volume " + name(c.volume()) + " holds";
            case Change.AddExport c -> "no data; clients may reach volume " + name(c.volume());
            case Change.RemoveExport c -> "no data; clients of volume " + name(c.volume()) + " are disconnected";
        };
    }

    private String lost(Change.AcceptLoss c) {
        VolumeInfo volume = state.volume(c.volume()).orElseThrow();
        int node = state.pool(c.pool()).orElseThrow().node();
        Optional<Authority.Start> start = state.authority(volume.shard()).flatMap(found -> found.start(node));
        String has = start.map(found -> "up to " + found.logged().epoch() + "."
                        + found.logged().seq() + " when its node started last (process " + found.incarnation() + ")")
                .orElse("nothing that anybody knows of");
        return "what volume " + volume.name() + " got that this copy lacks is lost: it has changes " + has
                + ", and the volume is in epoch " + c.epoch() + "; "
                + (c.passed().isEmpty()
                        ? "no other copy is there"
                        : "the other copies stay where they are, as "
                                + String.join(
                                        ", ",
                                        c.passed().stream()
                                                .map(Change.Passed::name)
                                                .toList()));
    }

    private String touchedByRemoval(Id128 volume, Id128 pool) {
        return "no data of volume " + name(volume) + "; pool " + pool(pool)
                + " keeps what it has, and nobody asks for it";
    }

    private String resized(Change.ResizeVolume c) {
        long before = state.volume(c.volume()).map(VolumeInfo::sizeBytes).orElse(0L);
        return c.sizeBytes() < before
                ? "the last " + (before - c.sizeBytes()) + " bytes of volume " + name(c.volume()) + " are lost"
                : "no data; volume " + name(c.volume()) + " grows by " + (c.sizeBytes() - before) + " bytes";
    }

    /** Which node's, if there are several. */
    private String of(int node) {
        return state.nodes().size() == 1 ? "" : " of node " + node(node);
    }

    private String node(int number) {
        return state.node(number).map(NodeInfo::name).orElse("?");
    }

    private static <T> String named(String none, String what, List<T> all, Function<T, String> name) {
        return all.isEmpty() ? none : what + " " + all.stream().map(name).collect(Collectors.joining(", "));
    }

    private String name(Id128 volume) {
        return state.volume(volume).map(VolumeInfo::name).orElse(volume.brief());
    }

    private String pool(Id128 pool) {
        return state.pool(pool).map(PoolInfo::name).orElse(pool.brief());
    }
}
