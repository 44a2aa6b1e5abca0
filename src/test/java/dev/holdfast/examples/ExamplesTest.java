package dev.holdfast.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts of {@code examples/} as a person runs them, so they can't age. They need root, FUSE, loop devices. */
@Tag("interop")
final class ExamplesTest {
    private static final long PATIENCE_MINUTES = 10;

    @ParameterizedTest
    @ValueSource(strings = {"ext4", "xfs"})
    void aFileSystemSurvivesTheServersDeath(String fileSystem, @TempDir Path directory)
            throws IOException, InterruptedException {
        assertEquals("every synced file is as it was", lineOf(directory, "every", "ext4-on-a-volume.sh", fileSystem));
    }

    @Test
    void aFileSystemGoesOnWhileNodesAreKilled(@TempDir Path directory) throws IOException, InterruptedException {
        assertEquals(
                "the file system is clean, and every file is as it was written",
                lineOf(directory, "the file", "ext4-while-nodes-die.sh"));
    }

    /** Runs a script, which ends well, and returns the line that begins with {@code start}. */
    private static String lineOf(Path directory, String start, String... words)
            throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        List<String> command = new ArrayList<>(List.of(words));
        command.set(0, "examples/" + words[0]);
        Process script = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(script.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES), "the script ends");
        List<String> lines = Files.readAllLines(output);
        assertEquals(0, script.exitValue(), String.join("\n", lines));
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow(() -> new AssertionError(String.join("\n", lines)));
    }
}
