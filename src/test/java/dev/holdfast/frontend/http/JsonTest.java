package dev.holdfast.frontend.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The JSON codec: strict, bounded, and equal both ways. */
final class JsonTest {
    @Test
    void whatIsWrittenReadsBackEqual() throws Exception {
        Object value = Map.of("a", List.of(1L, true, "x\"\\\n\u0001é"), "b", Map.of());
        assertEquals(value, Json.parse(Json.write(value)));
    }

    @Test
    void everythingThatIsNotStrictJsonIsRefused() {
        for (String text : List.of(
                "",
                "{",
                "[1,]",
                "{\"a\":1,}",
                "01",
                "+1",
                "1 2",
                "\"\t\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "null",
                "nul",
                "{\"a\":1,\"a\":2}",
                "9999999999999999999999",
                "[".repeat(40) + "]".repeat(40),
                "tru",
                "\"x")) {
            assertThrows(Json.Malformed.class, () -> Json.parse(text), text);
        }
    }
}
