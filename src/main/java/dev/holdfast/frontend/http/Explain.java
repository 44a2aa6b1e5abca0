package dev.holdfast.frontend.http;

import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A volume in sentences: how it is and why, what works, what happens if one more thing fails, and what to do. It says
 * only what the node that is asked knows.
 */
final class Explain {
    private static final long MEBIBYTE = 1L << 20;
    private static final long GIBIBYTE = 1L << 30;

    private final NodeStatus status;

    Explain(NodeStatus status) {
        this.status = status;
    }

    /** A sentence or two in each line; empty if there is no such volume. */
    Optional<List<String>> volume(String name) {
        return status.volumes().stream()
                .filter(volume -> volume.name().equals(name))
                .findFirst()
                .map(volume -> status.mirrors().stream()
                        .filter(mirror -> mirror.volume().equals(volume))
                        .findFirst()
                        .map(this::mirrored)
                        .orElseGet(() -> alone(volume)));
    }

    private List<String> alone(VolumeInfo volume) {
        NodeStatus.PoolState pool = status.pools(volume).getFirst();
        String node = status.nodeOf(pool.info()).map(NodeInfo::name).orElse("nobody");
        String what = volume.name() + " (" + size(volume.sizeBytes()) + ") has one copy, in pool "
                + pool.info().name() + " of node " + node + ", which protects it by "
                + pool.info().protection() + ".";
        return List.of(
                what,
                "If node " + node + " is away, so is the volume. If it loses what the pool needs of its disks, so does"
                        + " the volume.",
                "What is to outlive a node is made with several copies: `holdfast volume create NAME SIZE"
                        + " --replicas 2`.");
    }

    private List<String> mirrored(NodeStatus.Mirror mirror) {
        VolumeInfo volume = mirror.volume();
        MirrorInfo known = mirror.known();
        List<String> all = new ArrayList<>(known.inSync());
        all.addAll(known.missing());
        List<String> lines = new ArrayList<>();
        lines.add(volume.name() + " (" + size(volume.sizeBytes()) + ") has " + all.size()
                + (all.size() == 1 ? " copy" : " copies") + ", on "
                + words(all.stream().sorted().toList()) + ".");
        if (known.primary().isEmpty()) {
            lines.add("It has no primary at the moment (epoch " + known.epoch() + "): clients wait, and are told of an"
                    + " error after 30 seconds.");
            lines.add(
                    "A copy goes on by itself when it can know that it has everything that was acknowledged. Start the"
                            + " nodes that do not run: " + words(all) + ", and enough others for a majority.");
            lines.add("If those that have everything are gone for good, an older copy is the only way on: `holdfast"
                    + " volume accept-loss " + volume.name() + " --from NODE --dry-run` says what would be lost.");
            return lines;
        }
        lines.add("Node " + known.primary() + " is its primary (epoch " + known.epoch() + "). It is read and written"
                + " through every node.");
        if (all.size() == 1) {
            String last = known.primary();
            lines.add("It is the last one: if node " + last + " is away, the volume waits until it is back, and what"
                    + " " + last + "'s disks lose is lost.");
            lines.add("Give it another: `holdfast volume add-copy " + volume.name() + "`.");
        } else if (known.missing().isEmpty()) {
            lines.add("Every copy has every change that was acknowledged. If a node fails, the volume goes on after a"
                    + " second or two, and nothing that was acknowledged is lost.");
            lines.add("There is nothing to do.");
        } else {
            lines.addAll(degraded(mirror));
        }
        return lines;
    }

    private List<String> degraded(NodeStatus.Mirror mirror) {
        MirrorInfo known = mirror.known();
        String missing = words(known.missing());
        List<String> lines = new ArrayList<>();
        lines.add("Not in sync: " + missing + ". Changes are acknowledged without that, and kept for it.");
        mirror.here().stream()
                .flatMap(replica -> replica.behind().stream())
                .map(Explain::catchesUp)
                .forEach(lines::add);
        if (!mirror.known().primary().equals(status.node().self().name())) {
            lines.add("How far it is, node " + known.primary() + " knows: ask it with --server.");
        }
        List<String> waits = mirror.here().map(NodeStatus.Replica::waits).orElse(List.of());
        if (!waits.isEmpty()) {
            lines.add("What " + words(waits)
                    + " lacks is not kept change by change any more: it gets the blocks that were" + " changed since.");
        }
        lines.add(
                known.inSync().size() > 1
                        ? "If one more node fails, the volume goes on with the rest."
                        : "If node " + known.primary() + " fails too, the volume waits until it is back: no other copy"
                                + " has everything.");
        lines.add("What is in sync no more catches up by itself once its node runs and is reached: start " + missing
                + " if it does not. If it is lost for good: `holdfast volume remove-copy "
                + mirror.volume().name() + " --pool POOL`.");
        return lines;
    }

    private static String catchesUp(NodeStatus.Behind behind) {
        return "Node " + behind.node() + " catches up since "
                + Progress.span(behind.how().elapsedNanos()) + ": it gets "
                + Progress.gets(behind.how().rung()) + " (" + Progress.line(behind) + ").";
    }

    /** Names in a sentence. */
    static String words(List<String> names) {
        int last = names.size() - 1;
        return names.size() < 2
                ? String.join("", names)
                : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    }

    private static String size(long bytes) {
        return bytes % GIBIBYTE == 0
                ? bytes / GIBIBYTE + "G"
                : bytes % MEBIBYTE == 0 ? bytes / MEBIBYTE + "M" : bytes + " bytes";
    }
}
