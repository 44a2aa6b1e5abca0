package dev.holdfast.store.work;

/** What went wrong below the store, told to the committer, which decides what follows. */
public interface Trouble {
    /** A member of the array was left behind; the newest root must be raised before anything is acknowledged. */
    void memberLost();

    /** The host's file system is full; writes are tried again until it is not. */
    void hostFull();

    /** No copy of a block verifies; what it held is an error from now on. */
    void blockLost(long address);

    /** The members in {@code copies} (bits of slots) hold wrong bytes for this block; another copy is good. */
    void copyWrong(long address, int checksum, long copies);

    /** Nothing can be kept any more. */
    void failed(String why);
}
