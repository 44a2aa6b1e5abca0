package dev.holdfast.store.read;

import java.nio.ByteBuffer;

/** Who may have the bytes of blocks that no device of this pool has right. On the lane's loop. */
@FunctionalInterface
public interface OtherCopies {
    /** There are none. */
    OtherCopies NONE = (lost, wanted) -> false;

    /**
     * Asks for {@code lost}; {@code wanted} is told in a later turn.
     *
     * @return false if there is nobody to ask; then {@code wanted} hears nothing
     */
    boolean ask(LostBlock lost, Wanted wanted);

    /** Who asks. */
    interface Wanted {
        /**
         * Somebody gives these 4096 bytes, from the position on, valid during the call.
         *
         * @return whether they prove to be the block: then nothing follows
         */
        boolean offered(ByteBuffer bytes);

        /** Nobody has the block, or none of them can be asked any more. Nothing follows. */
        void nobody();
    }
}
