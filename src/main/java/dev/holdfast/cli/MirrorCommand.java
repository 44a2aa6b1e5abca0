package dev.holdfast.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Volumes that several nodes keep. */
@Command(
        name = "mirror",
        mixinStandardHelpOptions = true,
        description = "Volumes that several nodes keep.",
        subcommands = MirrorCommand.Ls.class,
        footer = {"", "Example:", "  holdfast mirror ls"})
final class MirrorCommand {
    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "Lists mirrored volumes: who serves each, and whether all copies are in sync.",
            footer = {"", "Example:", "  holdfast mirror ls -o json"})
    static final class Ls implements Runnable {
        @Mixin
        private Remote remote = new Remote();

        @Override
        public void run() {
            remote.printList(remote.get("mirrors"), "volume", "state", "primary", "inSync", "epoch", "role", "waits");
        }
    }
}
