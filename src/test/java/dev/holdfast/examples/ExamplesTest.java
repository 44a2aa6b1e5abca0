package dev.holdfast.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
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
        Path output = directory.resolve("output");
        Process script = new ProcessBuilder("examples/ext4-on-a-volume.sh", fileSystem)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(script.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES), "the script ends");
        List<String> lines = Files.readAllLines(output);
        assertEquals(0, script.exitValue(), String.join("\n", lines));
        assertTrue(lines.contains("every synced file is as it was"), String.join("\n", lines));
    }
}
