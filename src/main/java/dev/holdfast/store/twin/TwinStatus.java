package dev.holdfast.store.twin;

import dev.holdfast.store.root.TwinRecord;

/**
 * How it stands with a pool's twin.
 *
 * @param kept what the pool's roots say of it
 * @param state of the connection
 * @param cp the newest root that it is known to have; 0 if none is
 * @param live blocks go out as they are written
 * @param heldBlocks blocks that only what the twin has still needs
 * @param trouble why it does not get on, for people; empty if it does
 */
public record TwinStatus(
        TwinRecord.State kept, SourceTwin.State state, long cp, boolean live, long heldBlocks, String trouble) {}
