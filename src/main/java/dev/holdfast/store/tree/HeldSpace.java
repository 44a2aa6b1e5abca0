package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;
import dev.holdfast.base.LongList;

/**
 * Blocks that the pool reaches no more and that a root which its twin may have still reaches (pool-mirror.md). They
 * stay taken in the {@link FreeMap} until no such root needs them. It does not know which roots those are.
 *
 * <p>A block born at b that consistency point r freed is reached by exactly the roots b .. r-1: it is held while one of
 * {@link #roots} is among them.
 *
 * <p>Memory: 24 bytes for each block held.
 */
public final class HeldSpace {
    private static final int WORDS = 3;
    private static final int MOST_ROOTS = 16;

    /** Stands for a birth that nobody remembers: before every root. */
    private static final long UNKNOWN_BIRTH = 1;

    private static final long[] NO_ROOTS = {};

    private LongList entries = new LongList();
    private LongList spare = new LongList();
    private long[] roots = NO_ROOTS;
    private ObjectRoot object = ObjectRoot.EMPTY;
    private long written;
    private boolean anew;

    /** From now on these are the roots, by cp, that the twin may have. */
    public void roots(long[] mayHave) {
        Checks.that(mayHave.length <= MOST_ROOTS, "few roots are offered at a time", mayHave.length);
        roots = mayHave;
    }

    /** True if nothing is held and nothing would be. */
    boolean isIdle() {
        return roots.length == 0 && entries.isEmpty();
    }

    /** Whether some root of the twin reaches a block with that birth which {@code freedIn} freed; birth 0: unknown. */
    boolean needs(long birth, long freedIn) {
        for (long root : roots) {
            if (birth <= root && root < freedIn) {
                return true;
            }
        }
        return false;
    }

    void hold(long address, long birth, long freedIn) {
        Checks.that(address > 0 && birth >= 0 && birth <= freedIn, "what is held was freed", address, birth, freedIn);
        entries.add(address);
        entries.add(Math.max(birth, UNKNOWN_BIRTH));
        entries.add(freedIn);
    }

    /** What is needed no more goes to {@code out}. */
    void release(LongList out) {
        Checks.that(entries.size() % WORDS == 0, "whole entries", entries.size());
        LongList kept = spare;
        kept.clear();
        for (int i = 0; i < entries.size(); i += WORDS) {
            if (needs(entries.get(i + 1), entries.get(i + 2))) {
                for (int word = 0; word < WORDS; word++) {
                    kept.add(entries.get(i + word));
                }
            } else {
                anew |= i / WORDS < written;
                out.add(entries.get(i));
            }
        }
        spare = entries;
        entries = kept;
        spare.clear();
    }

    /** Blocks held. */
    public int size() {
        return entries.size() / WORDS;
    }

    /** Address of one. */
    public long address(int index) {
        return entries.get(index * WORDS);
    }

    /** Birth of one. */
    public long birth(int index) {
        return entries.get(index * WORDS + 1);
    }

    /** True if the list must be written anew because something of it is held no more. */
    public boolean isAnew() {
        return anew;
    }

    /** Entries of the list as it is stored; those behind are to be appended unless it {@link #isAnew}. */
    public long written() {
        return written;
    }

    /** The list as it is stored. */
    public ObjectRoot object() {
        return object;
    }

    /** The list is stored. */
    public void become(ObjectRoot stored) {
        Checks.that(stored.blocks() == 0 || size() > 0, "a list of something", stored.blocks(), size());
        object = stored;
        written = size();
        anew = false;
    }

    /** Takes an entry of the stored list of root {@code cp}; false if it can't be one. {@link #become} follows. */
    public boolean load(FreeMap map, long address, long birth, long cp) {
        boolean sound = address > 0 && address < map.dataBlocks() && birth > 0 && birth <= cp && map.isTaken(address);
        if (sound) {
            hold(address, birth, cp);
        }
        return sound;
    }
}
