package dev.holdfast.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Exports. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = "Which volumes clients may reach.",
        subcommands = {ExportCommand.Add.class, ExportCommand.Ls.class, ExportCommand.Rm.class},
        footer = {"", "Example:", "  holdfast export add db --nbd"})
final class ExportCommand {
    static void add(Remote remote, String volume, String protocol, boolean dryRun) {
        remote.change("POST", "exports", Map.of("volume", volume, "protocol", protocol), dryRun);
        if (!dryRun && !remote.isJson() && remote.get("exports") instanceof List<?> exports) {
            exports.stream()
                    .map(Remote::object)
                    .filter(export -> volume.equals(export.get("volume")))
                    .forEach(export -> System.out.println(export.get("uri")));
        }
    }

    /** Lets clients in. */
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Lets clients reach a volume; prints what they paste.",
            footer = {"", "Example:", "  holdfast export add db --nbd"})
    static final class Add implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", description = "its name")
        private String volume = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        private String protocol = "nbd";

        /** There is one protocol, so its option changes nothing yet. */
        @Option(names = "--nbd", description = "by NBD; the only way for now, and the default")
        void byNbd(boolean asked) {
            protocol = "nbd";
        }

        @Override
        public void run() {
            add(remote, volume, protocol, dryRun);
        }
    }

    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists exports.",
            footer = {"", "Example:", "  holdfast export ls"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(remote.get("exports"), "volume", "protocol", "uri");
        }
    }

    /** Lets nobody in any more. */
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = "Ends an export: its clients are disconnected, what they were told is done stays done.",
            footer = {"", "Example:", "  holdfast export rm db"})
    static final class Rm implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Parameters(paramLabel = "VOLUME", description = "its name")
        private String volume = "";

        @Option(names = "--dry-run", description = "only say what would be done")
        private boolean dryRun;

        @Override
        public void run() {
            remote.change("DELETE", "exports/" + Remote.part(volume), Map.of(), dryRun);
        }
    }
}
