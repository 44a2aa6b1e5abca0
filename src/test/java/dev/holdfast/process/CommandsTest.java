package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands against a real node, as a person types them. */
@Tag("interop")
final class CommandsTest {
    @Test
    void wrongInputIsOneLineAndExitCodeTwoAndChangesNothing(@TempDir Path directory) throws Exception {
        try (RealServer server = RealServer.start(new Home(directory))) {
            String before = server.run("volume", "ls", "-o", "json").out();
            for (List<String> wrong : List.of(
                    List.of("volume", "create", "a/b", "1G"),
                    List.of("volume", "create", "odd", "10"),
                    List.of("volume", "resize", "demo", "1000", "--shrink"),
                    List.of("snapshot", "create", "no-at-sign"))) {
                Home.Ended ended = server.run(wrong.toArray(String[]::new));
                assertEquals(2, ended.exitCode(), wrong + ended.err());
                assertTrue(ended.line().startsWith("holdfast: "), ended.line());
            }
            Home.Ended missing = server.run("volume", "rm", "nope");
            assertEquals(1, missing.exitCode());
            assertTrue(missing.line().contains("there is no volume nope"), missing.line());
            assertEquals(before, server.run("volume", "ls", "-o", "json").out());
            Home.Ended verified = server.run("verify", "main");
            assertEquals(
                    "nothing is stored in the volumes: 0 blocks checked, 0 problems",
                    verified.out().strip());
        }
    }
}
