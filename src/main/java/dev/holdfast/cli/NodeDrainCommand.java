package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Moves everything away from a node that is to be stopped or removed. The nodes do it; this asks, and watches. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = {
            "Gives a node nothing new, and moves its copies of mirrored volumes to other nodes, one after the other: a",
            "copy is added, brought up to date, and only then the one here is taken away. Clients go on meanwhile.",
            "What can't move is named, and the node stays drained: `--undo` ends that. Waits until nothing is left;",
            "Ctrl-C ends the waiting only. Then the node can be stopped, and `holdfast node remove` takes it out."
        },
        footer = {
            "",
            "Exit code: 0 nothing is left there, 1 something can't move, for ten seconds.",
            "",
            "Examples:",
            "  holdfast node drain b --dry-run",
            "  holdfast node drain b",
            "  holdfast node drain b --undo"
        })
final class NodeDrainCommand implements Runnable {
    private static final long POLL_MILLIS = 500;
    private static final int MOST_STUCK_POLLS = 20;

    @Mixin
    private Remote remote = new Remote();

    @Parameters(paramLabel = "NAME", description = "its name")
    private String name = "";

    @Option(names = "--undo", description = "it takes volumes again; what has moved stays where it is")
    private boolean undo;

    @Option(names = "--same-domain", description = "copies may share a failure domain, if there are not enough")
    private boolean sameDomain;

    @Option(names = "--detach", description = "do not wait")
    private boolean detach;

    @Option(names = "--dry-run", description = "only say what would be done")
    private boolean dryRun;

    private volatile boolean ended;

    @Override
    public void run() {
        String path = "nodes/" + Remote.part(name) + "/drain";
        if (undo) {
            remote.change("DELETE", path, Map.of(), dryRun);
            return;
        }
        remote.change("POST", path, Map.of("sameDomain", sameDomain), dryRun);
        if (!dryRun && !detach) {
            await();
        }
    }

    private void await() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!ended) {
                System.err.println("node " + name + " goes on being drained: `holdfast status` says how far it is,"
                        + " `holdfast node drain " + name + " --undo` ends it");
            }
        }));
        try {
            watch();
        } finally {
            ended = true;
        }
    }

    /** Nothing can move: for a moment as a node does not answer; after ten seconds it is for people to act. */
    static final class Standstill {
        private int polls;

        boolean isFinal(boolean isStuck) {
            polls = isStuck ? polls + 1 : 0;
            return polls >= MOST_STUCK_POLLS;
        }
    }

    private void watch() {
        String told = "";
        Standstill standstill = new Standstill();
        while (true) {
            List<Map<String, Object>> drains = drains();
            if (drains.isEmpty()) {
                throw new Failure("node " + name + " is not being drained any more");
            }
            List<String> left = left(drains);
            if (left.isEmpty()) {
                System.out.println("nothing is left on node " + name);
                return;
            }
            String line = String.join("; ", left);
            if (!line.equals(told)) {
                System.err.println(left.size() + " left: " + line);
            }
            told = line;
            boolean isStuck = drains.stream().allMatch(drain -> Boolean.TRUE.equals(drain.get("stuck")));
            if (standstill.isFinal(isStuck)) {
                throw new Failure("node " + name + " stays drained, but can't be emptied: " + line);
            }
            pause();
        }
    }

    private List<Map<String, Object>> drains() {
        Object all = Remote.object(remote.get("status")).get("drains");
        return all instanceof List<?> list
                ? list.stream()
                        .map(Remote::object)
                        .filter(drain -> name.equals(drain.get("node")))
                        .toList()
                : List.of();
    }

    /** A line for each volume that is left. */
    private static List<String> left(List<Map<String, Object>> drains) {
        return drains.stream()
                .filter(drain -> !"".equals(drain.get("volume")))
                .map(drain -> "volume " + drain.get("volume") + ": " + drain.get("what")
                        + (drain.get("progress") instanceof List<?> lines && !lines.isEmpty() ? " " + lines : ""))
                .toList();
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }
}
