package dev.holdfast.cli;

import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A node with one pool and one exported volume, in the foreground. The same command again goes on with it. */
@Command(
        name = "quickstart",
        mixinStandardHelpOptions = true,
        description = "Serves a first volume, \"demo\", from a file in a directory, until Ctrl-C.",
        footer = {"", "Example:", "  holdfast quickstart --dir D --size 10G", "  nbdinfo nbd://127.0.0.1:10809/demo"})
final class QuickstartCommand implements Runnable {
    private static final long LEAST_LOG_BYTES = 64L << 20;
    private static final long MOST_LOG_BYTES = 256L << 20;
    private static final long MEBIBYTE = 1L << 20;

    @Mixin
    private ServerOptions options = new ServerOptions();

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "1G", description = "size of the volume; default 1G")
    private Size size = new Size(0);

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "1", description = "nodes in this process: 1 for now")
    private int nodes;

    @Option(
            names = "--iscsi-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "accepted; iSCSI comes later")
    private int iscsiPort;

    @Override
    public void run() {
        if (nodes != 1) {
            throw new Failure("--nodes " + nodes + " comes later: one node for now", 2);
        }
        if (size.bytes() < 4096 || size.bytes() % 4096 != 0 || iscsiPort < 0) {
            throw new Failure("--size is a multiple of 4096, from 4K", 2);
        }
        new Server(new Server.Plan("a", options, wanted(), ""), System.out, System.err).run();
    }

    private FirstVolume.Wanted wanted() {
        long logBytes = logBytes(size.bytes());
        long fileBytes = (4 * size.bytes() + logBytes + 64 * MEBIBYTE) / MEBIBYTE * MEBIBYTE;
        return new FirstVolume.Wanted(
                "main",
                List.of("disk0"),
                Protection.SINGLE,
                logBytes,
                fileBytes,
                new FirstVolume.Thin("demo", size.bytes()));
    }

    static long logBytes(long sizeBytes) {
        return Math.clamp(sizeBytes / 4 / MEBIBYTE * MEBIBYTE, LEAST_LOG_BYTES, MOST_LOG_BYTES);
    }
}
