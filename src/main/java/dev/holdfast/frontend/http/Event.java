package dev.holdfast.frontend.http;

import java.util.Optional;

/**
 * Something that happened with mirrored volumes or nodes, as one node saw it.
 *
 * @param number 1, 2, 3, ... since the process began
 * @param atMillis milliseconds since 1970 UTC
 * @param node who tells it
 * @param volume with which it happened; empty if with none
 * @param what one sentence without a full stop
 * @param caughtUp the figures, if a catch-up came to its end
 */
public record Event(
        long number, long atMillis, String node, String volume, String what, Optional<NodeStatus.Behind> caughtUp) {}
