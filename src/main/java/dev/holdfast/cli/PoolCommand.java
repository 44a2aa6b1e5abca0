package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import dev.holdfast.cli.serve.LocalNode;
import dev.holdfast.cli.serve.Server;
import dev.holdfast.cli.serve.ServerOptions;
import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Pools. */
@Command(
        name = "pool",
        mixinStandardHelpOptions = true,
        description = "Pools of disks.",
        subcommands = {
            PoolCommand.Create.class,
            PoolCommand.Ls.class,
            PoolCommand.Show.class,
            PoolCommand.Verify.class,
            PoolCommand.Mirror.class,
            PoolCommand.Receive.class,
            PromoteCommand.class,
            PoolCommand.AcceptLoss.class
        },
        footer = {"", "Example:", "  holdfast pool ls"})
final class PoolCommand {
    /** Makes one. */
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Makes a pool of disks.",
            footer = {"", "Example:", "  holdfast pool create fast --disks /dev/sdb,/dev/sdc --protect mirror:2"})
    static final class Create implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "POOL", description = "its name")
        private String name = "";

        @Option(names = "--disks", split = ",", required = true, paramLabel = "PATH", description = "its disks")
        private List<String> disks = new ArrayList<>();

        @Option(
                names = "--protect",
                paramLabel = "HOW",
                defaultValue = "single",
                description = "single, mirror:2 or mirror:3; default single")
        private String protection = "";

        @Option(
                names = "--file-size",
                paramLabel = "SIZE",
                defaultValue = "0",
                description = "makes sparse files of this size at the paths")
        private Size fileSize = new Size(0);

        @Option(
                names = "--log-size",
                paramLabel = "SIZE",
                defaultValue = "256M",
                description = "write log; default 256M")
        private Size logSize = new Size(0);

        @Option(names = "--node", paramLabel = "NODE", defaultValue = "", description = "whose; default the one asked")
        private String node = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("name", name);
            body.put("node", node);
            body.put(
                    "disks",
                    disks.stream()
                            .map(path ->
                                    Path.of(path).toAbsolutePath().normalize().toString())
                            .toList());
            body.put("protection", protection);
            body.put("createBytes", fileSize.bytes());
            body.put("logBytes", logSize.bytes());
            remote.change("POST", "pools", body, dryRun);
        }
    }

    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists pools.",
            footer = {"", "Example:", "  holdfast pool ls -o json"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(
                    remote.get("pools"), "name", "protection", "state", "totalBytes", "usedBytes", "freeBytes");
        }
    }

    /** Shows one. */
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = "Shows a pool.",
            footer = {"", "Example:", "  holdfast pool show main"})
    static final class Show implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "POOL", description = "its name")
        private String name = "";

        @Override
        public void run() {
            remote.printObject(remote.get("pools/" + Remote.part(name)));
        }
    }

    /** Verifies one that is served. */
    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = "Reads and checks everything in a pool while it serves.",
            footer = {"", "Example:", "  holdfast pool verify main"})
    static final class Verify implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "POOL", description = "its name")
        private String name = "";

        @Override
        public void run() {
            VerifyCommand.online(remote, name);
        }
    }

    /** Gives one a twin. */
    @Command(
            name = "mirror",
            mixinStandardHelpOptions = true,
            description = {
                "Mirrors a pool, consistency point by consistency point, to a twin that `pool receive` serves: from",
                "now on, after starts too. Prints what the twin's disk must be like. `pool show` says how far it is.",
                "With --rpo 0 the twin gets the log too: once it has everything, a write is answered when both sides",
                "have it, and nothing that was answered is lost with this side. While the twin is away, writes wait."
            },
            footer = {
                "",
                "Examples:",
                "  holdfast pool mirror main --to 127.0.0.1:7300 --dry-run",
                "  holdfast pool mirror main --to 127.0.0.1:7300",
                "  holdfast pool mirror main --rpo 0",
                "  holdfast pool mirror main --start-over"
            })
    static final class Mirror implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "POOL", description = "its name")
        private String name = "";

        @Option(
                names = "--to",
                paramLabel = "HOST:PORT",
                defaultValue = "",
                description = "where its twin is; on this machine, unless this node has a certificate")
        private String to = "";

        @Option(
                names = "--start-over",
                description = {
                    "what the twin has is given up and nothing is kept for it any more: it begins with nothing, and",
                    "holds nothing until it has everything again"
                })
        private boolean startOver;

        @Option(
                names = "--rpo",
                paramLabel = "0|off",
                defaultValue = "",
                description = {
                    "0: nothing that was answered may be lost with this side; writes wait while the twin is away.",
                    "off: what came after the twin's last consistency point may; nothing waits for the twin"
                })
        private String rpo = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            boolean alone = to.isEmpty() && rpo.isEmpty();
            if (alone != startOver || !rpo.matches("|0|off")) {
                throw new Failure("--to HOST:PORT, --rpo 0, --rpo off, or --start-over", 2);
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            if (!to.isEmpty() || startOver) {
                answer.putAll(post(startOver ? "startOver" : "to", startOver ? (Object) true : to));
            }
            boolean wouldHaveATwin = dryRun && !to.isEmpty();
            if (!rpo.isEmpty() && !wouldHaveATwin) {
                answer.putAll(post("rpo", rpo));
            }
            if (remote.isJson()) {
                remote.printObject(answer);
                return;
            }
            if (dryRun) {
                would().forEach(System.out::println);
            }
            if (to.isEmpty()) {
                System.out.print(dryRun ? "" : "done\n");
            } else {
                System.out.println("holdfast pool receive --pool " + answer.get("pool") + " --disk PATH --disk-size "
                        + answer.get("diskBytes") + " --log-size " + answer.get("logBytes") + " --listen " + to
                        + (Boolean.TRUE.equals(answer.get("proves")) ? " --dir NODE" : ""));
            }
        }

        private List<String> would() {
            List<String> lines = new ArrayList<>();
            if (!to.isEmpty()) {
                lines.add("would mirror pool " + name + " to " + to + ", from now on, after starts too; there serves:");
            }
            if (startOver) {
                lines.add("would give up what the twin has: it holds nothing until it has everything again");
            }
            if (!rpo.isEmpty()) {
                lines.add(
                        rpo.equals("0")
                                ? "would have every write wait for the twin, also while that is away"
                                : "would let writes wait for the twin no more");
            }
            return lines;
        }

        private Map<String, Object> post(String key, Object value) {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put(key, value);
            return Remote.object(
                    remote.request("POST", "pools/" + Remote.part(name) + "/twin" + (dryRun ? "?dryRun=1" : ""), body));
        }
    }

    /** Serves a twin. */
    @Command(
            name = "receive",
            mixinStandardHelpOptions = true,
            description = {
                "Serves the twin of a pool in the foreground: it takes what the pool sends and holds one consistency",
                "point of it at every instant. `pool mirror` prints the command that makes its disk; the disks of a",
                "pool that ended become the twin of the one that goes on. `pool promote` makes a twin the pool."
            },
            footer = {"", "Example:", "  holdfast pool receive --disk twin0 --listen 127.0.0.1:7300"})
    static final class Receive implements Runnable {
        @Option(
                names = "--disk",
                required = true,
                paramLabel = "PATH",
                description = "its disk; two or three make a mirror")
        private List<String> disks = new ArrayList<>();

        @Option(
                names = "--disk-size",
                paramLabel = "SIZE",
                defaultValue = "0",
                description = "makes sparse files of this size at the paths, and a twin of them, unless they are there")
        private Size diskSize = new Size(0);

        @Option(names = "--log-size", paramLabel = "SIZE", defaultValue = "0", description = "with --disk-size")
        private Size logSize = new Size(0);

        @Option(names = "--pool", paramLabel = "ID", defaultValue = "", description = "whose twin; with --disk-size")
        private String pool = "";

        @Option(
                names = "--listen",
                required = true,
                paramLabel = "HOST:PORT",
                description = "where the pool connects; on this machine, unless there is --dir")
        private String listen = "";

        @Option(
                names = "--dir",
                paramLabel = "NODE",
                defaultValue = "",
                description = {
                    "directory of a node of the pool's cluster: what comes is encrypted, and proves with that node's",
                    "certificate who speaks; needed if the pool's node has one"
                })
        private String directory = "";

        @Override
        public void run() {
            TwinServer.run(new TwinServer.Wanted(disks, diskSize.bytes(), logSize.bytes(), pool, listen, directory));
        }
    }

    /** Opens what is left. */
    @Command(
            name = "accept-loss",
            mixinStandardHelpOptions = true,
            description = {
                "Opens a pool that was refused because something flushed is lost, with what can still be read.",
                "The node must not run. What is lost stays lost."
            },
            footer = {"", "Example:", "  holdfast pool accept-loss main --dir holdfast-data"})
    static final class AcceptLoss implements Runnable {
        @Mixin
        private ServerOptions options = new ServerOptions();

        @Parameters(paramLabel = "POOL", description = "its name")
        private String name = "";

        @Option(names = "--name", paramLabel = "NODE", defaultValue = "a", description = "name of the node; default a")
        private String node = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            Path directory = options.directory();
            if (!Files.isDirectory(directory.resolve("control"))) {
                throw new Failure(directory + " is no directory of a node: say --dir");
            }
            if (dryRun) {
                System.out.println("would open pool " + name + " of " + directory + " without what its log has lost");
                return;
            }
            FirstVolume.Wanted nothing =
                    new FirstVolume.Wanted("", List.of(), Protection.SINGLE, 0, 0, FirstVolume.Thin.NONE);
            new Server(new LocalNode.Plan(node, options, nothing, name), System.out, System.err).startAndStop();
            System.out.println("done");
        }
    }
}
