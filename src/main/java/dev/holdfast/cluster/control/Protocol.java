package dev.holdfast.cluster.control;

import java.util.Locale;
import java.util.Optional;

/** How a volume may be reached; {@link #code} is stored. */
public enum Protocol {
    /** Network block device. */
    NBD(1);

    private final int code;

    Protocol(int code) {
        this.code = code;
    }

    /** The number in a record. */
    int code() {
        return code;
    }

    /** The protocol with this number, if there is one. */
    static Optional<Protocol> ofCode(int code) {
        return code == NBD.code ? Optional.of(NBD) : Optional.empty();
    }

    /** {@code nbd}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What {@code nbd} says. */
    public static Optional<Protocol> parse(String text) {
        return text.equals("nbd") ? Optional.of(NBD) : Optional.empty();
    }
}
