package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.device.Device;
import java.util.Optional;

/**
 * One slot of an array: the device in it, if there is one, and why it is not in use, if it is not. Which slots are in
 * use is the mirror's to know.
 */
final class Member {
    private final int slot;
    private final Optional<Device> device;
    private String reason;

    private Member(int slot, Optional<Device> device, String reason) {
        Checks.that(slot >= 0 && slot < Long.SIZE, "a slot has a bit", slot);
        this.slot = slot;
        this.device = device;
        this.reason = reason;
    }

    /** A device that is in use, or one that is not for {@code reason}. */
    static Member with(int slot, Device device, String reason) {
        return new Member(slot, Optional.of(device), reason);
    }

    /** A slot without a device. */
    static Member missing(int slot, String reason) {
        Checks.that(!reason.isEmpty(), "what is missing is missing for a reason", slot);
        return new Member(slot, Optional.empty(), reason);
    }

    int slot() {
        return slot;
    }

    long bit() {
        return 1L << slot;
    }

    boolean hasDevice() {
        return device.isPresent();
    }

    /** The device, which must be there. */
    Device device() {
        Checks.that(device.isPresent(), "the slot has a device", slot);
        return device.get();
    }

    Optional<Device> deviceIfAny() {
        return device;
    }

    /** Why it is not in use; empty if it is. */
    String reason() {
        return reason;
    }

    void reason(String why) {
        reason = why;
    }

    /** How it is, for people. */
    MemberHealth health(boolean present) {
        if (device.isEmpty()) {
            return new MemberHealth(slot, "", false, reason, 0, 0, 0);
        }
        Device it = device.get();
        String path = it.disk().path();
        return new MemberHealth(slot, path, present, reason, it.readErrors(), it.writeErrors(), it.repaired());
    }
}
