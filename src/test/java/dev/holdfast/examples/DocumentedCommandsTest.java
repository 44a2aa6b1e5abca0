package dev.holdfast.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the pages for users tell them to type, typed: the {@code console} blocks of a page in order, unchanged. The
 * first command serves; the others run beside it, end with 0, and print the lines that the page shows, whatever else
 * they print. The ports and {@code /dev/shm} of these processes are their own.
 */
@Tag("interop")
final class DocumentedCommandsTest {
    private static final long PATIENCE_SECONDS = 120;
    private static final String OWN_PORTS_AND_MEMORY = "ip link set lo up && mount -t tmpfs tmpfs /dev/shm && exec ";

    @TempDir
    private Path directory;

    /** A command, and the lines that the page shows beneath it. */
    private record Command(String line, List<String> shown) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "docs/operating/quickstart.md",
                "docs/operating/mirroring.md",
                "docs/operating/joining.md"
            })
    void theCommandsOfAPageDoWhatItShows(String page) throws Exception {
        List<Command> commands = commands(Files.readAllLines(Path.of(page)));
        assertTrue(commands.size() > 4, "commands were found: " + commands);
        Path launcher = directory.resolve("holdfast");
        Files.writeString(launcher, "#!/bin/sh\nexec " + Path.of("holdfast").toAbsolutePath() + " \"$@\"\n");
        assertTrue(launcher.toFile().setExecutable(true));
        Command serving = commands.getFirst();
        String server = OWN_PORTS_AND_MEMORY + serving.line();
        Process served = start("unshare", "--user", "--map-root-user", "--net", "--mount", "--", "sh", "-c", server);
        try {
            compare(serving, untilReady(served));
            for (Command command : commands.subList(1, commands.size())) {
                compare(command, run(served.pid(), command.line()));
            }
            served.destroy();
            assertTrue(served.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it stops");
            assertEquals(0, served.exitValue());
        } finally {
            served.destroyForcibly().waitFor();
        }
    }

    private static List<Command> commands(List<String> page) {
        List<Command> commands = new ArrayList<>();
        boolean isConsole = false;
        for (String line : page) {
            if (line.startsWith("```")) {
                isConsole = line.equals("```console");
            } else if (isConsole && line.startsWith("$ ")) {
                commands.add(new Command(line.substring(2), new ArrayList<>()));
            } else if (isConsole && !line.equals("...")) {
                commands.getLast().shown().add(line);
            }
        }
        return commands;
    }

    private Process start(String... words) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().merge("PATH", directory.toString(), (path, own) -> own + ":" + path);
        return builder.start();
    }

    private static List<String> untilReady(Process server) throws IOException {
        List<String> lines = new ArrayList<>();
        BufferedReader out = server.inputReader();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            lines.add(line);
            if (line.equals("ready")) {
                return lines;
            }
        }
        throw new AssertionError("the server did not become ready: " + lines);
    }

    /** Runs a command beside the server; returns what it printed. */
    private List<String> run(long server, String command) throws IOException, InterruptedException {
        String patience = String.valueOf(PATIENCE_SECONDS);
        String beside = "--target=" + server + " --user --net --mount --preserve-credentials --wd=" + directory;
        List<String> words = new ArrayList<>(List.of("timeout", patience, "nsenter"));
        words.addAll(List.of(beside.split(" ")));
        words.addAll(List.of("sh", "-c", command));
        Process process = start(words.toArray(String[]::new));
        List<String> lines = process.inputReader().lines().toList();
        assertEquals(0, process.waitFor(), command + ": " + lines);
        return lines;
    }

    /** What is shown is there, line by line in order; more may be between. */
    private static void compare(Command command, List<String> printed) {
        int at = 0;
        for (String shown : command.shown()) {
            while (at < printed.size() && !printed.get(at).equals(shown)) {
                at++;
            }
            assertTrue(at < printed.size(), command.line() + " does not print \"" + shown + "\", but " + printed);
            at++;
        }
    }
}
