package dev.holdfast.cli;

import dev.holdfast.frontend.http.Json;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A volume in sentences. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = "How a volume is and why, what works, what happens if one more thing fails, and what to do.",
        footer = {"", "Example:", "  holdfast explain demo"})
final class ExplainCommand implements Runnable {
    @Mixin
    private Remote remote = new Remote();

    @Parameters(paramLabel = "VOLUME", description = "its name")
    private String name = "";

    @Override
    public void run() {
        Map<String, Object> explanation = Remote.object(remote.get("explain/" + Remote.part(name)));
        if (remote.isJson()) {
            System.out.println(Json.write(explanation));
        } else if (explanation.get("lines") instanceof List<?> lines) {
            lines.forEach(System.out::println);
        }
    }
}
