package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Volumes that several nodes keep. */
@Command(
        name = "mirror",
        mixinStandardHelpOptions = true,
        description = "Volumes that several nodes keep.",
        subcommands = MirrorCommand.Ls.class,
        footer = {"", "Example:", "  holdfast mirror ls"})
final class MirrorCommand {
    /** Lists them. */
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = {
                "Lists mirrored volumes: who serves each, whether all copies are in sync, and how far those are that"
                        + " are not.",
                "Bytes and time to go are known to the node that serves the volume."
            },
            footer = {"", "Examples:", "  holdfast mirror ls -o json", "  holdfast mirror ls --watch"})
    static final class Ls implements Runnable {
        private static final String[] COLUMNS = {
            "volume", "state", "primary", "inSync", "epoch", "role", "waits", "progress"
        };
        private static final long POLL_MILLIS = 1000;
        private static final String UP_AND_CLEAR = "\033[%dA\033[J";

        @Mixin
        private Remote remote = new Remote();

        @Option(names = "--watch", description = "again every second, until every copy is in sync")
        private boolean watch;

        @Override
        public void run() {
            Object listed = remote.get("mirrors");
            if (!watch || remote.isJson()) {
                remote.printList(listed, COLUMNS);
                return;
            }
            boolean isTerminal = System.console() != null && System.console().isTerminal();
            int shown = 0;
            List<String> before = List.of();
            while (true) {
                List<String> lines = lines(listed);
                if (!lines.equals(before)) {
                    if (isTerminal && shown > 0) {
                        System.out.printf(UP_AND_CLEAR, shown);
                    }
                    lines.forEach(System.out::println);
                    shown = lines.size();
                    before = lines;
                }
                if (areInSync(listed)) {
                    return;
                }
                pause();
                listed = remote.get("mirrors");
            }
        }

        private static List<String> lines(Object listed) {
            return listed instanceof List<?> list ? Remote.table(list, COLUMNS) : List.of();
        }

        /** Whether no volume lacks a copy. */
        static boolean areInSync(Object listed) {
            return listed instanceof List<?> list
                    && list.stream().map(Remote::object).map(Ls::state).allMatch("in sync"::equals);
        }

        private static Object state(Map<String, Object> mirror) {
            return mirror.getOrDefault("state", "");
        }

        private static void pause() {
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            } catch (InterruptedException end) {
                throw new Failure("interrupted");
            }
        }
    }
}
