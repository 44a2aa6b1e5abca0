package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/** What a node that is to go has: what moves away first, what would go with it, what hinders it. It changes nothing. */
final class Departure {
    private final ControlState state;
    private final int node;

    Departure(ControlState state, int node) {
        Checks.that(node > 0, "nodes are counted from 1", node);
        this.state = state;
        this.node = node;
    }

    /** The node's pools. */
    List<PoolInfo> pools() {
        return state.pools().stream().filter(pool -> pool.node() == node).toList();
    }

    /** Volumes without copies that it keeps, also those that are being made or deleted. */
    List<VolumeInfo> alone() {
        return state.volumes().stream()
                .filter(volume -> !state.isMirrored(volume) && isHere(volume))
                .toList();
    }

    /** Mirrored volumes that keep a copy there. */
    List<VolumeInfo> mirrored() {
        return state.volumes().stream()
                .filter(volume -> state.isMirrored(volume) && isHere(volume))
                .toList();
    }

    /** How it is drained if that begins now. */
    NodeInfo.Drain drain(boolean sameDomain) {
        LinkedHashMap<Id128, Integer> copies = new LinkedHashMap<>();
        Checks.that(state.node(node).isPresent(), "who is drained is there", node);
        mirrored().forEach(volume -> copies.put(volume.id(), volume.pools().size()));
        return new NodeInfo.Drain(sameDomain, copies);
    }

    /** A line for each volume there: where its copy would go if the node were drained now, or why nowhere. */
    List<String> moves(boolean sameDomain) {
        List<String> lines = new ArrayList<>();
        Placement placement = new Placement(state, sameDomain, node);
        for (VolumeInfo volume : mirrored()) {
            lines.add(
                    switch (placement.another(volume)) {
                        case Placement.Placed.In in ->
                            "moves: the copy of volume " + volume.name() + " from pool " + poolOf(volume) + " to "
                                    + Placement.words(state, in.pools().getFirst());
                        case Placement.Placed.Nowhere nowhere ->
                            "stays: the copy of volume " + volume.name() + ": "
                                    + nowhere.why().why();
                    });
        }
        alone().forEach(volume -> lines.add("stays: volume " + volume.name() + ", which was made without copies"));
        return lines;
    }

    /** Volumes that are lost with it: nobody else has them, and nobody wants them to go. */
    List<VolumeInfo> lost() {
        return alone().stream().filter(volume -> volume.life() == Life.LIVE).toList();
    }

    private boolean isHere(VolumeInfo volume) {
        return state.nodesOf(volume).contains(node);
    }

    /** True if the volume is being made or deleted, and this node has not done its part of that. */
    private boolean isItsPart(VolumeInfo volume) {
        return volume.life() != Life.LIVE
                && state.intents().keySet().stream()
                        .anyMatch(operation ->
                                state.part(operation, node).isPresent() && state.isAbout(operation, volume.id()));
    }

    /** Why it can't go now; what it has begun and can't end, ends with it. */
    Optional<Result.Refused> objection(Change.RemoveNode c) {
        Optional<NodeInfo> found = state.node(node).filter(known -> known.id().equals(c.id()));
        if (found.isEmpty() || state.nodes().size() == 1) {
            return Optional.of(Result.notFound("there is no such node that others can do without"));
        }
        String name = found.get().name();
        if (found.get().incarnation() != c.incarnation()) {
            return Optional.of(Result.conflict("node " + name + " has started again meanwhile: stop it first"));
        }
        for (VolumeInfo volume : state.volumes()) {
            if (state.isMirrored(volume) && isHere(volume) && !isItsPart(volume)) {
                return Optional.of(Result.conflict("volume " + volume.name() + " keeps a copy on node " + name
                        + ": `holdfast volume remove-copy " + volume.name() + " --pool " + poolOf(volume) + "` first"));
            }
        }
        if (!lost().isEmpty() && !c.losesVolumes()) {
            return Optional.of(Result.conflict("volume " + lost().getFirst().name() + " is on node " + name
                    + " only, and is lost with it: --lose-volumes says that it may be"));
        }
        return Optional.empty();
    }

    private String poolOf(VolumeInfo volume) {
        return pools().stream()
                .filter(pool -> volume.pools().contains(pool.id()))
                .map(PoolInfo::name)
                .findFirst()
                .orElse("?");
    }
}
