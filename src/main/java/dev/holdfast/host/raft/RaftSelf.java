package dev.holdfast.host.raft;

import dev.holdfast.host.tls.NodeKeys;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which member this is.
 *
 * @param id its name in the log
 * @param directory where its copy is
 * @param keys what members prove to each other; empty: nothing is proved, and whoever reaches a port is a member
 * @param joins true if the others may not have taken it in yet: it asks them to, before anything else
 */
public record RaftSelf(String id, Path directory, Optional<NodeKeys> keys, boolean joins) {
    /** One of the members that the log began with, on a network where nothing has to be proved. */
    public RaftSelf(String id, Path directory) {
        this(id, directory, Optional.empty(), false);
    }
}
