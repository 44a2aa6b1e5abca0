package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import dev.holdfast.frontend.http.Json;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares the copies of a mirrored volume while clients use it. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Compares the copies in sync of a mirrored volume, as all have it at one moment, while clients use it: by",
            "the checksums in their trees, so that no data is read or sent. Ctrl-C ends it. Ask a node whose copy is",
            "in sync."
        },
        footer = {
            "",
            "Exit code: 0 they agree, 3 they differ, 1 it came to no end.",
            "",
            "Examples:",
            "  holdfast volume verify db",
            "  holdfast volume verify db --data"
        })
final class VolumeVerifyCommand implements Runnable {
    private static final int DIFFERENT = 3;
    private static final long POLL_MILLIS = 200;
    private static final long PROGRESS_NANOS = 2_000_000_000L;
    private static final double NANOS = 1e9;

    @Mixin
    private Remote remote = new Remote();

    @Parameters(paramLabel = "VOLUME", description = "its name")
    private String name = "";

    @Option(names = "--data", description = "every node reads each block of its copy, too, and checks it")
    private boolean data;

    private volatile boolean ended;

    @Override
    public void run() {
        remote.isJson();
        String path = "volumes/" + Remote.part(name) + "/verify";
        Map<String, Object> state = Remote.object(remote.request("POST", path, Map.of("data", data)));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(path)));
        long begun = System.nanoTime();
        long told = begun;
        while (Boolean.TRUE.equals(state.get("running"))) {
            pause();
            state = Remote.object(remote.get(path));
            long now = System.nanoTime();
            if (!remote.isJson() && now - told >= PROGRESS_NANOS) {
                told = now;
                System.err.println(progress(state, now - begun));
            }
        }
        ended = true;
        report(state);
    }

    /** Ctrl-C, or the node says nothing any more: then it is told in vain, and has been said. */
    private void end(String path) {
        try {
            if (!ended) {
                remote.request("DELETE", path, Map.of());
            }
        } catch (Failure unreachable) {
            ended = true;
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }

    /** How far it is and how long it will take, if that can be told. */
    static String progress(Map<String, Object> state, long nanos) {
        long compared = number(state, "comparedBlocks");
        long all = number(state, "allBlocks");
        if (compared <= 0 || all <= 0) {
            return "waiting until every copy has the moment at which they are compared";
        }
        long seconds = (long) ((all - compared) * (nanos / NANOS / compared));
        return compared * 100 / all + " % compared, about " + seconds + " s to go";
    }

    private static long number(Map<String, Object> state, String name) {
        return state.get(name) instanceof Long number ? number : 0;
    }

    private void report(Map<String, Object> state) {
        long differing = number(state, "differingBlocks");
        String why = String.valueOf(state.get("why"));
        if (remote.isJson()) {
            System.out.println(Json.write(state));
        } else if (state.get("differences") instanceof List<?> ranges) {
            ranges.forEach(range -> System.out.println(difference(Remote.object(range))));
            if (why.isEmpty()) {
                System.out.println(state.get("summary"));
            }
        }
        if (!why.isEmpty()) {
            throw new Failure("volume " + name + " was not compared to the end: " + why);
        }
        if (differing > 0) {
            throw new Failure("the copies of volume " + name + " are not the same", DIFFERENT);
        }
    }

    private static String difference(Map<String, Object> range) {
        String nodes = range.get("nodes") instanceof List<?> list
                ? String.join(", ", list.stream().map(String::valueOf).toList())
                : "?";
        return Size.words(number(range, "lengthBytes")) + " at offset " + number(range, "offset")
                + " differ between the node that was asked and " + nodes;
    }
}
