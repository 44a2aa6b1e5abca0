package dev.holdfast.cluster.control;

/** How an operation ended. */
public sealed interface Result {
    /** Done and durable; {@code change} says with which ids. */
    record Done(Change change) implements Result {}

    /** It was so already; nothing was recorded. */
    record AlreadySo(String why) implements Result {}

    /** Not done; one line for people. */
    record Refused(Kind kind, String why) implements Result {}

    /** Why something was not done. */
    enum Kind {
        /** The request itself is wrong. */
        INVALID,
        /** It names something that is not there. */
        NOT_FOUND,
        /** The present state does not allow it. */
        CONFLICT,
        /** It was tried and did not work. */
        FAILED,
        /** It may have been done, or be done later; the same operation id asked again tells. */
        UNDECIDED
    }

    /** The request is wrong. */
    static Refused invalid(String why) {
        return new Refused(Kind.INVALID, why);
    }

    /** Something is not there. */
    static Refused notFound(String why) {
        return new Refused(Kind.NOT_FOUND, why);
    }

    /** The state does not allow it. */
    static Refused conflict(String why) {
        return new Refused(Kind.CONFLICT, why);
    }

    /** It did not work. */
    static Refused failed(String why) {
        return new Refused(Kind.FAILED, why);
    }

    /** Nobody knows yet. */
    static Refused undecided(String why) {
        return new Refused(Kind.UNDECIDED, why);
    }
}
