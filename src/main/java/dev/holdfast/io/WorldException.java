package dev.holdfast.io;

/** Something in the world is not as asked for; the message is one line for people: what, and what to do. */
public final class WorldException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says {@code message}. */
    public WorldException(String message) {
        super(message);
    }

    /** Says {@code message}; {@code cause} is kept for the log. */
    public WorldException(String message, Throwable cause) {
        super(message, cause);
    }
}
