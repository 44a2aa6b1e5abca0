package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.frontend.http.Json;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What happened lately. */
@Command(
        name = "events",
        mixinStandardHelpOptions = true,
        description = {
            "What happened lately with mirrored volumes and nodes, as one node saw it: who took over and after how"
                    + " long, catch-ups with their figures, lost memory, nodes and disks that went and came.",
            "A node keeps the newest 1000 since its process began."
        },
        footer = {"", "Examples:", "  holdfast events", "  holdfast events demo --follow"})
final class EventsCommand implements Runnable {
    private static final long POLL_MILLIS = 500;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    @Mixin
    private Remote remote = new Remote();

    @Option(names = "--follow", description = "waits for more, until Ctrl-C")
    private boolean follow;

    @Parameters(paramLabel = "VOLUME", arity = "0..1", description = "only what happened with this one")
    private String volume = "";

    @Override
    public void run() {
        String only = volume.isEmpty() ? "" : "&volume=" + Remote.part(volume);
        List<?> found = list(remote.get("events?after=0" + only));
        if (remote.isJson() && !follow) {
            System.out.println(Json.write(found));
            return;
        }
        long newest = print(found, 0);
        while (follow) {
            pause();
            newest = print(list(remote.get("events?after=" + newest + only)), newest);
        }
    }

    private static List<?> list(Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    /** A line for each, as text or JSON; returns the number of the newest. */
    private long print(List<?> events, long before) {
        long newest = before;
        for (Object event : events) {
            Map<String, Object> object = Remote.object(event);
            System.out.println(remote.isJson() ? Json.write(object) : line(object));
            newest = object.get("number") instanceof Long number ? number : newest;
        }
        return newest;
    }

    /** One event: when, who says it, with which volume, what. */
    static String line(Map<String, Object> event) {
        long millis = event.get("atMillis") instanceof Long at ? at : 0;
        String about = String.valueOf(event.getOrDefault("volume", ""));
        return TIME.format(Instant.ofEpochMilli(millis)) + "  " + event.get("node") + "  "
                + (about.isEmpty() ? "" : about + ": ") + event.get("what");
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }
}
