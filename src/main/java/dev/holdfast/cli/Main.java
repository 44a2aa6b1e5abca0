package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code holdfast} command: the root under which every noun hangs. It does no work of its own. */
@Command(
        name = "holdfast",
        mixinStandardHelpOptions = true,
        version = "holdfast 0.1.0",
        description = "Serves disks that never lose an acknowledged write.",
        subcommands = {
            QuickstartCommand.class,
            StatusCommand.class,
            ExplainCommand.class,
            ExplainCommand.WhatIf.class,
            EventsCommand.class,
            VolumeCommand.class,
            ExportCommand.class,
            AttachCommand.class,
            SnapshotCommand.class,
            PoolCommand.class,
            DiskCommand.class,
            NodeCommand.class,
            MirrorCommand.class,
            VerifyCommand.class,
            RecoverCommand.class,
            SelfTestCommand.class,
            SimCommand.class
        },
        footer = {"", "Example:", "  holdfast quickstart"})
public final class Main implements Runnable {
    private Main() {}

    /** Exits 0 when done, 1 when failed, 2 on wrong usage; some commands have more, said in their help. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The whole grammar. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.registerConverter(Size.class, new Size.Converter());
        line.getSubcommands().values().forEach(Main::flow);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (!(failure instanceof Failure expected)) {
                throw failure;
            }
            command.getErr().println("holdfast: " + expected.getMessage());
            return expected.exitCode();
        });
        return line;
    }

    /** Makes of each description its first sentence, which lists of commands show, and the rest in one piece. */
    private static void flow(CommandLine command) {
        String[] written = command.getCommandSpec().usageMessage().description();
        if (written.length > 1) {
            String text = String.join(" ", written);
            int first = text.indexOf(". ") + 1;
            String[] flowing = first == 0
                    ? new String[] {text}
                    : new String[] {text.substring(0, first), text.substring(first + 1)};
            command.getCommandSpec().usageMessage().description(flowing);
        }
        command.getSubcommands().values().forEach(Main::flow);
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
