package dev.holdfast.cli.line;

/** A command could not do what it was asked; the message is one line: what, and what to do. */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    public Failure(String message) {
        this(message, 1);
    }

    public Failure(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
