package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Signature;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Takes {@link ArrayFormat} back for a pool that could not be opened after it was made, so that nobody used it: disks
 * with its label have none afterwards and may be formatted for any pool. Other disks are left as they are.
 */
public final class ArrayUnformat {
    private static final int LABELS_BYTES = 2 * Label.BYTES;

    private final Disks disks;
    private final Iterator<String> paths;
    private final Id128 pool;
    private final Loop loop;
    private final Consumer<String> done;

    private ArrayUnformat(Disks disks, List<String> paths, Id128 pool, Loop loop, Consumer<String> done) {
        this.disks = disks;
        this.paths = List.copyOf(paths).iterator();
        this.pool = pool;
        this.loop = loop;
        this.done = done;
    }

    /** {@code done} is told on {@code loop}, the caller's, why that failed, or the empty text. */
    public static void unformat(Disks disks, List<String> paths, Id128 pool, Loop loop, Consumer<String> done) {
        Checks.that(loop.isCurrent(), "formatting is taken back on its own loop");
        ArrayUnformat work = new ArrayUnformat(disks, paths, pool, loop, done);
        loop.post(work::next);
    }

    private void next() {
        Checks.that(loop.isCurrent(), "one disk after another, on one loop");
        if (!paths.hasNext()) {
            done.accept("");
            return;
        }
        String path = paths.next();
        try {
            look(disks.open(path));
        } catch (WorldException e) {
            done.accept(String.valueOf(e.getMessage()));
        }
    }

    private void look(Disk disk) {
        ByteBuffer labels = BlockBuffer.allocate(LABELS_BYTES);
        disk.read(
                Geometry.FIRST_LABEL_OFFSET,
                labels,
                loop,
                (token, outcome) -> {
                    boolean isOurs = outcome == DiskOutcome.OK && (isOurs(labels, 0) || isOurs(labels, Label.BYTES));
                    if (isOurs) {
                        // The labels first: a label over an emptied root ring would be a pool that lost everything.
                        clear(
                                disk,
                                0,
                                LABELS_BYTES,
                                () -> clear(
                                        disk, LABELS_BYTES, Signature.HEAD_BYTES - LABELS_BYTES, () -> leave(disk)));
                    } else {
                        leave(disk);
                    }
                },
                0);
    }

    private boolean isOurs(ByteBuffer labels, int at) {
        return Label.decode(labels, at) instanceof Label.Reading.Found found
                && found.label().ids().pool().equals(pool);
    }

    private void clear(Disk disk, long offset, int lengthBytes, Runnable then) {
        Checks.that(offset + lengthBytes <= Signature.HEAD_BYTES, "only a head is cleared", offset, lengthBytes);
        ByteBuffer[] zeroes = {BlockBuffer.allocate(lengthBytes)};
        disk.writeDurable(
                offset,
                zeroes,
                1,
                loop,
                (token, outcome) -> {
                    if (outcome == DiskOutcome.OK) {
                        then.run();
                    } else {
                        String path = disk.path();
                        disk.close();
                        done.accept(path + ": " + Gather.words(outcome) + " while its label was taken back");
                    }
                },
                0);
    }

    private void leave(Disk disk) {
        disk.close();
        next();
    }
}
