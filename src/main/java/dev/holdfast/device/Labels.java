package dev.holdfast.device;

import dev.holdfast.device.Label.Reading;

/**
 * The two copies of one device's label as they were read, and what they say together. A copy that can't be read counts
 * as damaged.
 *
 * @param first the copy at {@link Geometry#FIRST_LABEL_OFFSET}
 * @param second the copy at {@link Geometry#SECOND_LABEL_OFFSET}
 */
public record Labels(Reading first, Reading second) {
    /** What the device is: a newer format on either copy goes before a whole copy, and that before all else. */
    public Reading verdict() {
        if (first instanceof Reading.Newer || second instanceof Reading.Newer) {
            return new Reading.Newer();
        }
        return rank(second) > rank(first) ? second : first;
    }

    /** True if both copies say the same. */
    public boolean agree() {
        return first.equals(second);
    }

    private static int rank(Reading reading) {
        return switch (reading) {
            case Reading.Newer _ -> 4;
            case Reading.Found _ -> 3;
            case Reading.Damaged _ -> 2;
            case Reading.Foreign _ -> 1;
            case Reading.Blank _ -> 0;
        };
    }
}
