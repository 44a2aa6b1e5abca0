package dev.holdfast.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The grammar of the command line: help, exit codes, one-line errors. */
final class CommandLineTest {
    private final StringWriter errors = new StringWriter();

    private int run(String... words) {
        CommandLine line = Main.commandLine();
        line.setErr(new PrintWriter(errors, true));
        return line.execute(words);
    }

    @Test
    void theHelpOfEveryCommandHasAnExample() {
        checkHelp(Main.commandLine());
    }

    private static void checkHelp(CommandLine command) {
        String help = command.getUsageMessage();
        assertTrue(help.contains("Example"), command.getCommandName() + " has no example:\n" + help);
        command.getSubcommands().values().forEach(CommandLineTest::checkHelp);
    }

    @Test
    void everyChangingVerbHasADryRun() {
        for (List<String> words : List.of(
                List.of("volume", "create"),
                List.of("volume", "resize"),
                List.of("volume", "rm"),
                List.of("volume", "remove-copy"),
                List.of("export", "add"),
                List.of("export", "rm"),
                List.of("snapshot", "create"),
                List.of("snapshot", "rm"),
                List.of("pool", "create"),
                List.of("pool", "accept-loss"))) {
            CommandLine verb = Main.commandLine()
                    .getSubcommands()
                    .get(words.getFirst())
                    .getSubcommands()
                    .get(words.getLast());
            assertTrue(verb.getUsageMessage().contains("--dry-run"), words.toString());
        }
    }

    @Test
    void wrongUsageExitsWithTwo() {
        assertEquals(2, run("volume", "create", "x", "ten"));
        assertEquals(2, run("quickstart", "--nodes", "2"));
        assertEquals(2, run("status", "-o", "xml"));
        assertEquals(2, run("status", "--server", "ftp://x"));
        assertEquals(2, run("no-such-noun"));
    }

    @Test
    void aNodeThatDoesNotAnswerIsOneLineAndExitCodeOne() {
        assertEquals(1, run("status", "--server", "http://127.0.0.1:1"));
        assertEquals(1, errors.toString().lines().count(), errors.toString());
        assertTrue(errors.toString().contains("no node answers at http://127.0.0.1:1"), errors.toString());
    }

    @Test
    void theProgressOfAVerificationSaysHowLongItWillTake() {
        Map<String, Object> half = Map.of("checkedBlocks", 500L, "usedBlocks", 1500L);
        assertEquals(
                Optional.of("500 of about 1500 blocks checked, about 20 s to go"),
                VerifyCommand.progress(half, 10_000_000_000L));
        assertEquals(Optional.empty(), VerifyCommand.progress(Map.of("checkedBlocks", 0L, "usedBlocks", 5L), 1));
    }

    @Test
    void sizesAreReadAsPeopleWriteThem() {
        assertEquals(10L << 30, Size.parse("10G").bytes());
        assertEquals(3L << 39, Size.parse("1.5T").bytes());
        assertEquals(512, Size.parse("512").bytes());
        assertEquals("1.5G", Size.words(3L << 29));
        assertThrows(IllegalArgumentException.class, () -> Size.parse("-1"));
        assertThrows(IllegalArgumentException.class, () -> Size.parse("9999999P"));
    }
}
