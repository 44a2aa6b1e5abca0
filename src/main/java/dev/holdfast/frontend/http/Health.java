package dev.holdfast.frontend.http;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is wrong at the moment, worst first, from what a node measured. Since when it does not know. */
public final class Health {
    private final NodeStatus status;
    private final LinkedHashMap<String, String> found = new LinkedHashMap<>();

    private Health(NodeStatus status) {
        this.status = status;
    }

    /** A sentence for each thing that something is wrong with; the same thing has the same name every time. */
    public static Map<String, String> of(NodeStatus status) {
        Health health = new Health(status);
        List<NodeStatus.Mirror> mirrors = status.mirrors();
        mirrors.stream().filter(mirror -> mirror.known().primary().isEmpty()).forEach(health::waits);
        health.majority();
        health.disks();
        mirrors.stream().filter(mirror -> !mirror.known().primary().isEmpty()).forEach(health::degraded);
        health.nodes();
        status.condition().notes().forEach(note -> health.found.put(note, note));
        return health.found;
    }

    private void waits(NodeStatus.Mirror mirror) {
        String name = mirror.volume().name();
        found.put("volume " + name, "volume " + name + " waits: none of its copies serves");
    }

    private void degraded(NodeStatus.Mirror mirror) {
        MirrorInfo known = mirror.known();
        if (!known.missing().isEmpty()) {
            int copies = known.inSync().size() + known.missing().size();
            String name = mirror.volume().name();
            found.put(
                    "volume " + name,
                    "volume " + name + " has " + known.inSync().size() + " of " + copies + " copies in sync, without "
                            + String.join(", ", known.missing()));
        }
    }

    private void majority() {
        int nodes = status.node().nodes().size();
        long reached =
                status.node().nodes().stream().filter(status.node()::isReached).count();
        if (2 * reached <= nodes) {
            found.put(
                    "majority",
                    reached + " of " + nodes + " nodes are reached, no majority: nothing can change who keeps what");
        }
    }

    private void disks() {
        for (NodeStatus.PoolState pool : status.pools()) {
            List<MemberHealth> members = new ArrayList<>();
            pool.measured().ifPresent(measured -> members.addAll(measured.members()));
            for (MemberHealth member : members) {
                if (!member.present()) {
                    String what =
                            "disk " + member.path() + " of pool " + pool.info().name() + " is out";
                    String why = member.reason().isEmpty() ? "" : ": " + member.reason();
                    found.put("disk " + member.path(), what + why);
                }
            }
        }
    }

    private void nodes() {
        for (NodeInfo node : status.node().nodes()) {
            if (!status.node().isReached(node)) {
                found.put("node " + node.name(), "node " + node.name() + " is not reached");
            }
        }
    }
}
