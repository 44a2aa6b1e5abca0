package dev.holdfast.cli;

import dev.holdfast.frontend.http.Json;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** How a node is, worst first. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "How the node is, worst first.",
        footer = {"", "Example:", "  holdfast status -o json"})
final class StatusCommand implements Runnable {
    @Mixin
    private Remote remote = new Remote();

    @Override
    public void run() {
        Map<String, Object> status = Remote.object(remote.get("status"));
        if (remote.isJson()) {
            System.out.println(Json.write(status));
            return;
        }
        System.out.println("health: " + status.get("health"));
        if (status.get("node") instanceof Map<?, ?> node) {
            System.out.println("clients connected: " + node.get("connections"));
        }
        list(status, "notes").forEach(note -> System.out.println("  " + note));
        section(status, "nodes", "name", "address", "incarnation");
        section(status, "pools", "name", "protection", "state", "usedBytes", "freeBytes", "replayedChanges");
        section(status, "disks", "path", "pool", "present", "readErrors", "writeErrors", "repairedBlocks");
        section(status, "mirrors", "volume", "state", "primary", "inSync", "waits");
        section(status, "volumes", "name", "sizeBytes", "usedBytes", "state");
        section(status, "exports", "volume", "protocol", "uri");
        section(status, "snapshots", "name", "sizeBytes", "state");
    }

    private static void section(Map<String, Object> status, String name, String... columns) {
        if (!list(status, name).isEmpty()) {
            System.out.println();
            System.out.println(name);
            Remote.table(list(status, name), columns).forEach(line -> System.out.println("  " + line));
        }
    }

    private static List<?> list(Map<String, Object> status, String name) {
        return status.get(name) instanceof List<?> list ? list : List.of();
    }
}
