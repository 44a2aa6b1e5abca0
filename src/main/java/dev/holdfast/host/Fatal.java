package dev.holdfast.host;

/** What happens when a task throws: state in memory can't be trusted any more, so the process must not go on. */
@FunctionalInterface
public interface Fatal {
    /** The exit code of a process that ended itself, as sysexits.h names an internal error. */
    int EXIT_CODE = 70;

    /** How many frames of the stack the one line names. */
    int FRAMES = 6;

    /** Prints one line and ends the process at once, without shutdown hooks. */
    Fatal HALT = (where, thrown) -> {
        System.err.println(describe(where, thrown));
        System.err.flush();
        Runtime.getRuntime().halt(EXIT_CODE);
    };

    /** Called on the thread that threw; that thread does nothing more when this returns. */
    void ended(String where, Throwable thrown);

    /** One line: who, what, and the innermost frames. */
    static String describe(String where, Throwable thrown) {
        StringBuilder line =
                new StringBuilder("holdfast: ").append(where).append(": ").append(thrown);
        Throwable cause = thrown.getCause();
        while (cause != null) {
            line.append(", because ").append(cause);
            cause = cause.getCause();
        }
        StackTraceElement[] frames = thrown.getStackTrace();
        for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
            line.append(i == 0 ? " at " : " < ").append(frames[i].getClassName());
            line.append('.').append(frames[i].getMethodName()).append(':').append(frames[i].getLineNumber());
        }
        return line.toString().replace('\n', ' ');
    }
}
