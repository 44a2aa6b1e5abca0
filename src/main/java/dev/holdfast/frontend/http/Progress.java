package dev.holdfast.frontend.http;

import dev.holdfast.replica.CatchUp;
import java.util.Locale;
import java.util.Map;

/** A catch-up in words, and as JSON. */
public final class Progress {
    private static final double NANOS = 1e9;
    private static final String UNITS = "KMGTPE";

    private Progress() {}

    /** How far it is: {@code b: replay, 12M of 40M sent, 8M/s, 4 s to go}. */
    static String line(NodeStatus.Behind behind) {
        CatchUp how = behind.how();
        CatchUp.Figures bytes = how.bytes();
        StringBuilder line = new StringBuilder(behind.node() + ": " + word(how.rung()) + ", ");
        if (bytes.left() < 0) {
            line.append(size(bytes.sent())).append(" sent, the rest is being counted");
            return line.toString();
        }
        line.append(size(bytes.sent())).append(" of ").append(size(bytes.sent() + bytes.left()));
        line.append(" sent, ").append(size(how.bytesPerSecond())).append("/s, ");
        return line.append(how.etaNanos() < 0 ? "not coming nearer" : span(how.etaNanos()) + " to go")
                .toString();
    }

    /** A rung in a word or two. */
    static String word(CatchUp.Rung rung) {
        return switch (rung) {
            case REPLAY -> "replay";
            case IMAGE_SINCE -> "image since a root";
            case IMAGE_OF_ALL -> "image of everything";
        };
    }

    /** What the replica gets, in a sentence. */
    public static String gets(CatchUp.Rung rung) {
        return switch (rung) {
            case REPLAY -> "the changes that it missed, one by one";
            case IMAGE_SINCE -> "the blocks that were changed since a root that it has";
            case IMAGE_OF_ALL -> "every block that is in use";
        };
    }

    /** The figures of one that is over. */
    public static String figures(CatchUp was) {
        CatchUp.Figures bytes = was.bytes();
        String predicted = bytes.predicted() < 0 ? "nothing" : size(bytes.predicted());
        String line = word(was.rung()) + ", predicted " + predicted + ", sent " + size(bytes.sent());
        line += bytes.meanwhile() > 0 ? ", " + size(bytes.meanwhile()) + " of it written meanwhile" : "";
        line += bytes.again() > 0 ? ", and " + size(bytes.again()) + " sent again" : "";
        return line + ", in " + String.format(Locale.ROOT, "%.1f s", was.elapsedNanos() / NANOS);
    }

    static Map<String, Object> view(NodeStatus.Behind behind) {
        CatchUp how = behind.how();
        Map<String, Object> view = Views.map("node", behind.node(), "rung", word(how.rung()));
        put(view, "predictedBytes", how.bytes().predicted());
        view.put("meanwhileBytes", how.bytes().meanwhile());
        view.put("sentBytes", how.bytes().sent());
        view.put("againBytes", how.bytes().again());
        put(view, "leftBytes", how.bytes().left());
        view.put("bytesPerSecond", how.bytesPerSecond());
        put(view, "etaSeconds", how.etaNanos() < 0 ? -1 : Math.round(how.etaNanos() / NANOS));
        view.put("sinceMillis", how.sinceMillis());
        view.put("seconds", Math.round(how.elapsedNanos() / NANOS));
        return view;
    }

    private static void put(Map<String, Object> view, String name, long value) {
        if (value >= 0) {
            view.put(name, value);
        }
    }

    /** Bytes as people say them: 1.5G. */
    public static String size(long bytes) {
        int power = 0;
        double value = bytes;
        while (value >= 1024 && power < UNITS.length()) {
            value /= 1024;
            power++;
        }
        if (power == 0) {
            return Long.toString(bytes);
        }
        String digits = String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
        return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits) + UNITS.charAt(power - 1);
    }

    /** A time as people say it: 4 s, 3 min 20 s, 2 h 5 min. */
    public static String span(long nanos) {
        long seconds = Math.round(nanos / NANOS);
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600
                ? seconds / 60 + " min " + seconds % 60 + " s"
                : seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
}
