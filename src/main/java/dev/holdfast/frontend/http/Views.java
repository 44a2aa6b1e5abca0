package dev.holdfast.frontend.http;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.SnapshotInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.store.Pool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A node's state as JSON values. It shows nothing that was not measured. */
final class Views {
    private static final long BLOCK_BYTES = 4096;

    private final NodeStatus status;

    Views(NodeStatus status) {
        this.status = status;
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(String.valueOf(pairs[i]), pairs[i + 1]);
        }
        return map;
    }

    Map<String, Object> all() {
        boolean degraded = disks().stream().anyMatch(disk -> Boolean.FALSE.equals(disk.get("present")))
                || !status.mirrors().stream().allMatch(Views::isInSync);
        return map(
                "health", degraded ? "degraded" : status.condition().notes().isEmpty() ? "ok" : "look at the notes",
                "troubles",
                        status.condition().troubles().stream()
                                .map(trouble -> map("what", trouble.what(), "sinceMillis", trouble.sinceMillis()))
                                .toList(),
                "notes", status.condition().notes(),
                "node",
                        map(
                                "name", status.node().self().name(),
                                "cluster", status.node().cluster().toString(),
                                "incarnation", status.node().self().incarnation(),
                                "leadsControlLog", status.node().leads(),
                                "connections", (long) status.clients().connections()),
                "endpoints", status.clients().endpoints(),
                "nodes", isAlone() ? List.of() : nodes(),
                "drains", drains(),
                "pools", pools(),
                "disks", disks(),
                "mirrors", mirrors(),
                "volumes", volumes(),
                "exports", exports(),
                "snapshots", snapshots());
    }

    List<Map<String, Object>> pools() {
        return status.pools().stream().map(this::pool).toList();
    }

    /** All nodes. */
    List<Map<String, Object>> nodes() {
        return status.node().nodes().stream()
                .map(node -> map(
                        "name", node.name(),
                        "number", (long) node.number(),
                        "address", node.address(),
                        "domain", node.domain(),
                        "links", node.links(),
                        "disks", node.disks(),
                        "incarnation", node.incarnation(),
                        "reached", status.node().isReached(node),
                        "state", drainOf(node).map(Views::stateOf).orElse("")))
                .toList();
    }

    private Optional<NodeStatus.Draining> drainOf(NodeInfo node) {
        return status.node().drains().stream()
                .filter(drain -> drain.node().equals(node.name()))
                .findFirst();
    }

    private static String stateOf(NodeStatus.Draining drain) {
        return drain.left().isEmpty() ? "drained" : "draining, " + drain.left().size() + " left";
    }

    /** What is left on nodes that are drained; an entry without a volume for one that has nothing any more. */
    private List<Map<String, Object>> drains() {
        List<Map<String, Object>> drains = new ArrayList<>();
        for (NodeStatus.Draining drain : status.node().drains()) {
            drain.left().forEach(left -> drains.add(drain(drain.node(), left)));
            if (drain.left().isEmpty()) {
                String done = "nothing is left: it can be stopped, and removed with `holdfast node remove`";
                drains.add(
                        map("node", drain.node(), "volume", "", "what", done, "stuck", false, "progress", List.of()));
            }
        }
        return drains;
    }

    private Map<String, Object> drain(String node, NodeStatus.Left left) {
        List<String> progress = status.mirrors().stream()
                .filter(mirror -> mirror.volume().equals(left.volume()) && !left.stuck())
                .flatMap(mirror -> progress(mirror).stream())
                .toList();
        return map(
                "node", node,
                "volume", left.volume().name(),
                "what", left.what(),
                "stuck", left.stuck(),
                "progress", progress);
    }

    private boolean isAlone() {
        return status.node().nodes().size() <= 1;
    }

    Map<String, Object> pool(NodeStatus.PoolState pool) {
        Map<String, Object> view = map(
                "name", pool.info().name(),
                "id", pool.info().id().toString(),
                "protection", pool.info().protection().toString(),
                "state", pool.measured().isPresent() ? "open" : word(pool.info().life()));
        status.nodeOf(pool.info()).filter(node -> !isAlone()).ifPresent(node -> view.put("node", node.name()));
        pool.measured().ifPresent(measured -> {
            Pool.SpaceStatus space = measured.space();
            view.put("totalBytes", space.totalBlocks() * BLOCK_BYTES);
            view.put("usedBytes", space.usedBlocks() * BLOCK_BYTES);
            view.put("freeBytes", space.freeBlocks() * BLOCK_BYTES);
            view.put("logBytes", space.logBytes());
            view.put("logUsedBytes", space.logUsedBytes());
            view.put("consistencyPoint", measured.numbers().cp());
            view.put("replayedChanges", measured.replayed().changes());
            view.put("notes", measured.notes());
        });
        return view;
    }

    List<Map<String, Object>> disks() {
        List<Map<String, Object>> disks = new ArrayList<>();
        for (NodeStatus.PoolState pool : status.pools()) {
            pool.measured().ifPresent(measured -> {
                for (MemberHealth member : measured.members()) {
                    disks.add(map(
                            "path", member.path(),
                            "pool", pool.info().name(),
                            "slot", (long) member.slot(),
                            "present", member.present(),
                            "reason", member.reason(),
                            "readErrors", member.readErrors(),
                            "writeErrors", member.writeErrors(),
                            "repairedBlocks", member.repaired()));
                }
            });
        }
        return disks;
    }

    List<Map<String, Object>> volumes() {
        return status.volumes().stream().map(this::volume).toList();
    }

    Map<String, Object> volume(VolumeInfo volume) {
        Map<String, Object> view = map(
                "name", volume.name(),
                "id", volume.id().toString(),
                "sizeBytes", volume.sizeBytes(),
                "pool", poolNames(volume).findFirst().orElse("?"),
                "pools", poolNames(volume).toList(),
                "copies", (long) volume.pools().size(),
                "state", word(volume.life()),
                "exported", status.exported().contains(volume));
        Optional<Pool.ShardStatus> shard = status.shard(volume);
        boolean isOpen =
                status.pools(volume).stream().anyMatch(pool -> pool.measured().isPresent());
        if (isOpen) {
            // A volume that is too new for the newest root takes nothing there.
            view.put(
                    "usedBytes",
                    shard.map(found -> found.usedBlocks() * BLOCK_BYTES).orElse(0L));
            view.put(
                    "unreadableBytes",
                    shard.map(found -> found.unreadableBlocks() * BLOCK_BYTES).orElse(0L));
        }
        return view;
    }

    private Stream<String> poolNames(VolumeInfo volume) {
        return volume.pools().stream()
                .map(id -> status.pools().stream()
                        .filter(pool -> pool.info().id().equals(id))
                        .map(pool -> pool.info().name())
                        .findFirst()
                        .orElse("?"));
    }

    List<Map<String, Object>> mirrors() {
        return status.mirrors().stream().map(this::mirror).toList();
    }

    private Map<String, Object> mirror(NodeStatus.Mirror mirror) {
        Map<String, Object> view = map(
                "volume", mirror.volume().name(),
                "state", stateOf(mirror),
                "primary", mirror.known().primary(),
                "inSync", mirror.known().inSync(),
                "missing", mirror.known().missing(),
                "epoch", (long) mirror.known().epoch());
        mirror.here().ifPresent(replica -> {
            view.put("role", replica.role());
            view.put("held", replica.held());
            view.put("visible", replica.visible());
            view.put("stable", replica.stable());
            view.put("durable", replica.durable());
            view.put("waits", replica.waits());
            view.put("behind", replica.behind().stream().map(Progress::view).toList());
        });
        view.put("progress", progress(mirror));
        return view;
    }

    /** A line for each copy that is not in sync. Who serves knows how far it is. */
    private List<String> progress(NodeStatus.Mirror mirror) {
        List<String> lines = new ArrayList<>();
        List<NodeStatus.Behind> behind =
                mirror.here().map(NodeStatus.Replica::behind).orElse(List.of());
        boolean serves = mirror.known().primary().equals(status.node().self().name());
        for (String missing : mirror.known().primary().isEmpty()
                ? List.<String>of()
                : mirror.known().missing()) {
            Optional<String> found = behind.stream()
                    .filter(each -> each.node().equals(missing))
                    .map(Progress::line)
                    .findFirst();
            lines.add(found.orElse(
                    missing + ": " + (serves ? "away" : "ask " + mirror.known().primary())));
        }
        return lines;
    }

    private static String stateOf(NodeStatus.Mirror mirror) {
        if (mirror.known().primary().isEmpty()) {
            return "no primary";
        }
        return isInSync(mirror)
                ? "in sync"
                : "degraded: without " + String.join(", ", mirror.known().missing());
    }

    static boolean isInSync(NodeStatus.Mirror mirror) {
        return !mirror.known().primary().isEmpty() && mirror.known().missing().isEmpty();
    }

    List<Map<String, Object>> exports() {
        List<Map<String, Object>> exports = new ArrayList<>();
        for (VolumeInfo volume : status.exportedHere()) {
            for (String endpoint : status.clients().endpoints()) {
                exports.add(map(
                        "volume", volume.name(), "protocol", "nbd", "uri", NodeStatus.uri(endpoint, volume.name())));
            }
        }
        return exports;
    }

    List<Map<String, Object>> snapshots() {
        return status.snapshots().stream().map(this::snapshot).toList();
    }

    private Map<String, Object> snapshot(SnapshotInfo snapshot) {
        Optional<VolumeInfo> volume = status.volumes().stream()
                .filter(info -> info.id().equals(snapshot.volume()))
                .findFirst();
        Map<String, Object> view = map(
                "name", volume.map(VolumeInfo::name).orElse("?") + "@" + snapshot.name(),
                "number", snapshot.id(),
                "state", word(snapshot.life()));
        volume.flatMap(status::shard).stream()
                .flatMap(shard -> shard.snapshots().stream())
                .filter(record -> record.id() == snapshot.id())
                .findFirst()
                .ifPresent(record -> {
                    view.put("takenMillis", record.taken().wallMillis());
                    view.put("sizeBytes", record.taken().sizeBytes());
                });
        return view;
    }

    static Map<String, Object> event(Event event) {
        Map<String, Object> view = map(
                "number", event.number(),
                "atMillis", event.atMillis(),
                "node", event.node(),
                "volume", event.volume(),
                "what", event.what());
        event.caughtUp().ifPresent(behind -> view.put("caughtUp", Progress.view(behind)));
        return view;
    }

    static Map<String, Object> outlook(WhatIf.Outlook outlook) {
        return map(
                "stops", outlook.stops(),
                "waiting", outlook.waiting(),
                "lastCopy", outlook.lastCopy(),
                "lines", outlook.sentences());
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
