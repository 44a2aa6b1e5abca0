package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Goes on with an older copy of a mirrored volume whose newest ones are gone for good. */
@Command(
        name = "accept-loss",
        mixinStandardHelpOptions = true,
        description = {
            "Goes on with an older copy of a mirrored volume, when those that have everything are gone for good. What",
            "that copy lacks is lost. Nobody may serve the volume at the nodes that are --gone: switch them off first.",
            "The other copies stay where they are, each as a volume of its own, VOLUME.passed-over-NODE-EPOCH."
        },
        footer = {
            "",
            "Examples:",
            "  holdfast volume accept-loss db --from b --gone a --dry-run",
            "  holdfast volume accept-loss db --from b --gone a"
        })
final class VolumeAcceptLossCommand implements Runnable {
    private static final int MOST_WHO = 64;

    @Mixin
    private Remote remote = new Remote();

    @Parameters(paramLabel = "VOLUME", description = "its name")
    private String name = "";

    @Option(names = "--from", required = true, paramLabel = "NODE", description = "whose copy goes on")
    private String from = "";

    @Option(names = "--gone", paramLabel = "NODE", description = "one that will not come back; may be repeated")
    private List<String> gone = new ArrayList<>();

    @Option(names = "--even-if-reached", description = "also if such a node can be reached: its copy is what is gone")
    private boolean evenIfReached;

    @Option(names = "--dry-run", description = "only say what would be done, and what the copy has")
    private boolean dryRun;

    @Override
    public void run() {
        String who = System.getProperty("user.name", "?");
        if (from.isEmpty()) {
            throw new Failure("--from says whose copy goes on", 2);
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("from", from);
        body.put("gone", gone);
        body.put("evenIfReached", evenIfReached);
        body.put("who", who.substring(0, Math.min(MOST_WHO, who.length())));
        remote.change("POST", "volumes/" + Remote.part(name) + "/accept-loss", body, dryRun);
        if (dryRun && !remote.isJson()) {
            Object troubles = Remote.object(remote.get("status")).get("troubles");
            known(name, troubles instanceof List<?> list ? list : List.of(), System.currentTimeMillis())
                    .forEach(System.out::println);
        }
    }

    /** Since when it is as it is, as far as the node that was asked has seen. */
    static List<String> known(String volume, List<?> troubles, long nowMillis) {
        return troubles.stream()
                .filter(trouble -> Remote.object(trouble).get("what") instanceof String what
                        && what.startsWith("volume " + volume + " "))
                .map(trouble -> "seen by this node: " + StatusCommand.line(trouble, nowMillis))
                .toList();
    }
}
