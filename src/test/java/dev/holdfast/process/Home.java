package dev.holdfast.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A directory in which real {@code ./holdfast} processes run: data, memory, and a way to start commands there.
 *
 * @param directory everything is below it
 * @param mounts a script for a namespace of the process's own, or empty: small file systems that vanish with it
 * @param holdfast the launcher
 */
record Home(Path directory, String mounts, String holdfast) {
    private static final String HOLDFAST = Path.of("holdfast").toAbsolutePath().toString();

    private static final long PATIENCE_SECONDS = 120;

    Home(Path directory) {
        this(directory, "", HOLDFAST);
    }

    /** With small file systems of its own. */
    Home(Path directory, String mounts) {
        this(directory, mounts, HOLDFAST);
    }

    /** How a command ended. */
    record Ended(int exitCode, String out, String err) {
        /** The one line on standard error; a failure if it is not one. */
        String line() {
            if (err.lines().count() != 1) {
                throw new AssertionError("one line is expected, not: " + err);
            }
            return err.strip();
        }
    }

    Path data() {
        return directory.resolve("data");
    }

    Path memory() throws IOException {
        return Files.createDirectories(directory.resolve("memory"));
    }

    /** Runs a command to its end. */
    Ended run(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(holdfast));
        command.addAll(List.of(words));
        return run(command);
    }

    /** A server that is expected to be refused: runs it to its end. */
    Ended refused(String... more) throws IOException, InterruptedException {
        return refusedVerb("quickstart", more);
    }

    /** Another command that serves, expected to be refused. */
    Ended refusedVerb(String verb, String... more) throws IOException, InterruptedException {
        return run(serving(verb, more));
    }

    /**
     * The words that start a server here, on free ports of its own. Unless said otherwise it is small, so that it
     * starts soon.
     */
    List<String> serving(String verb, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        if (!mounts.isEmpty()) {
            String script = mounts + " && exec \"$@\"";
            command.addAll(List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"));
        }
        command.add(holdfast);
        command.addAll(List.of(verb.split(" ")));
        command.addAll(List.of("--dir", data().toString()));
        if (!List.of(more).contains("--memory-dir")) {
            command.addAll(List.of("--memory-dir", memory().toString()));
        }
        command.addAll(List.of(more));
        addUnlessSaid(command, "--nbd-port", "0");
        addUnlessSaid(command, "--http-port", "0");
        addUnlessSaid(command, "--loops", "2");
        if (verb.equals("quickstart")) {
            addUnlessSaid(command, "--size", "128M");
            addUnlessSaid(command, "--nodes", "1");
        }
        if (!Files.exists(data())) { // later starts know it
            addUnlessSaid(command, "--memory-size", "64M");
        }
        return command;
    }

    private static void addUnlessSaid(List<String> command, String option, String value) {
        if (!command.contains(option)) {
            command.addAll(List.of(option, value));
        }
    }

    private Ended run(List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", "");
        Path err = Files.createTempFile(directory, "err", "");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(String.join(" ", command) + " hangs");
        }
        return new Ended(process.exitValue(), text(out), text(err));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
