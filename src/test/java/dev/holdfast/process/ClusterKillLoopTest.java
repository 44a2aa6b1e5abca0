package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A few rounds of {@link ClusterKillLoop}; a hundred are a command, in docs/TESTING.md. */
@Tag("interop")
final class ClusterKillLoopTest {
    @Test
    void clientsOfAMirroredVolumeSeeNoErrorAndLoseNothingWhenNodesAreKilled(@TempDir Path directory) throws Exception {
        ClusterKillLoop.Plan plan = new ClusterKillLoop.Plan(3, 20261121, 2, 2, 1_000);
        assertEquals(List.of(), ClusterKillLoop.run("./holdfast", directory, plan));
    }
}
