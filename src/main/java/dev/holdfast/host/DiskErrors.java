package dev.holdfast.host;

import dev.holdfast.io.DiskOutcome;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.List;

/**
 * What a failed call of the JDK means for a disk. The JDK passes on the C library's words and no numbers, so the same
 * library is asked for its words once.
 */
final class DiskErrors {
    private static final List<String> FULL = messages(Posix.ENOSPC, Posix.EDQUOT);
    private static final List<String> GONE = messages(Posix.ENXIO, Posix.ENODEV);

    private DiskErrors() {}

    static DiskOutcome outcomeOf(IOException failed) {
        if (failed instanceof ClosedChannelException) {
            return DiskOutcome.GONE;
        }
        String message = String.valueOf(failed.getMessage());
        if (FULL.stream().anyMatch(message::contains)) {
            return DiskOutcome.FULL;
        }
        return GONE.stream().anyMatch(message::contains) ? DiskOutcome.GONE : DiskOutcome.MEDIA_ERROR;
    }

    private static List<String> messages(int... errors) {
        return java.util.Arrays.stream(errors).mapToObj(Posix::message).toList();
    }
}
