package dev.holdfast.device;

import dev.holdfast.base.Checks;
import java.util.Optional;

/**
 * How an array guards against the loss of devices. It does nothing itself.
 *
 * @param kind what the copies are
 * @param copies devices that hold each block
 */
public record Protection(Kind kind, int copies) {
    /** Copies of a mirror at most. */
    public static final int MIRROR_LIMIT = 3;

    /** One device, no second copy. */
    public static final Protection SINGLE = new Protection(Kind.SINGLE, 1);

    private static final String MIRROR_PREFIX = "mirror:";

    /** What the copies are; {@link #code} is stored. */
    public enum Kind {
        /** One device. */
        SINGLE(1),
        /** The same block at the same address of every device. */
        MIRROR(2);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** The number a label holds. */
        public int code() {
            return code;
        }
    }

    /** Checks that the number of copies fits the kind. */
    public Protection {
        Checks.that(isValid(kind, copies), "as many copies as the protection allows", copies);
    }

    /** The same blocks on {@code copies} devices: 2 or 3. */
    public static Protection mirror(int copies) {
        return new Protection(Kind.MIRROR, copies);
    }

    /** What {@code single} or {@code mirror:2} say; empty for any other text. */
    public static Optional<Protection> parse(String text) {
        if (text.equals("single")) {
            return Optional.of(SINGLE);
        }
        if (!text.startsWith(MIRROR_PREFIX) || text.length() != MIRROR_PREFIX.length() + 1) {
            return Optional.empty();
        }
        int copies = text.charAt(MIRROR_PREFIX.length()) - '0';
        return isValid(Kind.MIRROR, copies) ? Optional.of(mirror(copies)) : Optional.empty();
    }

    /** What a label's two numbers say; empty if they say nothing. */
    static Optional<Protection> ofCode(int code, int copies) {
        for (Kind kind : Kind.values()) {
            if (kind.code == code && isValid(kind, copies)) {
                return Optional.of(new Protection(kind, copies));
            }
        }
        return Optional.empty();
    }

    private static boolean isValid(Kind kind, int copies) {
        return switch (kind) {
            case SINGLE -> copies == 1;
            case MIRROR -> copies >= 2 && copies <= MIRROR_LIMIT;
        };
    }

    /** {@code single} or {@code mirror:2}. */
    @Override
    public String toString() {
        return kind == Kind.SINGLE ? "single" : MIRROR_PREFIX + copies;
    }
}
