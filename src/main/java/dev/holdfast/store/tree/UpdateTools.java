package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;

/**
 * What every update within one consistency point works with.
 *
 * @param cp its number
 * @param nodes old nodes, and old data blocks of lists
 * @param pages for what is being changed
 * @param allocator where new blocks go
 * @param sink writes them
 * @param freed learns of those not reached any more
 */
public record UpdateTools(
        long cp, NodeSource nodes, PagePool pages, Allocator allocator, BlockSink sink, FreedSink freed) {
    /** Checks the number. */
    public UpdateTools {
        Checks.that(cp > 0, "consistency points count from 1", cp);
    }

    /** An update of one object. */
    public TreeUpdate update(ObjectRoot old) {
        return new TreeUpdate(old, cp, nodes, pages, freed);
    }
}
