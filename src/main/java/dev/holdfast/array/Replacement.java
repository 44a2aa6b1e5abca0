package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Device;
import dev.holdfast.device.Label;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.WorldException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A disk that is to take a place of an open array whose device is missing, stale or failed. It only puts the disk
 * there; a {@link Rebuild} fills it.
 *
 * @param path the disk
 * @param slot the place, which is not in use
 * @param createdMillis wall time, for people
 * @param force overwrite whatever is on the disk
 */
public record Replacement(String path, int slot, long createdMillis, boolean force) {
    /** Labels the disk and puts it in its place. {@code done} says on the array's loop what was wrong, if anything. */
    public void attach(Mirror array, Disks disks, Entropy entropy, Consumer<Optional<String>> done) {
        Checks.that((array.members() >>> slot & 1) == 0, "a place that is not in use", slot);
        Label known = array.memberSet().label();
        Label.Ids ids = new Label.Ids(
                known.ids().cluster(), known.ids().pool(), new Id128(entropy.nextLong(), entropy.nextLong()));
        Label.Place place =
                new Label.Place(slot, known.place().slots(), known.place().protection());
        Label label = new Label(ids, place, known.geometry(), createdMillis, known.poolName());
        array.memberSet().detach(slot);
        ArrayFormat.formatOne(disks, path, label, force, array.owner(), outcome -> {
            switch (outcome) {
                case ArrayFormat.Outcome.Refused refused -> done.accept(Optional.of(refused.reason()));
                case ArrayFormat.Outcome.Formatted formatted -> done.accept(open(array, disks, label));
            }
        });
    }

    private Optional<String> open(Mirror array, Disks disks, Label label) {
        try {
            array.memberSet().attach(new Device(disks.open(path), label));
            return Optional.empty();
        } catch (WorldException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
