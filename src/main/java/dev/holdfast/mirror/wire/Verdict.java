package dev.holdfast.mirror.wire;

import java.util.Optional;

/** What a greeting is answered with. */
enum Verdict {
    /** Frames may come. */
    WELCOME(0, "welcome"),
    /** The protocol's version is not spoken here. */
    WRONG_VERSION(1, "another version of the protocol"),
    /** Another cluster's node. */
    WRONG_CLUSTER(2, "another cluster"),
    /** This is not the node that was meant, or that one has no business to dial here. */
    WRONG_NODE(3, "another node, or one that is not known or does not dial here"),
    /** The shards are divided in another way. */
    WRONG_CHANNELS(4, "another number of channels"),
    /** A later start of that process, or a later attempt of it, was here before. */
    STALE(5, "a later start or attempt was there before");

    private final int code;
    private final String text;

    Verdict(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** The number on the wire. */
    int code() {
        return code;
    }

    /** For people. */
    String text() {
        return text;
    }

    static Optional<Verdict> ofCode(int code) {
        for (Verdict verdict : values()) {
            if (verdict.code == code) {
                return Optional.of(verdict);
            }
        }
        return Optional.empty();
    }
}
