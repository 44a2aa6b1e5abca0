package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which of the devices found are current, decided from their newest roots alone. It reads and writes nothing.
 *
 * <ol>
 *   <li>The newest root of all devices decides; it counts itself, not the number of devices that carry it.
 *   <li>A device is current if that root names its slot and its own newest root is that one or the one just before it.
 *   <li>Two devices that went on without each other are a mistake somebody must decide, never a choice made here:
 *       their roots name no member in common, or the one of the older generation has the greater number.
 *   <li>With no root anywhere the pool is new and every device current, if all are here: a device that is being
 *       rebuilt has no root either.
 * </ol>
 */
final class Membership {
    private final List<Candidate> devices;
    private final Optional<RootPeek.Summary> newest;
    private final List<Optional<Candidate>> placed = new ArrayList<>();
    private final int slots;

    Membership(List<Candidate> devices) {
        Checks.that(!devices.isEmpty(), "there is a device");
        this.devices = devices;
        this.slots = devices.getFirst().knownLabel().place().slots();
        Optional<RootPeek.Summary> best = Optional.empty();
        for (Candidate device : devices) {
            if (device.newest.isPresent()
                    && (best.isEmpty() || device.newest.get().isNewerThan(best.get()))) {
                best = device.newest;
            }
        }
        this.newest = best;
        for (int slot = 0; slot < slots; slot++) {
            placed.add(place(slot));
        }
        Checks.that((presentBits() & ~allSlots()) == 0, "members are slots", presentBits());
    }

    /** Why the array must not be opened with these devices, if so. */
    Optional<String> mistake() {
        for (Candidate one : devices) {
            for (Candidate other : devices) {
                if (one != other && one.slot() == other.slot() && isCurrent(one) && isCurrent(other)) {
                    return Optional.of(
                            one.path + " and " + other.path + ": both claim place " + one.slot() + " of the array");
                }
                if (isCurrent(one) && wentOnAlone(other)) {
                    return Optional.of(one.path + " and " + other.path + ": each went on without the other;"
                            + " open only the one to keep, then format and add the other again");
                }
            }
        }
        if (newest.isEmpty() && left() != 0) {
            return Optional.of("no disk here holds a root of the pool, and place(s) " + slotNumbers(left())
                    + " of the array are needed: a new pool first starts with all its disks");
        }
        if (presentBits() == 0) {
            return Optional.of("no disk with current data is here: place(s) " + slotNumbers(left())
                    + " of the array are needed; " + reason(devices.getFirst()));
        }
        return Optional.empty();
    }

    /** Slots (bits) whose device is current. */
    long presentBits() {
        long bits = 0;
        for (Optional<Candidate> device : placed) {
            bits |= device.isPresent() && isCurrent(device.get()) ? device.get().bit() : 0;
        }
        return bits;
    }

    /** Devices that are current, by slot. */
    List<Candidate> present() {
        List<Candidate> present = new ArrayList<>();
        for (Optional<Candidate> device : placed) {
            device.filter(this::isCurrent).ifPresent(present::add);
        }
        return present;
    }

    /** Slots (bits) that should be here and are not. */
    long left() {
        long named = newest.isPresent() ? newest.get().members() & allSlots() : allSlots();
        return named & ~presentBits();
    }

    /** The device in {@code slot}, current or not. */
    Optional<Candidate> inSlot(int slot) {
        return placed.get(slot);
    }

    boolean isPlaced(Candidate candidate) {
        return placed.contains(Optional.of(candidate));
    }

    /** Why the device is not current, in words; empty if it is. */
    String reason(Candidate device) {
        if (isCurrent(device)) {
            return "";
        }
        if (device.newest.isEmpty()) {
            return device.path + (device.isRingBlank() ? ": holds no data yet" : ": none of its roots can be read");
        }
        RootPeek.Summary own = device.newest.get();
        RootPeek.Summary best = newest.orElse(own);
        if (own.isAtMostOneBefore(best) && (own.members() & device.bit()) == 0) {
            return device.path + ": its rebuild was not finished";
        }
        return device.path + ": stale, stopped at consistency point " + own.cp() + " of generation " + own.generation()
                + " while the others went on to " + best.cp() + " of generation " + best.generation();
    }

    private Optional<Candidate> place(int slot) {
        Optional<Candidate> best = Optional.empty();
        for (Candidate device : devices) {
            if (device.slot() != slot) {
                continue;
            }
            if (best.isEmpty() || isCurrent(device)) {
                best = Optional.of(device);
            }
        }
        return best;
    }

    private boolean isCurrent(Candidate device) {
        if (newest.isEmpty()) {
            return true;
        }
        if (device.newest.isEmpty() || Mutant.on("array.keep-stale-half")) {
            return device.newest.isPresent();
        }
        boolean named = (newest.get().members() & device.bit()) != 0;
        if (named && device.newest.get().cp() < newest.get().cp()) {
            Marks.reached("array.member-behind");
        }
        return named && device.newest.get().isAtMostOneBefore(newest.get());
    }

    private boolean wentOnAlone(Candidate device) {
        if (newest.isEmpty() || device.newest.isEmpty() || isCurrent(device)) {
            return false;
        }
        RootPeek.Summary own = device.newest.get();
        boolean apart = (own.members() & newest.get().members() & allSlots()) == 0;
        return (own.members() & device.bit()) != 0
                && (apart || own.cp() > newest.get().cp());
    }

    private long allSlots() {
        return (1L << slots) - 1;
    }

    private static String slotNumbers(long bits) {
        List<String> numbers = new ArrayList<>();
        for (long left = bits; left != 0; left &= left - 1) {
            numbers.add(String.valueOf(Long.numberOfTrailingZeros(left)));
        }
        return String.join(", ", numbers);
    }
}
