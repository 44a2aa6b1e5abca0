package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Device;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Labels;
import dev.holdfast.device.Signature;
import dev.holdfast.io.Disk;
import java.nio.ByteBuffer;
import java.util.Optional;

/** One path while an array is being opened: what is known of it so far. What follows from it is {@link ArrayOpen}'s. */
final class Candidate {
    final String path;
    final ByteBuffer labelBytes = BlockBuffer.allocate(2 * Label.BYTES);
    Optional<Disk> disk = Optional.empty();
    Labels labels = new Labels(new Label.Reading.Blank(), new Label.Reading.Blank());
    Optional<Label> label = Optional.empty();
    Optional<ByteBuffer> ring = Optional.empty();
    Optional<RootPeek.Summary> newest = Optional.empty();

    /** Why it can't be used at all; empty while it can. */
    String problem = "";

    /** True if both its labels are there and nothing is in them. */
    boolean blank;

    Candidate(String path) {
        this.path = path;
    }

    boolean isUsable() {
        return problem.isEmpty();
    }

    boolean isBlank() {
        return blank;
    }

    void unusable(String why) {
        Checks.that(!why.isEmpty(), "a problem has words");
        problem = why;
        close();
    }

    Disk openDisk() {
        Checks.that(disk.isPresent(), "the disk is open");
        return disk.get();
    }

    Label knownLabel() {
        Checks.that(label.isPresent(), "the label is known");
        return label.get();
    }

    int slot() {
        return knownLabel().place().slot();
    }

    long bit() {
        return 1L << slot();
    }

    Device device() {
        return new Device(openDisk(), knownLabel());
    }

    /** Finds the newest root that {@code peek} sees in the ring. */
    void findNewest(RootPeek peek) {
        Checks.that(ring.isPresent(), "the root ring was read");
        for (int slot = 0; slot < Geometry.ROOT_SLOTS; slot++) {
            Optional<RootPeek.Summary> root = peek.peek(ring.get(), slot * Disk.BLOCK_BYTES);
            boolean ours = root.isPresent()
                    && root.get().pool().equals(knownLabel().ids().pool());
            if (ours && (newest.isEmpty() || root.get().isNewerThan(newest.get()))) {
                newest = root;
            }
        }
    }

    /** True if no root was ever written to it, or all were wiped. */
    boolean isRingBlank() {
        Checks.that(ring.isPresent(), "the root ring was read");
        return Signature.isZero(ring.get());
    }

    void close() {
        disk.ifPresent(Disk::close);
        disk = Optional.empty();
    }
}
