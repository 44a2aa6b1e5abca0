package dev.holdfast.cli.line;

import dev.holdfast.frontend.http.Progress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A length in bytes as people write it: {@code 10G}, {@code 1.5T}, {@code 512}. Units are powers of 1024. */
public record Size(long bytes) {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})(\\.[0-9]{1,3})?([KMGTP]?)(i?B)?");
    private static final String UNITS = "KMGTP";

    /** The size that {@code text} says. */
    public static Size parse(String text) {
        Matcher matcher = TEXT.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size: write 512M, 10G or 1.5T");
        }
        int power = matcher.group(3).isEmpty() ? 0 : UNITS.indexOf(matcher.group(3)) + 1;
        String fraction = matcher.group(2) == null ? "" : matcher.group(2);
        double value = Double.parseDouble(matcher.group(1) + fraction) * Math.pow(1024, power);
        if (value >= 1L << 60) {
            throw new IllegalArgumentException("'" + text + "' is too much");
        }
        return new Size(fraction.isEmpty() ? Long.parseLong(matcher.group(1)) << (10 * power) : (long) value);
    }

    /** Short, for people: {@code 1.5G}. */
    @Override
    public String toString() {
        return words(bytes);
    }

    public static String words(long bytes) {
        return Progress.size(bytes);
    }

    /** For the command line. */
    public static final class Converter implements ITypeConverter<Size> {
        @Override
        public Size convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException wrong) {
                throw new TypeConversionException(wrong.getMessage());
            }
        }
    }
}
