package dev.holdfast.cli;

/** A command could not do what it was asked; the message is one line: what, and what to do. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    Failure(String message) {
        this(message, 1);
    }

    Failure(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
