package dev.holdfast.sim.cluster;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.SnapshotInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.sim.oracle.OracleViolation;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What holds of everything that a node says at any moment, whoever asked for what in whichever order. */
final class Rulebook {
    private Rulebook() {}

    /** Fails if {@code status} says what never may be. */
    static void judge(NodeStatus status) {
        Set<String> names = new TreeSet<>();
        for (VolumeInfo volume : status.volumes()) {
            must(names.add(volume.name()), "two volumes are called " + volume.name());
            must(!volume.pools().isEmpty(), "volume " + volume.name() + " is nowhere");
            List<Integer> keepers = volume.pools().stream()
                    .map(pool -> nodeOf(status, pool))
                    .distinct()
                    .toList();
            must(keepers.size() == volume.pools().size(), "a node keeps volume " + volume.name() + " twice");
        }
        Set<String> snapshots = new TreeSet<>();
        for (SnapshotInfo snapshot : status.snapshots()) {
            String of = nameOf(status, snapshot.volume());
            must(!of.isEmpty(), "snapshot " + snapshot.name() + " is of no volume");
            must(snapshots.add(of + "@" + snapshot.name()), "two snapshots are called " + of + "@" + snapshot.name());
        }
        for (VolumeInfo volume : status.exported()) {
            must(!nameOf(status, volume.id()).isEmpty(), "what is exported is not there: " + volume.name());
        }
    }

    private static int nodeOf(NodeStatus status, Id128 pool) {
        return status.pools().stream()
                .filter(state -> state.info().id().equals(pool))
                .map(state -> state.info().node())
                .findFirst()
                .orElseThrow(() -> new OracleViolation("a volume is in a pool that is not there"));
    }

    private static String nameOf(NodeStatus status, Id128 volume) {
        return status.volumes().stream()
                .filter(info -> info.id().equals(volume))
                .map(VolumeInfo::name)
                .findFirst()
                .orElse("");
    }

    private static void must(boolean holds, String what) {
        if (!holds) {
            throw new OracleViolation(what);
        }
    }
}
