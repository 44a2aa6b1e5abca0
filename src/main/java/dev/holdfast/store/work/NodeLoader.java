package dev.holdfast.store.work;

import dev.holdfast.array.Array;
import dev.holdfast.array.BlockRead;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.tree.BlockPointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Reads blocks that the committer lacks into its {@link LoadedBlocks}, neighbours together, many at a time. It
 * does not decide what a block that cannot be read means: it only names it. What it names may be forgotten for good (a
 * partial write over it makes a recorded error), so it tries again for a second: an error may pass. What is on a device
 * that does not answer, or has nothing but errors to say, is not named: it may be whole.
 */
public final class NodeLoader {
    private static final int READS = 16;
    private static final int TRIES = 6;
    private static final long PAUSE_NANOS = 200_000_000L;

    /** Told of blocks that are not as they should be. */
    public interface Finds {
        /** {@code pointer} leads to nothing that can be trusted. */
        void unreadable(BlockPointer pointer);

        /** Some block cannot be read because a device does not work at all; who waits for it is not told. */
        void unanswered();

        /** The members in {@code copies} hold wrong bytes for it; it was read from another. */
        void wrongCopy(BlockPointer pointer, long copies);
    }

    private final LoadedBlocks nodes;
    private final Array array;
    private final Loop loop;
    private final Finds finds;
    private final Probe probe;
    private final ArrayDeque<BlockRead> idle = new ArrayDeque<>();
    private final List<BlockPointer> wanted = new ArrayList<>();
    private final List<BlockPointer> bad = new ArrayList<>();
    private final BlockPointer[][] underWay = new BlockPointer[READS][];
    private final long[][] wrong = new long[READS][];
    private boolean everyCopy;
    private boolean unanswered;
    private int next;
    private int busy;
    private int tries;
    private int made;
    private Runnable then = () -> {};

    public NodeLoader(LoadedBlocks nodes, Array array, Loop loop, Finds finds) {
        this.nodes = nodes;
        this.array = array;
        this.loop = loop;
        this.finds = finds;
        this.probe = new Probe(array, loop);
    }

    /** One more read, the first time that so many are under way at once. */
    private BlockRead make() {
        Checks.that(made < READS, "reads are bounded", made);
        ByteBuffer space = ByteBuffer.allocateDirect((BlockRead.MAX_BLOCKS + 1) * 4096)
                .alignedSlice(4096)
                .order(ByteOrder.LITTLE_ENDIAN);
        BlockRead read = new BlockRead(space, loop, this::done);
        read.cookie = made++;
        return read;
    }

    /** Whether blocks are read from every member from now on, to find wrong copies beside good ones. */
    public void everyCopy(boolean wants) {
        Checks.that(busy == 0, "between batches", busy);
        everyCopy = wants;
    }

    /** Loads {@code pointers}; {@code task} runs once each is in the table or was reported unreadable. */
    public void load(List<BlockPointer> pointers, Runnable task) {
        Checks.that(busy == 0, "one batch is loaded at a time", busy);
        Checks.that(!pointers.isEmpty(), "there is something to load");
        wanted.clear();
        pointers.stream()
                .sorted(Comparator.comparingLong(BlockPointer::address))
                .forEach(this::want);
        tries = 1;
        next = 0;
        then = task;
        startReads();
    }

    /** What could not be read is wanted once more, or given up. */
    private void ended() {
        Checks.that(busy == 0 && next == wanted.size(), "everything wanted was tried", busy);
        wanted.clear();
        next = 0;
        if (unanswered && tries == TRIES) {
            Marks.reached("store.load-unanswered");
            finds.unanswered();
            return;
        }
        unanswered = false;
        if (bad.isEmpty() || tries == TRIES) {
            bad.forEach(finds::unreadable);
            bad.clear();
            then.run();
            return;
        }
        Marks.reached("store.load-tried-again");
        tries++;
        bad.stream().sorted(Comparator.comparingLong(BlockPointer::address)).forEach(this::want);
        bad.clear();
        loop.after(PAUSE_NANOS, tries == TRIES ? this::askThenRead : this::startReads);
    }

    /** The last try decides only if the devices answered right before it. */
    private void askThenRead() {
        probe.ask(all -> {
            unanswered = !all && !Mutant.on("store.give-up-unanswered");
            startReads();
        });
    }

    private void want(BlockPointer pointer) {
        if (wanted.isEmpty() || wanted.getLast().address() != pointer.address()) {
            wanted.add(pointer);
        }
    }

    private void startReads() {
        while (next < wanted.size() && (!idle.isEmpty() || made < READS)) {
            start(idle.isEmpty() ? make() : idle.removeFirst());
        }
    }

    private void start(BlockRead read) {
        Checks.that(next < wanted.size(), "something is wanted", next);
        int from = next;
        long address = wanted.get(from).address();
        while (next < wanted.size()
                && next - from < BlockRead.MAX_BLOCKS
                && wanted.get(next).address() == address + next - from) {
            read.checksums[next - from] = wanted.get(next).checksum();
            next++;
        }
        read.address = address;
        read.blocks = next - from;
        read.into.clear().limit(read.blocks * 4096);
        underWay[(int) read.cookie] = wanted.subList(from, next).toArray(new BlockPointer[0]);
        wrong[(int) read.cookie] = new long[everyCopy ? read.blocks : 0];
        read.copies = everyCopy ? Long.lowestOneBit(array.members()) : BlockRead.ALL_COPIES;
        busy++;
        array.read(read);
    }

    private void done(BlockRead read) {
        Checks.that(busy > 0, "a read was under way", busy);
        unanswered |= read.unanswered != 0 && !Mutant.on("store.give-up-unanswered");
        if (everyCopy) {
            copyRead(read);
            return;
        }
        BlockPointer[] pointers = underWay[(int) read.cookie];
        for (int i = 0; i < pointers.length; i++) {
            if ((read.bad >>> i & 1) != 0) {
                bad.add(pointers[i]);
            } else {
                if ((read.repairable >>> i & 1) != 0) {
                    finds.wrongCopy(pointers[i], read.wrongCopies);
                }
                nodes.put(pointers[i].address(), pointers[i].birth(), read.into, i * 4096);
            }
        }
        readEnded(read);
    }

    /** One member's copies; those of the next are read until all were. */
    private void copyRead(BlockRead read) {
        BlockPointer[] pointers = underWay[(int) read.cookie];
        long[] wrongOn = wrong[(int) read.cookie];
        for (int i = 0; i < pointers.length; i++) {
            if ((read.bad >>> i & 1) != 0) {
                wrongOn[i] |= read.copies;
            } else {
                nodes.put(pointers[i].address(), pointers[i].birth(), read.into, i * 4096);
            }
        }
        long left = array.members() & -(read.copies << 1);
        if (left != 0) {
            read.copies = Long.lowestOneBit(left);
            array.read(read);
            return;
        }
        for (int i = 0; i < pointers.length; i++) {
            if (nodes.find(pointers[i].address(), pointers[i].birth()) < 0) {
                bad.add(pointers[i]);
            } else if (wrongOn[i] != 0) {
                finds.wrongCopy(pointers[i], wrongOn[i]);
            }
        }
        readEnded(read);
    }

    private void readEnded(BlockRead read) {
        busy--;
        idle.addLast(read);
        startReads();
        if (busy == 0 && next == wanted.size()) {
            ended();
        }
    }
}
