package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Volumes. */
@Command(
        name = "volume",
        mixinStandardHelpOptions = true,
        description = "Thin volumes.",
        subcommands = {
            VolumeCommand.Create.class,
            VolumeCommand.Ls.class,
            VolumeCommand.Show.class,
            VolumeCommand.Resize.class,
            VolumeCommand.AddCopy.class,
            VolumeCommand.RemoveCopy.class,
            VolumeVerifyCommand.class,
            VolumeAcceptLossCommand.class,
            VolumeCommand.Rm.class
        },
        footer = {"", "Example:", "  holdfast volume create db 10G --export nbd"})
final class VolumeCommand {
    /** Makes one. */
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Makes a volume; it takes space only for what is written.",
            footer = {
                "",
                "Examples:",
                "  holdfast volume create db 10G --export nbd",
                "  holdfast volume create db 10G --replicas 2"
            })
    static final class Create implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(index = "0", paramLabel = "VOLUME", description = "its name")
        private String name = "";

        @Parameters(index = "1", paramLabel = "SIZE", description = "its size, as 10G")
        private Size size = new Size(0);

        @Option(
                names = "--replicas",
                paramLabel = "N",
                defaultValue = "0",
                description = "nodes that keep a copy, 1 to 4; default 1, or as many as there are --pool")
        private long replicas;

        @Option(
                names = "--pool",
                paramLabel = "POOL",
                description = {
                    "where; once for each replica. Default the only pool,",
                    "or for several replicas those with the fewest volumes"
                })
        private List<String> pools = new ArrayList<>();

        @Option(names = "--export", paramLabel = "HOW", defaultValue = "", description = "nbd: clients may reach it")
        private String export = "";

        @Option(names = "--same-domain", description = "copies may share a failure domain, if there are not enough")
        private boolean sameDomain;

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            if (!export.isEmpty() && !export.equals("nbd")) {
                throw new Failure("--export is nbd; others come later", 2);
            }
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("name", name);
            body.put("pools", pools);
            body.put("sizeBytes", size.bytes());
            if (replicas != 0) {
                body.put("replicas", replicas);
            }
            body.put("sameDomain", sameDomain);
            remote.change("POST", "volumes", body, dryRun);
            if (!export.isEmpty() && !dryRun) {
                ExportCommand.add(remote, name, export, false);
            }
        }
    }

    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists volumes.",
            footer = {"", "Example:", "  holdfast volume ls"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(remote.get("volumes"), "name", "sizeBytes", "usedBytes", "pools", "state", "exported");
        }
    }

    /** Shows one. */
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = "Shows a volume.",
            footer = {"", "Example:", "  holdfast volume show demo -o json"})
    static final class Show implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", description = "its name")
        private String name = "";

        @Override
        public void run() {
            remote.printObject(remote.get("volumes/" + Remote.part(name)));
        }
    }

    /** Another size. */
    @Command(
            name = "resize",
            mixinStandardHelpOptions = true,
            description = "Gives a volume another size.",
            footer = {"", "Example:", "  holdfast volume resize db 20G"})
    static final class Resize implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(index = "0", paramLabel = "VOLUME", description = "its name")
        private String name = "";

        @Parameters(index = "1", paramLabel = "SIZE", description = "its new size")
        private Size size = new Size(0);

        @Option(names = "--shrink", description = "what is cut off is lost")
        private boolean shrink;

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("sizeBytes", size.bytes());
            body.put("shrink", shrink);
            remote.change("PUT", "volumes/" + Remote.part(name), body, dryRun);
        }
    }

    /** One copy more. */
    @Command(
            name = "add-copy",
            mixinStandardHelpOptions = true,
            description = {
                "Has another pool keep a copy of a mirrored volume. Clients go on meanwhile; the copy gets what the",
                "volume uses, and `holdfast mirror ls` says when it is in sync."
            },
            footer = {
                "",
                "Examples:",
                "  holdfast volume add-copy db",
                "  holdfast volume add-copy db --pool main-c",
                "A copy that moves: add it at the new place, wait until it is in sync, `holdfast volume remove-copy`",
                "the old one."
            })
    static final class AddCopy implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", description = "its name")
        private String name = "";

        @Option(names = "--pool", paramLabel = "POOL", description = "where; default: of a node that keeps none yet")
        private String pool = "";

        @Option(names = "--same-domain", description = "copies may share a failure domain, if there are not enough")
        private boolean sameDomain;

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("pool", pool);
            body.put("sameDomain", sameDomain);
            remote.change("POST", "volumes/" + Remote.part(name) + "/copies", body, dryRun);
        }
    }

    /** One copy less. */
    @Command(
            name = "remove-copy",
            mixinStandardHelpOptions = true,
            description = {
                "Takes a pool out of a mirrored volume. Clients go on meanwhile; if that copy is the primary's,",
                "another one takes over first. Refused while no other copy is in sync.",
                "What the pool has stays there: a copy that comes back gets only what was changed meanwhile."
            },
            footer = {
                "",
                "Examples:",
                "  holdfast volume remove-copy db --pool main-b",
                "  holdfast volume remove-copy db --pool main-b --dry-run"
            })
    static final class RemoveCopy implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", description = "its name")
        private String name = "";

        @Option(names = "--pool", required = true, paramLabel = "POOL", description = "whose copy is given up")
        private String pool = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            String path = "volumes/" + Remote.part(name) + "/copies/" + Remote.part(pool);
            remote.change("DELETE", path, Map.of(), dryRun);
        }
    }

    /** Its end. */
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = "Deletes a volume with all its data.",
            footer = {"", "Example:", "  holdfast volume rm db --dry-run"})
    static final class Rm implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", arity = "1..*", description = "their names")
        private List<String> names = List.of();

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            names.forEach(name -> remote.change("DELETE", "volumes/" + Remote.part(name), Map.of(), dryRun));
        }
    }
}
