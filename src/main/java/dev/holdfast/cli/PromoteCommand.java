package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.TwinRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a pool's twin the pool. */
@Command(
        name = "promote",
        mixinStandardHelpOptions = true,
        description = {
            "Makes the twin of a pool the pool. With --listen the source hands over: it takes no more changes, sends",
            "what it has, and ends; nothing is lost. With --force the twin goes on without its source, from the newest",
            "consistency point that it holds; a source that still runs ends when it meets the new pool, and keeps what",
            "it has. `pool receive` must not run on the disks."
        },
        footer = {
            "",
            "Examples:",
            "  holdfast pool promote twin0 --listen 127.0.0.1:7300",
            "  holdfast pool promote twin0 --force --dry-run",
            "  holdfast pool promote twin0 --force"
        })
final class PromoteCommand implements Runnable {
    @Parameters(paramLabel = "DISK", arity = "1..*", description = "the twin's disks")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "",
            description = "where the source finds its twin: it is waited for, and hands over")
    private String listen = "";

    @Option(
            names = "--dir",
            paramLabel = "NODE",
            defaultValue = "",
            description = "directory of a node of the pool's cluster, as for `pool receive`")
    private String directory = "";

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "how long the source is waited for; default 60")
    private long seconds;

    @Option(names = "--force", description = "goes on without the source: what the twin has not is lost")
    private boolean force;

    @Option(names = "--dry-run", description = "only say what would be done")
    private boolean dryRun;

    @Override
    public void run() {
        if (listen.isEmpty() != force) {
            throw new Failure("either --listen HOST:PORT, and the source hands over, or --force without it", 2);
        }
        Root root = TwinServer.look(disks);
        String has = "consistency point " + root.number().cp() + " of pool " + root.poolId() + ", made at "
                + Instant.ofEpochMilli(root.written().wallMillis()).truncatedTo(ChronoUnit.SECONDS);
        if (force) {
            System.out.println((dryRun ? "would go" : "goes") + " on from " + has
                    + behind(root.twin().rpo()));
        } else {
            System.out.println(
                    (dryRun ? "would wait" : "waits") + " for the source at " + listen + "; this side has " + has);
        }
        System.out.flush();
        if (dryRun) {
            return;
        }
        if (force) {
            TwinServer.force(disks);
        } else {
            TwinServer.takeOver(disks, listen, directory, seconds);
        }
    }

    /** What becomes of that which the source took after the consistency point. */
    static String behind(TwinRecord.Rpo rpo) {
        return switch (rpo) {
            case POINTS -> ": what the source has taken since then is lost to this side";
            case CATCHING_UP ->
                " and what is here of the log behind it: what the source has taken beyond that is lost"
                        + " to this side";
            case ZERO ->
                " and the log behind it: nothing that the source answered is lost, unless it was told"
                        + " `--rpo off` since";
        };
    }
}
