package dev.holdfast.host.join;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens as lines, and as a node remembers them. */
final class TokenTest {
    private static final String ONE = TestCluster.id(1);
    private static final String OTHER = TestCluster.id(2);

    @TempDir
    private Path directory;

    private final TestCluster cluster = new TestCluster();
    private Instant now = Instant.ofEpochSecond(1_800_000_000L);
    private Path file;
    private IssuedTokens issued;

    @BeforeEach
    void open() {
        file = directory.resolve("tokens");
        issued = new IssuedTokens(file, () -> now);
    }

    private Token issue() throws IOException {
        return issued.issue("10.0.0.1", 7001, cluster.authority().certificate());
    }

    @Test
    void aLineIsReadBackAsItWas() throws Exception {
        Token token = issue();
        Token read = Token.parse(" " + token.line() + "\n").orElseThrow();
        assertEquals("10.0.0.1", read.host());
        assertEquals(7001, read.port());
        assertArrayEquals(token.secret(), read.secret());
        assertArrayEquals(Certificates.fingerprint(cluster.authority().certificate()), read.fingerprint());
        assertEquals(token.line(), read.line());
    }

    @Test
    void aLineThatWasChangedAnywhereIsNone() throws IOException {
        String line = issue().line();
        for (int i = 0; i < line.length(); i++) {
            char other = line.charAt(i) == 'A' ? 'B' : 'A';
            assertTrue(
                    Token.parse(line.substring(0, i) + other + line.substring(i + 1))
                            .isEmpty(),
                    "at " + i);
            assertTrue(Token.parse(line.substring(0, i)).isEmpty(), "cut at " + i);
        }
        for (String wrong : List.of("", "hf1-", "hf2-" + line, line + "AAAA", "hf1-" + "A".repeat(1000))) {
            assertTrue(Token.parse(wrong).isEmpty(), wrong);
        }
    }

    @Test
    void aTokenIsForOneNodeWhichMayUseItAgain() throws IOException {
        Token token = issue();
        assertEquals("", issued.give(token.secret(), ONE));
        assertEquals("", issued.give(token.secret(), ONE));
        String refused = issued.give(token.secret(), OTHER);
        assertTrue(refused.startsWith("the token was used by another node"), refused);
        IssuedTokens afterRestart = new IssuedTokens(file, () -> now);
        assertEquals(refused, afterRestart.objection(token.secret(), OTHER));
        assertEquals("", afterRestart.objection(token.secret(), ONE));
    }

    @Test
    void aTokenIsTooOldAfterAnHour() throws IOException {
        Token token = issue();
        now = now.plus(IssuedTokens.VALID);
        assertEquals("", issued.objection(token.secret(), ONE));
        now = now.plusSeconds(1);
        assertTrue(issued.give(token.secret(), ONE).startsWith("the token is too old"));
    }

    @Test
    void aSecretThatWasNotIssuedIsNotKnown() throws IOException {
        issue();
        assertTrue(issued.give(new byte[Token.SECRET_BYTES], ONE).startsWith("the token is not known"));
    }

    @Test
    void noSecretIsInTheFileAndOnlyItsOwnerReadsIt() throws IOException {
        Token token = issue();
        String kept = Files.readString(file);
        assertFalse(kept.contains(HexFormat.of().formatHex(token.secret())));
        assertFalse(token.toString().contains(token.line()));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void onlySoManyAreOpen() throws IOException {
        List<String> lines = new ArrayList<>();
        String refused = "";
        for (int i = 0; i < 200 && refused.isEmpty(); i++) {
            try {
                lines.add(issue().line());
            } catch (IOException tooMany) {
                refused = tooMany.getMessage();
            }
        }
        assertTrue(refused.contains("use one of them"), refused);
        assertEquals(lines.size(), lines.stream().distinct().count());
        now = now.plusSeconds(2 * 24 * 3600);
        issue();
        assertEquals(1, Files.readAllLines(file).size());
    }
}
