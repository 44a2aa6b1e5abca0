package dev.holdfast.cli;

import dev.holdfast.frontend.http.Json;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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

    /** What would be if something failed. */
    @Command(
            name = "whatif",
            mixinStandardHelpOptions = true,
            description = "What would be if something failed, from what a node knows now. It changes nothing.",
            subcommands = NodeDown.class,
            footer = {"", "Example:", "  holdfast whatif node-down b"})
    static final class WhatIf {}

    /** What would be without a node. */
    @Command(
            name = "node-down",
            mixinStandardHelpOptions = true,
            description = {
                "Which volumes go on without a node, which wait and why, which would be at their last copy in sync, and"
                        + " whether the control log keeps its majority.",
                "Exit code 0: nothing would stop; 3: something would."
            },
            footer = {
                "",
                "Examples:",
                "  holdfast whatif node-down b",
                "  holdfast whatif node-down b --json",
                "  holdfast whatif node-down b && ssh b reboot"
            })
    static final class NodeDown implements Callable<Integer> {
        private static final int STOPS = 3;

        @Mixin
        private Remote remote = new Remote();

        @Option(names = "--json", description = "as -o json")
        private boolean json;

        @Parameters(paramLabel = "NODE", description = "its name")
        private String name = "";

        @Override
        public Integer call() {
            Map<String, Object> outlook = Remote.object(remote.get("whatif/node-down/" + Remote.part(name)));
            if (json || remote.isJson()) {
                System.out.println(Json.write(outlook));
            } else if (outlook.get("lines") instanceof List<?> lines) {
                System.out.println(
                        String.join(" ", lines.stream().map(String::valueOf).toList()));
            }
            return Boolean.TRUE.equals(outlook.get("stops")) ? STOPS : 0;
        }
    }
}
