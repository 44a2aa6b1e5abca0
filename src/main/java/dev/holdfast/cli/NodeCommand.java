package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import dev.holdfast.cli.serve.LocalNode;
import dev.holdfast.cli.serve.Server;
import dev.holdfast.cli.serve.ServerOptions;
import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Nodes. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description = "Runs nodes, and lists them.",
        subcommands = {
            NodeCommand.Start.class,
            NodeCommand.Ls.class,
            NodeCommand.Token.class,
            NodeDrainCommand.class,
            NodeCommand.Remove.class
        },
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
            remote.printList(
                    remote.get("nodes"),
                    "name",
                    "number",
                    "address",
                    "domain",
                    "links",
                    "disks",
                    "incarnation",
                    "state");
        }
    }

    /** Lets another one join. */
    @Command(
            name = "token",
            mixinStandardHelpOptions = true,
            description = {
                "Prints a token with which one node joins the cluster: within an hour, and while this node runs.",
                "Whoever has it can join and read everything: it is a secret."
            },
            footer = {
                "",
                "Example:",
                "  holdfast node token > token",
                "  holdfast node start --dir /srv/hf --name b --address 10.0.0.2:7000 --join @token"
            })
    static final class Token implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            Object answer = remote.request("POST", "tokens", Map.of());
            System.out.println(Remote.object(answer).get("token"));
        }
    }

    /** Takes one out. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = {
                "Takes a node that is dead out of the cluster for good, with its pools; another one may have its name.",
                "Refused while it can be reached, and while a volume keeps a copy in one of its pools:",
                "`holdfast node drain` or `holdfast volume remove-copy` first. Its directory must never start again.",
                "For nodes begun with --address or joined; a majority of all nodes, it included, must run."
            },
            footer = {"", "Examples:", "  holdfast node remove c --dry-run", "  holdfast node remove c"})
    static final class Remove implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "NAME", description = "its name")
        private String name = "";

        @Option(names = "--lose-volumes", description = "volumes that are on this node only are lost with it")
        private boolean losesVolumes;

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            Map<String, Object> body = losesVolumes ? Map.of("loseVolumes", true) : Map.of();
            remote.change("DELETE", "nodes/" + Remote.part(name), body, dryRun);
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
                "  holdfast node start --dir /srv/hf --name a --address 10.0.0.1:7000 --disk /dev/nvme1n1",
                "  holdfast node start --dir /srv/hf --name b --address 10.0.0.2:7000 --join @token --witness",
                "  holdfast node start --dir /srv/hf --name c --address 10.0.0.3:7000 --domain rack2 --disk /dev/sdb",
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

        @Option(
                names = "--address",
                paramLabel = "HOST:PORT",
                defaultValue = "",
                description = {
                    "where other nodes reach this one, at PORT and the three ports after it, encrypted; kept from the",
                    "first start on, which begins a cluster that others can join."
                })
        private String address = "";

        @Option(
                names = "--join",
                paramLabel = "TOKEN",
                defaultValue = "",
                description = "the first start joins a cluster instead; `holdfast node token` prints one, @FILE has it")
        private String token = "";

        @Option(
                names = "--domain",
                paramLabel = "NAME",
                defaultValue = "",
                description = {
                    "the node's failure domain: what is lost together with it, a rack or a room. Copies are placed in",
                    "different ones. Kept until another start says another; default: each node is one of its own."
                })
        private String domain = "";

        @Option(names = "--witness", description = "it keeps the control log and votes, and has no disks")
        private boolean witness;

        @Override
        public void run() {
            options.keptBy(new ServerOptions.Members(members, address, token));
            options.in(domain);
            if (!members.isEmpty() && !address.isEmpty()) {
                throw new Failure("either --member, for nodes of one machine, or --address", 2);
            }
            if (!token.isEmpty() && address.isEmpty()) {
                throw new Failure("--join needs --address HOST:PORT, where the other nodes reach this one", 2);
            }
            if (witness && (!disks.isEmpty() || diskSize.bytes() > 0)) {
                throw new Failure("a witness has no disks: leave out --disk and --disk-size, or --witness", 2);
            }
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
