package dev.holdfast.cli;

import dev.holdfast.frontend.http.Json;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Snapshots. */
@Command(
        name = "snapshot",
        mixinStandardHelpOptions = true,
        description = "Snapshots of volumes.",
        subcommands = {
            SnapshotCommand.Create.class,
            SnapshotCommand.Ls.class,
            SnapshotCommand.Rm.class,
            SnapshotCommand.Diff.class
        },
        footer = {"", "Example:", "  holdfast snapshot create demo@monday"})
final class SnapshotCommand {
    /** Takes one. */
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Keeps a volume's present state.",
            footer = {"", "Example:", "  holdfast snapshot create demo@monday"})
    static final class Create implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME@SNAPSHOT", description = "its name")
        private String name = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            remote.change("POST", "snapshots", Map.of("name", name), dryRun);
        }
    }

    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists snapshots.",
            footer = {"", "Example:", "  holdfast snapshot ls"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(remote.get("snapshots"), "name", "number", "state", "sizeBytes");
        }
    }

    /** Lets them go. */
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = "Deletes snapshots.",
            footer = {"", "Example:", "  holdfast snapshot rm demo@monday"})
    static final class Rm implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME@SNAPSHOT", arity = "1..*", description = "their names")
        private List<String> names = List.of();

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            names.forEach(name -> remote.change("DELETE", "snapshots/" + Remote.part(name), Map.of(), dryRun));
        }
    }

    /** What changed since. */
    @Command(
            name = "diff",
            mixinStandardHelpOptions = true,
            description = "Lists the ranges of a volume that changed since a snapshot.",
            footer = {"", "Example:", "  holdfast snapshot diff demo@monday -o json"})
    static final class Diff implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME@SNAPSHOT", description = "its name")
        private String name = "";

        @Override
        public void run() {
            Map<String, Object> changes = Remote.object(remote.get("snapshots/" + Remote.part(name) + "/changes"));
            if (remote.isJson()) {
                System.out.println(Json.write(changes));
                return;
            }
            if (changes.get("ranges") instanceof List<?> ranges) {
                remote.printList(ranges, "offset", "lengthBytes");
            }
            if (Boolean.FALSE.equals(changes.get("complete"))) {
                System.out.println("and more");
            }
        }
    }
}
