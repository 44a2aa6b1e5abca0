package dev.holdfast.mirror;

/**
 * A replica's own log and state of the shard, as replication needs it: the store below. Every call on the shard's loop;
 * what takes time is answered by a call of {@link Replica}.
 */
public interface ShardLog {
    /** Seq of the newest entry held. */
    long held();

    /** Seq up to which entries are on stable storage, and are those that are held. */
    long logged();

    /** Seq that the newest durable root covers. */
    long rooted();

    /** Seq up to which readers see. */
    long visible();

    /** Bytes that the entries after {@code seq} take of the log, but for those that a root covers. */
    long bytesAfter(long seq);

    /** Epochs of all entries held. */
    History history();

    /** Seq of the oldest entry that can still be given to others; what is before it nobody asks for. */
    long firstKept();

    /** Some entries from {@code first} on, which is kept and held: as many as fit into one message, at least one. */
    Batch batch(long first);

    /**
     * The same for a replica that is in no set, nor in one that was proposed: entries that others up to {@code stable}
     * overwrite may be without their bytes. Its contents are right once it has all of those, and they are in every log
     * that can ever lead.
     */
    default Batch batch(long first, long stable) {
        return batch(first);
    }

    /** Holds the entries of {@code batch} from {@code first} = held + 1 on; false if there is no room now. */
    boolean hold(Batch batch, long first);

    /** Entries up to {@code upTo} take effect: readers see them, who waits for them is answered. */
    void open(long upTo);

    /**
     * Entries after {@code lastSeq} never were. If some are visible, the state goes back to the root first.
     *
     * @return false if there is no room to say so now: nothing has happened
     */
    boolean rewind(long lastSeq);

    /** Puts entries up to {@code upTo} on stable storage; {@link Replica#logged} when some are there. */
    void log(long upTo);

    /** A root may cover entries up to {@code upTo}, no others. */
    void stable(long upTo);

    /** Entries up to {@code upTo} need not be kept for others. */
    void durable(long upTo);

    /** What comes in place of entries that nobody keeps. */
    default ShardImages images() {
        return ShardImages.NONE;
    }

    /** Own changes are numbered in {@code epoch} from now on, which is later than that of any entry held. */
    void beginEpoch(int epoch);

    /**
     * Own changes are numbered no more. Who waits for one, or for a flush, is told that nobody here knows what becomes
     * of it.
     */
    void endEpoch();
}
