package dev.holdfast.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.cli.line.Size;
import dev.holdfast.store.root.TwinRecord;
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
    void listsOfCommandsShowWholeSentences() {
        checkList(Main.commandLine());
    }

    private static void checkList(CommandLine command) {
        String[] words = command.getCommandSpec().usageMessage().description();
        assertTrue(words[0].endsWith("."), command.getCommandName() + " is listed as: " + words[0]);
        command.getSubcommands().values().forEach(CommandLineTest::checkList);
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
                List.of("pool", "accept-loss"),
                List.of("pool", "mirror"),
                List.of("pool", "promote"),
                List.of("volume", "add-copy"),
                List.of("volume", "accept-loss"),
                List.of("node", "drain"),
                List.of("node", "remove"))) {
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
    void healthIsOneLineUnlessMoreIsWrong() {
        assertEquals(List.of("all well"), StatusCommand.health(List.of(), 0));
        Map<String, Object> away = Map.of("what", "node b is not reached", "sinceMillis", 1_000L);
        Map<String, Object> waits = Map.of("what", "volume v waits", "sinceMillis", 62_000L);
        assertEquals(
                List.of("not well: node b is not reached (since 1 min 2 s)"),
                StatusCommand.health(List.of(away), 63_000));
        assertEquals(
                List.of(
                        "not well: volume v waits (since 1 s), and 1 more",
                        "  volume v waits (since 1 s)",
                        "  node b is not reached (since 1 min 2 s)"),
                StatusCommand.health(List.of(waits, away), 63_000));
    }

    @Test
    void whoAcceptsALossIsToldSinceWhenTheVolumeIsAsItIs() {
        Map<String, Object> waits = Map.of("what", "volume v waits: none of its copies serves", "sinceMillis", 1_000L);
        Map<String, Object> other = Map.of("what", "volume v2 waits: none of its copies serves", "sinceMillis", 0L);
        assertEquals(
                List.of("seen by this node: volume v waits: none of its copies serves (since 1 min 2 s)"),
                VolumeAcceptLossCommand.known("v", List.of(other, waits), 63_000));
        assertEquals(List.of(), VolumeAcceptLossCommand.known("w", List.of(other, waits), 63_000));
    }

    @Test
    void anEventIsOneLine() {
        Map<String, Object> event =
                Map.of("number", 3L, "atMillis", 0L, "node", "a", "volume", "v", "what", "b has caught up");
        String line = EventsCommand.line(event);
        assertTrue(line.endsWith("  a  v: b has caught up") && line.startsWith("19"), line);
    }

    @Test
    void watchingEndsWhenEveryCopyIsInSync() {
        Map<String, Object> whole = Map.of("state", "in sync");
        assertTrue(MirrorCommand.Ls.areInSync(List.of(whole)));
        assertFalse(MirrorCommand.Ls.areInSync(List.of(whole, Map.of("state", "degraded: without b"))));
    }

    @Test
    void aDrainIsGivenUpOnlyWhenNothingCouldMoveForAWhile() {
        NodeDrainCommand.Standstill standstill = new NodeDrainCommand.Standstill();
        for (int poll = 1; poll < 60; poll++) {
            assertFalse(standstill.isFinal(poll % 19 > 0), "stuck for a moment");
        }
        assertFalse(standstill.isFinal(false));
        for (int poll = 1; poll < 20; poll++) {
            assertFalse(standstill.isFinal(true));
        }
        assertTrue(standstill.isFinal(true));
    }

    @Test
    void aForcedPromotionSaysWhatIsLost() {
        assertTrue(PromoteCommand.behind(TwinRecord.Rpo.POINTS).endsWith("since then is lost to this side"));
        assertTrue(PromoteCommand.behind(TwinRecord.Rpo.CATCHING_UP).endsWith("beyond that is lost to this side"));
        assertTrue(PromoteCommand.behind(TwinRecord.Rpo.ZERO).contains("nothing that the source answered is lost"));
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
