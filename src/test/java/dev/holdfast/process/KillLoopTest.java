package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A few rounds of {@link KillLoop}; a hundred are a command, in docs/TESTING.md. */
final class KillLoopTest {
    @Test
    @Tag("interop")
    void nothingAcknowledgedIsMissingAfterAKill(@TempDir Path directory) throws IOException, InterruptedException {
        assertEquals(List.of(), KillLoop.run("./holdfast", directory, 6, 20261121));
    }

    @Test
    void theOracleSeesALostWrite() {
        KillOracle oracle = new KillOracle(2);
        oracle.acknowledged(0, oracle.nextVersion(0), true);
        oracle.acknowledged(1, oracle.nextVersion(1), false);
        assertTrue(oracle.allows(1, 1));
        assertFalse(oracle.allows(1, 0), "a stale read");
        assertFalse(oracle.allows(1, 2), "nobody wrote that");
        assertFalse(oracle.judge(new int[] {1, 0}, false).isEmpty());
        assertEquals(List.of(), oracle.judge(new int[] {1, 0}, true));
        assertFalse(oracle.judge(new int[] {0, 0}, true).isEmpty());
        assertFalse(oracle.judge(new int[] {9, 0}, false).isEmpty());
    }
}
