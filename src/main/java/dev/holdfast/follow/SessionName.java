package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One path of a session as the name of an export: {@code demo#SESSION.NUMBER}. No volume has such a name, as none has a
 * {@code #}.
 *
 * @param volume what it leads to
 * @param session whose it is
 * @param number from 1; greater for every later path of the session
 */
public record SessionName(String volume, Id128 session, long number) {
    private static final Pattern TEXT =
            Pattern.compile("([^#]{1,255})#([0-9a-f]{16})([0-9a-f]{16})\\.([0-9a-f]{1,16})");

    /** Checks the number. */
    public SessionName {
        Checks.that(number > 0, "paths are counted from 1", number);
    }

    /** What {@code export} names, if it is a path. */
    public static Optional<SessionName> of(String export) {
        Matcher parts = TEXT.matcher(export);
        if (!parts.matches()) {
            return Optional.empty();
        }
        long number = Long.parseUnsignedLong(parts.group(4), 16);
        Id128 session =
                new Id128(Long.parseUnsignedLong(parts.group(2), 16), Long.parseUnsignedLong(parts.group(3), 16));
        return number > 0 ? Optional.of(new SessionName(parts.group(1), session, number)) : Optional.empty();
    }

    /** The name of the export. */
    @Override
    public String toString() {
        return volume + "#" + session + "." + Long.toHexString(number);
    }
}
