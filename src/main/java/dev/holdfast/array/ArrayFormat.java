package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Protection;
import dev.holdfast.device.Signature;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Turns disks into the members of a new array: labels, an empty root ring, and a log region of zeroes, which has its
 * room on a file system from then on. It makes no files; the pool's first root is the store's.
 *
 * <ol>
 *   <li>A disk that is not all zero at its head and tail is refused unless forced, or labelled for the same pool: then
 *       a process died while it made that pool, which nobody can have used.
 *   <li>Old labels are gone, durably, before anything else is overwritten; new ones come last. A crash in between
 *       leaves disks without a label, never an old label over an emptied root ring.
 *   <li>Labels are read back: two paths that lead to one disk are noticed.
 * </ol>
 */
public final class ArrayFormat {
    private static final int LABELS_BYTES = 2 * Label.BYTES;
    private static final int TAIL_BYTES = 64 << 10;
    private static final int CLEAR_BYTES = 4 << 20;

    private final List<String> paths;
    private final Optional<Id128> own;
    private final boolean force;
    private final Loop loop;
    private final Consumer<Outcome> done;
    private final List<Disk> disks = new ArrayList<>();
    private final List<Label> labels = new ArrayList<>();
    private final List<ByteBuffer> heads = new ArrayList<>();

    private ArrayFormat(List<String> paths, Optional<Id128> own, boolean force, Loop loop, Consumer<Outcome> done) {
        this.paths = List.copyOf(paths);
        this.own = own;
        this.force = force;
        this.loop = loop;
        this.done = done;
    }

    /**
     * What to make.
     *
     * @param cluster the cluster's id
     * @param pool the new pool's id
     * @param protection how many disks and what for
     * @param logBytes length of the log region, a multiple of 4096
     * @param createdMillis wall time, for people
     * @param force overwrite whatever is there
     * @param name what people call the pool, or empty
     */
    public record Plan(
            Id128 cluster,
            Id128 pool,
            Protection protection,
            long logBytes,
            long createdMillis,
            boolean force,
            String name) {
        /** Of a pool that nobody calls anything. */
        public Plan(
                Id128 cluster, Id128 pool, Protection protection, long logBytes, long createdMillis, boolean force) {
            this(cluster, pool, protection, logBytes, createdMillis, force, "");
        }
    }

    /** How it ended. */
    public sealed interface Outcome {
        /** Every disk has its label, durably, and is closed again. */
        record Formatted(Geometry geometry) implements Outcome {}

        /** One line for people. What was written until then stays. */
        record Refused(String reason) implements Outcome {}
    }

    /** Formats the disks at {@code paths}, slot 0 first; {@code done} runs on {@code loop}, which is the caller's. */
    public static void format(
            Disks disks, List<String> paths, Plan plan, Entropy entropy, Loop loop, Consumer<Outcome> done) {
        Checks.that(loop.isCurrent(), "formatting starts on its own loop");
        new ArrayFormat(paths, Optional.of(plan.pool), plan.force, loop, done).start(disks, plan, entropy);
    }

    /** Formats one disk for a place in an array that exists; it must be long enough for the array's layout. */
    static void formatOne(Disks disks, String path, Label label, boolean force, Loop loop, Consumer<Outcome> done) {
        new ArrayFormat(List.of(path), Optional.empty(), force, loop, done).startOne(disks, label);
    }

    private void startOne(Disks from, Label label) {
        if (openAll(from)) {
            long lengthBytes = disks.getFirst().lengthBytes();
            long neededBytes = label.geometry().endBytes();
            if (lengthBytes < neededBytes) {
                later(paths.getFirst() + ": too short, " + lengthBytes + " bytes of " + neededBytes);
                return;
            }
            labels.add(label);
            look();
        }
    }

    private boolean openAll(Disks from) {
        for (String path : paths) {
            try {
                disks.add(from.open(path));
            } catch (WorldException e) {
                later(String.valueOf(e.getMessage()));
                return false;
            }
        }
        return true;
    }

    private void start(Disks from, Plan plan, Entropy entropy) {
        int copies = plan.protection.copies();
        if (paths.size() != copies) {
            later("protection " + plan.protection + " takes " + copies + " disk(s), not " + paths.size());
            return;
        }
        if (!openAll(from)) {
            return;
        }
        long leastBytes = Long.MAX_VALUE;
        for (Disk disk : disks) {
            leastBytes = Math.min(leastBytes, disk.lengthBytes());
        }
        Optional<Geometry> geometry = Geometry.fit(leastBytes, plan.logBytes);
        if (geometry.isEmpty()) {
            later("too short: the shortest disk has " + leastBytes + " bytes, at least "
                    + Geometry.leastLengthBytes(plan.logBytes) + " are needed");
            return;
        }
        for (int slot = 0; slot < copies; slot++) {
            Id128 device = new Id128(entropy.nextLong(), entropy.nextLong());
            Label.Place place = new Label.Place(slot, copies, plan.protection);
            Label.Ids ids = new Label.Ids(plan.cluster, plan.pool, device);
            labels.add(new Label(ids, place, geometry.get(), plan.createdMillis, plan.name));
        }
        look();
    }

    private void look() {
        if (force) {
            clearLabels();
            return;
        }
        List<ByteBuffer> tails = new ArrayList<>();
        Gather gather = new Gather(2 * disks.size(), outcomes -> looked(outcomes, tails));
        for (int i = 0; i < disks.size(); i++) {
            heads.add(BlockBuffer.allocate(Signature.HEAD_BYTES));
            tails.add(BlockBuffer.allocate(TAIL_BYTES));
            Disk disk = disks.get(i);
            disk.read(0, heads.get(i), loop, gather, 2L * i);
            disk.read(disk.lengthBytes() - TAIL_BYTES, tails.get(i), loop, gather, 2L * i + 1);
        }
    }

    private void looked(DiskOutcome[] outcomes, List<ByteBuffer> tails) {
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] != DiskOutcome.OK) {
                refuse(paths.get(i / 2) + ": " + Gather.words(outcomes[i]) + " while looking for what is on it");
                return;
            }
        }
        for (int i = 0; i < disks.size(); i++) {
            Optional<String> use = use(heads.get(i), tails.get(i));
            if (use.isPresent()) {
                refuse(paths.get(i) + ": holds " + use.get()
                        + "; pick another, or clear its first 2 MiB if that is not needed any more");
                return;
            }
        }
        clearLabels();
    }

    private Optional<String> use(ByteBuffer head, ByteBuffer tail) {
        boolean isOwn = false;
        for (int at = 0; at < LABELS_BYTES; at += Label.BYTES) {
            switch (Label.decode(head, at)) {
                case Label.Reading.Found found -> {
                    Id128 pool = found.label().ids().pool();
                    if (!own.equals(Optional.of(pool))) {
                        return Optional.of("a disk of pool " + pool);
                    }
                    isOwn = true;
                }
                case Label.Reading.Newer _, Label.Reading.Damaged _ -> {
                    return Optional.of("a Holdfast label");
                }
                case Label.Reading.Foreign _, Label.Reading.Blank _ -> {}
            }
        }
        if (isOwn) {
            return Optional.empty();
        }
        Optional<String> use = Signature.of(head);
        return use.isPresent() || Signature.isZero(tail) ? use : Optional.of("data at its end");
    }

    private void clearLabels() {
        ByteBuffer zeroes = BlockBuffer.allocate(LABELS_BYTES);
        everywhere(0, _ -> zeroes, this::clearRest);
    }

    private void clearRest() {
        ByteBuffer zeroes = BlockBuffer.allocate(Signature.HEAD_BYTES - LABELS_BYTES);
        everywhere(
                LABELS_BYTES,
                _ -> zeroes,
                () -> clearLog(labels.getFirst().geometry().logOffset()));
    }

    /** Written once here, or each flush of the first lap waits until the file system has found room for its record. */
    private void clearLog(long from) {
        Geometry geometry = labels.getFirst().geometry();
        long leftBytes = geometry.logOffset() + geometry.logBytes() - from;
        if (leftBytes == 0) {
            writeFirstLabels();
            return;
        }
        int lengthBytes = (int) Math.min(CLEAR_BYTES, leftBytes);
        ByteBuffer zeroes = BlockBuffer.allocate(lengthBytes);
        everywhere(from, _ -> zeroes, () -> clearLog(from + lengthBytes));
    }

    private void writeFirstLabels() {
        everywhere(Geometry.FIRST_LABEL_OFFSET, this::encoded, this::writeSecondLabels);
    }

    private void writeSecondLabels() {
        everywhere(Geometry.SECOND_LABEL_OFFSET, this::encoded, this::readBack);
    }

    private ByteBuffer encoded(int slot) {
        ByteBuffer block = BlockBuffer.allocate(Label.BYTES);
        labels.get(slot).encode(block, 0);
        return block;
    }

    private void readBack() {
        List<ByteBuffer> blocks = new ArrayList<>();
        Gather gather = new Gather(disks.size(), outcomes -> compare(outcomes, blocks));
        for (int slot = 0; slot < disks.size(); slot++) {
            blocks.add(BlockBuffer.allocate(LABELS_BYTES));
            disks.get(slot).read(0, blocks.get(slot), loop, gather, slot);
        }
    }

    private void compare(DiskOutcome[] outcomes, List<ByteBuffer> blocks) {
        for (int slot = 0; slot < outcomes.length; slot++) {
            if (outcomes[slot] != DiskOutcome.OK) {
                refuse(paths.get(slot) + ": " + Gather.words(outcomes[slot]) + " while reading its label back");
                return;
            }
            for (int at = 0; at < LABELS_BYTES; at += Label.BYTES) {
                Label.Reading wanted = new Label.Reading.Found(labels.get(slot));
                Label.Reading reading = Label.decode(blocks.get(slot), at);
                if (!wanted.equals(reading)) {
                    refuse(paths.get(slot) + ": " + otherLabel(reading));
                    return;
                }
            }
        }
        close();
        done.accept(new Outcome.Formatted(labels.getFirst().geometry()));
    }

    private String otherLabel(Label.Reading reading) {
        if (reading instanceof Label.Reading.Found found && labels.contains(found.label())) {
            return "the same disk as " + paths.get(labels.indexOf(found.label()));
        }
        return "does not read back what was written to it";
    }

    /** The bytes for one slot. */
    @FunctionalInterface
    private interface Bytes {
        ByteBuffer of(int slot);
    }

    private void everywhere(long offset, Bytes bytes, Runnable next) {
        Gather gather = new Gather(disks.size(), outcomes -> {
            for (int slot = 0; slot < outcomes.length; slot++) {
                if (outcomes[slot] != DiskOutcome.OK) {
                    refuse(paths.get(slot) + ": " + Gather.words(outcomes[slot])
                            + " while writing its label or log region");
                    return;
                }
            }
            next.run();
        });
        for (int slot = 0; slot < disks.size(); slot++) {
            disks.get(slot).writeDurable(offset, new ByteBuffer[] {bytes.of(slot)}, 1, loop, gather, slot);
        }
    }

    private void later(String reason) {
        loop.post(() -> refuse(reason));
    }

    private void refuse(String reason) {
        Checks.that(!reason.isEmpty() && reason.indexOf('\n') < 0, "a reason is one line");
        close();
        done.accept(new Outcome.Refused(reason));
    }

    private void close() {
        Checks.that(disks.size() <= paths.size(), "one disk a path", disks.size(), paths.size());
        disks.forEach(Disk::close);
        disks.clear();
    }
}
