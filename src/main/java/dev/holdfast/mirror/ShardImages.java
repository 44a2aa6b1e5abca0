package dev.holdfast.mirror;

import java.util.List;
import java.util.Optional;

/**
 * What a replica gets in place of entries that nobody keeps any more: images of the shard, as the store below makes and
 * lays them. Calls on the shard's loop. A store that keeps every entry has {@link #NONE}.
 */
public interface ShardImages {
    /** Nobody needs one. */
    ShardImages NONE = new ShardImages() {};

    /** The position of the image that is under way here; {@link Position#START} if there is none. */
    default Position mixture() {
        return Position.START;
    }

    /** Blocks of it before this one are laid. */
    default long laidBlocks() {
        return 0;
    }

    /**
     * Whether a longest piece would be laid now; if not, it would come in vain, and {@link Replica#imageRoom} tells
     * when one would not.
     */
    default boolean hasRoom() {
        return true;
    }

    /**
     * Lays a piece of an image of {@code to}, if it is the next one and there is room now; else nothing happens. The
     * first piece of a later position than that of an image under way begins anew.
     *
     * @param sizeBytes of the shard there
     */
    default void lay(Position to, long sizeBytes, ImagePiece piece) {}

    /**
     * The image of {@code to} ends here. Once a durable root has all of it, the log stands at {@code to} with {@code
     * history} and the snapshots {@code kept}; {@link Replica#logged} follows. Nothing happens if it is not that which
     * is under way.
     */
    default void complete(Position to, History history, KeptSnapshots kept) {}

    /**
     * An image for another node's replica; empty while there is none yet, to be asked again.
     *
     * @param base the replica's log is that of this one up to here; it may have blocks of later positions, too
     * @param atLeast the position of an image that it has a part of: that, or a later one, is wanted
     */
    default Optional<ImageSource> source(int node, long base, Position atLeast) {
        return Optional.empty();
    }

    /** The node says nothing at the moment: its image is not read on, but may go on later. */
    default void pause(int node) {}

    /**
     * A set was told, in which {@code absent} nodes are not: what they may need later is kept if it can be. Images for
     * others are made only by who leads.
     */
    default void told(List<Integer> absent, boolean leads) {}
}
