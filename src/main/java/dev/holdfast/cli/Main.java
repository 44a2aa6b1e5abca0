package dev.holdfast.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code holdfast} command: the root under which every noun hangs. It does no work of its own. */
@Command(
        name = "holdfast",
        mixinStandardHelpOptions = true,
        version = "holdfast 0.1.0",
        description = "Serves disks that never lose an acknowledged write.")
public final class Main implements Runnable {
    private Main() {}

    /** Exits 0 when done, 1 when failed, 2 on wrong usage. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
