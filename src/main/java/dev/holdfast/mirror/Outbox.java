package dev.holdfast.mirror;

/** What a replica says to the world. */
public interface Outbox {
    /** Sends a message, which may get lost. */
    void send(Message message);

    /**
     * Proposes a set to the ordered log. If it is certain that it is not in there, {@link Replica#refused} follows; if
     * it is, {@link Replica#told}, or {@link Replica#refused} when it did not count.
     */
    void propose(ReplicaSet set);

    /**
     * Has it written into the ordered log that this member acts as primary in {@code epoch}; {@link Replica#told} when
     * that is there. Asked again if it takes long.
     */
    void act(int epoch);

    /** Everything up to {@code seq} is on stable storage with every in-sync replica: flushes may be answered. */
    void flushed(long seq);
}
