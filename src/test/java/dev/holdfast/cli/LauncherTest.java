package dev.holdfast.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./holdfast} as a person starts it: an empty environment, any directory, any java on the PATH. */
@Tag("interop")
final class LauncherTest {
    private static final String LAUNCHER = Path.of("holdfast").toAbsolutePath().toString();

    private record Result(int exit, String output) {}

    @Test
    void itStartsTheBuiltProgramFromAnotherDirectory(@TempDir Path elsewhere) throws Exception {
        Result result = run(elsewhere, "/usr/bin:/bin", "--version");
        assertEquals(0, result.exit(), result.output());
        assertTrue(result.output().startsWith("holdfast "), result.output());
    }

    @Test
    void itIsStartedThroughASymbolicLink(@TempDir Path elsewhere) throws Exception {
        Path link = Files.createSymbolicLink(elsewhere.resolve("hf"), Path.of(LAUNCHER));
        ProcessBuilder builder = new ProcessBuilder(link.toString(), "--version").directory(elsewhere.toFile());
        assertEquals(0, finish(builder, "/usr/bin:/bin").exit());
        Files.delete(link);
    }

    @Test
    void aJavaThatIsTooOldComingFirstDoesNoHarm(@TempDir Path old) throws Exception {
        Path java = Files.writeString(old.resolve("java"), "#!/bin/sh\necho too old; exit 3\n");
        assertTrue(java.toFile().setExecutable(true));
        Result result = run(old, old + ":/usr/bin:/bin", "--version");
        assertEquals(0, result.exit(), result.output());
    }

    @Test
    void wrongUsageExitsWithTwoAndPrintsNothingOfTheJvm(@TempDir Path elsewhere) throws Exception {
        Result result = run(elsewhere, "/usr/bin:/bin", "--no-such-option");
        assertEquals(2, result.exit(), result.output());
        assertTrue(!result.output().contains("WARNING") && !result.output().contains("Exception"), result.output());
    }

    @Test
    void theSelfTestPassesAndLeavesNothingBehind(@TempDir Path place) throws Exception {
        Result result = run(place, "/usr/bin:/bin", "selftest", "--rounds", "1", "--nodes", "3", "--dir", ".");
        assertEquals(0, result.exit(), result.output());
        assertTrue(result.output().contains("after a new start all is there\non three nodes:\n"), result.output());
        assertTrue(result.output().endsWith("in a second\nok\n"), result.output());
        try (Stream<Path> left = Files.list(place)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aSelfTestInAPlaceThatDoesNotExistSaysWhatToDo(@TempDir Path place) throws Exception {
        Result result = run(place, "/usr/bin:/bin", "selftest", "--dir", "missing");
        assertEquals(1, result.exit(), result.output());
        assertTrue(result.output().contains("pick another --dir"), result.output());
    }

    private static Result run(Path directory, String path, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(LAUNCHER));
        command.addAll(List.of(arguments));
        return finish(new ProcessBuilder(command).directory(directory.toFile()), path);
    }

    private static Result finish(ProcessBuilder builder, String path) throws IOException, InterruptedException {
        builder.environment().clear();
        builder.environment().put("PATH", path);
        builder.environment().put("HOLDFAST_BUILD", "never");
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }
}
