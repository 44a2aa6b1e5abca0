package dev.holdfast.store.read;

import java.nio.ByteBuffer;

/** Told of what reads have noticed; every call comes on the reader's loop. */
public interface ReadEvents {
    /** The members whose bits are set in {@code wrongCopies} hold wrong bytes for this block; another copy is good. */
    void repairWanted(long address, long birth, int checksum, long wrongCopies);

    /** An event for people: {@code block} of the shard was asked for and no copy of it verifies. */
    void blockUnreadable(int shard, long block);

    /** Another copy of the shard had the bytes of a block that no device here has right; they are its receiver's. */
    void mendable(LostBlock lost, ByteBuffer bytes);
}
