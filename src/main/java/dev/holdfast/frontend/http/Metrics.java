package dev.holdfast.frontend.http;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.replica.CatchUp;
import dev.holdfast.store.Pool;
import java.util.List;

/** A node's figures in Prometheus text form. It keeps no counters of its own. */
final class Metrics {
    private static final long BLOCK_BYTES = 4096;

    private final StringBuilder out = new StringBuilder();
    private String last = "";

    private Metrics() {}

    static String of(NodeStatus status) {
        Metrics metrics = new Metrics();
        metrics.node(status);
        List<NodeStatus.PoolState> open = status.pools().stream()
                .filter(pool -> pool.measured().isPresent())
                .toList();
        open.forEach(pool ->
                metrics.space(pool.info().name(), pool.measured().orElseThrow().space()));
        open.forEach(pool -> pool.measured()
                .orElseThrow()
                .members()
                .forEach(member -> metrics.disk(pool.info().name(), member)));
        status.volumes().forEach(volume -> metrics.volume(status, volume));
        status.mirrors().forEach(metrics::mirror);
        return metrics.sorted();
    }

    private void node(NodeStatus status) {
        line("holdfast_node_starts_total", "", status.node().self().incarnation());
        line("holdfast_node_connections", "", status.clients().connections());
        line("holdfast_node_troubles", "", status.condition().troubles().size());
        line("holdfast_node_reached_nodes", "", status.node().reached().size());
        line("holdfast_node_notes", "", status.condition().notes().size());
    }

    private void space(String pool, Pool.SpaceStatus space) {
        String label = label("pool", pool);
        line("holdfast_pool_size_bytes", label, space.totalBlocks() * BLOCK_BYTES);
        line("holdfast_pool_used_bytes", label, space.usedBlocks() * BLOCK_BYTES);
        line("holdfast_pool_free_bytes", label, space.freeBlocks() * BLOCK_BYTES);
        line("holdfast_pool_log_size_bytes", label, space.logBytes());
        line("holdfast_pool_log_used_bytes", label, space.logUsedBytes());
    }

    private void disk(String pool, MemberHealth member) {
        String label = label("pool", pool) + "," + label("path", member.path());
        line("holdfast_disk_present", label, member.present() ? 1 : 0);
        line("holdfast_disk_read_errors_total", label, member.readErrors());
        line("holdfast_disk_write_errors_total", label, member.writeErrors());
        line("holdfast_disk_repaired_blocks_total", label, member.repaired());
    }

    private void volume(NodeStatus status, VolumeInfo volume) {
        String label = label("volume", volume.name());
        line("holdfast_volume_size_bytes", label, volume.sizeBytes());
        status.shard(volume).ifPresent(shard -> {
            line("holdfast_volume_used_bytes", label, shard.usedBlocks() * BLOCK_BYTES);
            line("holdfast_volume_unreadable_bytes", label, shard.unreadableBlocks() * BLOCK_BYTES);
            line("holdfast_volume_healed_bytes_total", label, shard.healedBlocks() * BLOCK_BYTES);
        });
    }

    private void mirror(NodeStatus.Mirror mirror) {
        String label = label("volume", mirror.volume().name());
        line("holdfast_mirror_copies", label, mirror.volume().pools().size());
        line("holdfast_mirror_copies_in_sync", label, mirror.known().inSync().size());
        line("holdfast_mirror_has_primary", label, mirror.known().primary().isEmpty() ? 0 : 1);
        line("holdfast_mirror_epoch", label, mirror.known().epoch());
        mirror.here().ifPresent(replica -> {
            line("holdfast_replica_is_primary", label, replica.role().equals("primary") ? 1 : 0);
            line("holdfast_replica_held", label, replica.held());
            line("holdfast_replica_visible", label, replica.visible());
            line("holdfast_replica_stable", label, replica.stable());
            line("holdfast_replica_durable", label, replica.durable());
            line("holdfast_replica_waiting_nodes", label, replica.waits().size());
            replica.behind().forEach(behind -> behind(label + "," + label("node", behind.node()), behind.how()));
        });
    }

    private void behind(String label, CatchUp how) {
        line("holdfast_catchup_rung", label, how.rung().ordinal());
        known("holdfast_catchup_predicted_bytes", label, how.bytes().predicted());
        line("holdfast_catchup_meanwhile_bytes", label, how.bytes().meanwhile());
        line("holdfast_catchup_sent_bytes", label, how.bytes().sent());
        line("holdfast_catchup_again_bytes", label, how.bytes().again());
        known("holdfast_catchup_left_bytes", label, how.bytes().left());
        line("holdfast_catchup_bytes_per_second", label, how.bytesPerSecond());
        known("holdfast_catchup_eta_seconds", label, how.etaNanos() < 0 ? -1 : how.etaNanos() / 1_000_000_000L);
        line("holdfast_catchup_seconds", label, how.elapsedNanos() / 1_000_000_000L);
    }

    private void known(String name, String labels, long value) {
        if (value >= 0) {
            line(name, labels, value);
        }
    }

    private void line(String name, String labels, long value) {
        out.append(name).append(labels.isEmpty() ? "" : "{" + labels + "}");
        out.append(' ').append(value).append('\n');
    }

    private static String label(String name, String value) {
        return name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    /** All lines of a name stand together, after its type. */
    private String sorted() {
        StringBuilder text = new StringBuilder();
        out.toString().lines().sorted().forEach(line -> {
            String name = line.substring(0, line.indexOf(line.contains("{") ? '{' : ' '));
            if (!name.equals(last)) {
                last = name;
                text.append("# TYPE ").append(name).append(name.endsWith("_total") ? " counter\n" : " gauge\n");
            }
            text.append(line).append('\n');
        });
        return text.toString();
    }
}
