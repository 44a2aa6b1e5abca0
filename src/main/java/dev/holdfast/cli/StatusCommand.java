package dev.holdfast.cli;

import dev.holdfast.frontend.http.Json;
import dev.holdfast.frontend.http.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
        health(list(status, "troubles"), System.currentTimeMillis()).forEach(System.out::println);
        if (status.get("node") instanceof Map<?, ?> node) {
            System.out.println("clients connected: " + node.get("connections"));
        }
        section(status, "nodes", "name", "address", "domain", "incarnation", "reached", "state");
        section(status, "drains", "node", "volume", "what", "progress");
        section(status, "pools", "name", "protection", "state", "usedBytes", "freeBytes", "replayedChanges");
        section(status, "disks", "path", "pool", "present", "readErrors", "writeErrors", "repairedBlocks");
        section(status, "mirrors", "volume", "state", "primary", "inSync", "waits", "progress");
        section(status, "volumes", "name", "sizeBytes", "usedBytes", "state");
        section(status, "exports", "volume", "protocol", "uri");
        section(status, "snapshots", "name", "sizeBytes", "state");
    }

    /** One line: all well, or what is worst and since when; beneath it everything, if more is wrong. */
    static List<String> health(List<?> troubles, long nowMillis) {
        List<String> wrong = new ArrayList<>();
        for (Object trouble : troubles) {
            wrong.add(line(trouble, nowMillis));
        }
        if (wrong.size() < 2) {
            return List.of(wrong.isEmpty() ? "all well" : "not well: " + wrong.getFirst());
        }
        List<String> lines = new ArrayList<>();
        lines.add("not well: " + wrong.getFirst() + ", and " + (wrong.size() - 1) + " more");
        wrong.forEach(line -> lines.add("  " + line));
        return lines;
    }

    /** What is wrong, and since when. */
    static String line(Object trouble, long nowMillis) {
        Map<String, Object> object = Remote.object(trouble);
        long since = object.get("sinceMillis") instanceof Long millis ? millis : nowMillis;
        String span = Progress.span(TimeUnit.MILLISECONDS.toNanos(Math.max(0, nowMillis - since)));
        return object.get("what") + " (since " + span + ")";
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
