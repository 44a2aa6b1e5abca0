package dev.holdfast.cli;

import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Nodes. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description = "Runs nodes, and lists them.",
        subcommands = {NodeCommand.Start.class, NodeCommand.Ls.class},
        footer = {"", "Example:", "  holdfast node start --dir /srv/hf --name a --disk-size 100G"})
final class NodeCommand {
    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists the nodes of the cluster, and where each is reached.",
            footer = {"", "Example:", "  holdfast node ls"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(remote.get("nodes"), "name", "number", "address", "links", "disks", "incarnation");
        }
    }

    /** Runs one. */
    @Command(
            name = "start",
            mixinStandardHelpOptions = true,
            description = "Runs a node in the foreground; the first start makes a pool \"main\" of its disks.",
            footer = {
                "",
                "Examples:",
                "  holdfast node start --dir /srv/hf --name a --disk /dev/nvme1n1",
                "  holdfast node start --dir /srv/hf --name a --disk-size 100G",
                "  holdfast node start --dir A --name a --disk-size 10G --nbd-port 0 --http-port 8481 \\",
                "    --member a=127.0.0.1:7001 --member b=127.0.0.1:7002 --member c=127.0.0.1:7003"
            })
    static final class Start implements Runnable {
        private static final long LOG_BYTES = 1L << 30;

        @Mixin
        private ServerOptions options = new ServerOptions();

        @Option(names = "--name", paramLabel = "NAME", defaultValue = "a", description = "name of the node; default a")
        private String name = "";

        @Option(
                names = "--disk",
                paramLabel = "PATH",
                description = "a block device or file for the first pool; two make a mirror")
        private List<String> disks = new ArrayList<>();

        @Option(
                names = "--disk-size",
                paramLabel = "SIZE",
                defaultValue = "0",
                description = "instead of --disk: a sparse file of this size in --dir")
        private Size diskSize = new Size(0);

        @Option(
                names = "--member",
                paramLabel = "NAME=HOST:PORT",
                description = {
                    "a node that keeps the control log, and its port for that: one --member for each, this node too.",
                    "Kept from the first start on. Default: this node alone."
                })
        private List<String> members = new ArrayList<>();

        @Override
        public void run() {
            options.members = members;
            if (!disks.isEmpty() && diskSize.bytes() > 0) {
                throw new Failure("either --disk or --disk-size", 2);
            }
            if (diskSize.bytes() % 4096 != 0 || disks.size() > Protection.MIRROR_LIMIT) {
                throw new Failure("--disk-size is a multiple of 4096, and a pool has 3 disks at most", 2);
            }
            new Server(new LocalNode.Plan(name, options, wanted(), ""), System.out, System.err).run();
        }

        private FirstVolume.Wanted wanted() {
            List<String> paths = disks.stream()
                    .map(path -> Path.of(path).toAbsolutePath().normalize().toString())
                    .toList();
            if (paths.isEmpty() && diskSize.bytes() > 0) {
                paths = List.of("disk0");
            }
            Protection protection = paths.size() > 1 ? Protection.mirror(paths.size()) : Protection.SINGLE;
            long logBytes = diskSize.bytes() > 0 ? QuickstartCommand.logBytes(diskSize.bytes() / 4) : LOG_BYTES / 4;
            return new FirstVolume.Wanted("main", paths, protection, logBytes, diskSize.bytes(), FirstVolume.Thin.NONE);
        }
    }
}
