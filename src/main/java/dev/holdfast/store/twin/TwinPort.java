package dev.holdfast.store.twin;

import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;

/** What the source can do to the connection of the moment and to the pool; nothing of it answers inside the call. */
interface TwinPort {
    /** Sends HELLO. */
    void hello(long reign);

    /** Sends WITHDRAW of one root, or of all. */
    void withdraw(RootIdentity root);

    /** Sends BEGIN. */
    void begin(long cp);

    /** Sends BLOCKS from the bytes between position and limit, copied in this call. */
    void blocks(long address, ByteBuffer blocks);

    /** Sends FLUSH. */
    void flush(long cp);

    /** Sends ROOT. */
    void root(Root root);

    /** False if so much waits to be sent that no more should. */
    boolean hasRoom();

    /** Sends everything that {@code target} reaches and that was born after {@code sinceCp}; then tells. */
    void walk(Root target, long sinceCp);

    /** Ends the walk, if one runs. */
    void stopWalk();

    /** Sends GRANT. */
    void grant(long reign, RootIdentity last);

    /** The twin is to be the pool, and has all but what comes now. */
    void wanted();

    /** Another side is the pool, in a newer reign. */
    void superseded(long newer);

    /** Ends the connection. */
    void close(String why);

    /** The next root must say something new: it should come soon. */
    void changed();

    /** The twin needs less than before. */
    void gotOn();
}
