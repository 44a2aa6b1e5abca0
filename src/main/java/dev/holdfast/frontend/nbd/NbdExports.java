package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;
import java.util.List;
import java.util.Optional;

/** What the NBD server may serve, by name. Every call comes on the server's loop. */
public interface NbdExports {
    /**
     * The disk exported as {@code name}: an equal object for as long as it is the same disk. The empty name is asked
     * for only if there is not exactly one export and a client named none.
     */
    Optional<BlockVolume> find(String name);

    /** Every name a client may ask for, in the order it is shown; if it is exactly one, it is also the default. */
    List<String> names();

    /** One line for people about the export {@code name}; empty if there is nothing to say. */
    default String description(String name) {
        return "";
    }
}
