package dev.holdfast.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Disks. */
@Command(
        name = "disk",
        mixinStandardHelpOptions = true,
        description = "Disks of pools.",
        subcommands = DiskCommand.Ls.class,
        footer = {"", "Example:", "  holdfast disk ls"})
final class DiskCommand {
    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists disks.",
            footer = {"", "Example:", "  holdfast disk ls -o json"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(
                    remote.get("disks"), "path", "pool", "present", "readErrors", "writeErrors", "repairedBlocks");
        }
    }
}
