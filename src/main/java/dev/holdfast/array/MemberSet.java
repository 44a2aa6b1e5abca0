package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.device.Device;
import dev.holdfast.device.Label;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The slots of one mirror: which hold everything, which one is being rebuilt, which copy to read next. It starts no
 * I/O and does not know what is under way.
 *
 * <ol>
 *   <li>{@code present} is never empty: the last member is not taken out, the set has failed instead.
 *   <li>A slot is present, or joins, or has a reason why it is neither.
 *   <li>Only the array's own loop changes it; {@link #present}, {@link #choose}, {@link #device} and {@link #suspect}
 *       may be asked from any loop, and a device found may have left its slot by then.
 * </ol>
 */
final class MemberSet {
    /** No slot. */
    static final int NONE = -1;

    private static final int SPREAD_SHIFT = 11;
    private static final VarHandle SUSPECTS = suspectsHandle();

    private final Member[] slots;
    private volatile long present;

    @SuppressWarnings("unused") // written through SUSPECTS
    private volatile long suspects;

    private Optional<Rebuild> rebuild = Optional.empty();
    private long joining;
    private boolean failed;

    MemberSet(List<Member> slots, long present) {
        Checks.that(present != 0 && present >>> slots.size() == 0, "members are slots", present);
        this.slots = slots.toArray(Member[]::new);
        this.present = present;
        for (int slot = 0; slot < this.slots.length; slot++) {
            Checks.that(this.slots[slot].slot() == slot, "slots in order", slot);
            boolean inUse = (present >>> slot & 1) != 0;
            Checks.that(inUse == this.slots[slot].reason().isEmpty(), "what is not in use has a reason", slot);
        }
    }

    int count() {
        return slots.length;
    }

    /** Slots (bits) that hold everything. From any loop. */
    long present() {
        return present;
    }

    /** Slots (bits) with a device that is not in use. */
    long behind() {
        long bits = 0;
        for (Member member : slots) {
            bits |= member.hasDevice() ? member.bit() : 0;
        }
        return bits & ~targets();
    }

    /** Slots (bits) without a device. */
    long missing() {
        long bits = 0;
        for (Member member : slots) {
            bits |= member.hasDevice() ? 0 : member.bit();
        }
        return bits;
    }

    /** Where changes go: who is present and who joins. */
    long targets() {
        return present | joining;
    }

    /** Whether the slot is a member and not the only one. */
    boolean isOneOfSeveral(int slot) {
        return (present >>> slot & 1) != 0 && Long.bitCount(present) > 1;
    }

    boolean isJoining(int slot) {
        return (joining >>> slot & 1) != 0;
    }

    /** True when the last member has failed. */
    boolean hasFailed() {
        return failed;
    }

    /** Which copy of {@code address} to try next or {@link #NONE}; neighbours come from the same one. From any loop. */
    int choose(long address, long tried) {
        long candidates = present & ~tried;
        if (candidates == 0) {
            return NONE;
        }
        long sound = candidates & ~suspects;
        candidates = sound == 0 ? candidates : sound;
        long skip = (address >>> SPREAD_SHIFT) % Long.bitCount(candidates);
        while (skip-- > 0) {
            candidates &= candidates - 1;
        }
        return Long.numberOfTrailingZeros(candidates);
    }

    /** The device in {@code slot}, if there is one. From any loop. */
    Optional<Device> device(int slot) {
        return slots[slot].deviceIfAny();
    }

    /** The device in {@code slot}, which must be there. */
    Device deviceOf(int slot) {
        return slots[slot].device();
    }

    /** Reads avoid {@code slot} from now on; whether it is taken out is decided by the next change. From any loop. */
    void suspect(int slot) {
        SUSPECTS.getAndBitwiseOr(this, 1L << slot);
    }

    /** The label of one member; all agree but for the slot. */
    Label label() {
        return deviceOf(Long.numberOfTrailingZeros(present)).label();
    }

    /** A change failed on {@code slot}: it is out, false if it stays because it is the last one. */
    boolean takeOut(int slot, String reason) {
        Checks.that((present >>> slot & 1) != 0, "only a member is taken out", slot);
        deviceOf(slot).countWriteError();
        if (present == 1L << slot) {
            Marks.reached("array.last-member-failed");
            failed = true;
            return false;
        }
        Marks.reached("array.member-lost");
        slots[slot].reason(reason);
        present &= ~(1L << slot);
        return true;
    }

    /** Puts {@code device} into its slot, which is not in use; it is not a member yet. */
    void attach(Device device) {
        int slot = device.label().place().slot();
        Checks.that(device.label().agreesWith(label()), "a device of this array", slot);
        detach(slot);
        slots[slot] = Member.with(slot, device, device.disk().path() + ": holds no data yet");
    }

    /** Lets the device in a slot that is not in use go, if there is one, so that its disk may be formatted. */
    void detach(int slot) {
        Checks.that((targets() >>> slot & 1) == 0, "a slot that is not in use", slot);
        Checks.that(rebuild.isEmpty() || rebuild.get().slot() != slot, "a slot that is not being rebuilt", slot);
        if (slots[slot].hasDevice()) {
            deviceOf(slot).disk().close();
            slots[slot] = Member.missing(slot, slots[slot].reason());
        }
    }

    /** A rebuild begins; nothing else changes yet. */
    void begins(Rebuild starting) {
        int slot = starting.slot();
        Checks.that(rebuild.isEmpty(), "one rebuild at a time", slot);
        Checks.that((present >>> slot & 1) == 0, "a slot that is not in use", slot);
        Checks.that(slots[slot].hasDevice(), "a slot with a device", slot);
        rebuild = Optional.of(starting);
        slots[slot].reason("being rebuilt");
    }

    /** The rebuild whose slot takes part in changes, if there is one. */
    Optional<Rebuild> rebuild() {
        return joining == 0 ? Optional.empty() : rebuild;
    }

    /** From now on changes go to the slot that is being rebuilt too. */
    void joins(int slot) {
        Checks.that(rebuild.isPresent() && rebuild.get().slot() == slot, "the slot being rebuilt", slot);
        joining = 1L << slot;
    }

    /** The slot that is being rebuilt is a member from now on. */
    void joined() {
        Checks.that(joining != 0, "a slot joins");
        SUSPECTS.getAndBitwiseAnd(this, ~joining);
        slots[Long.numberOfTrailingZeros(joining)].reason("");
        present |= joining;
        joining = 0;
        rebuild = Optional.empty();
        Checks.that(present >>> slots.length == 0, "members are slots", present);
    }

    /** The slot that is being rebuilt stays out; what the rebuild has under way may still end. */
    void doesNotJoin(int slot, String reason) {
        Checks.that(rebuild.isPresent() && rebuild.get().slot() == slot, "the slot being rebuilt", slot);
        joining = 0;
        slots[slot].reason(reason);
    }

    /** Nothing of {@code ended} is left: another rebuild may begin. */
    void isOver(Rebuild ended) {
        Checks.that(ended.isOver(), "a rebuild that is over", ended.slot());
        if (rebuild.isPresent() && rebuild.get() == ended) {
            rebuild = Optional.empty();
        }
    }

    List<MemberHealth> health() {
        List<MemberHealth> lines = new ArrayList<>();
        for (Member member : slots) {
            lines.add(member.health((present & member.bit()) != 0));
        }
        return lines;
    }

    void close() {
        for (Member member : slots) {
            member.deviceIfAny().ifPresent(device -> device.disk().close());
        }
    }

    private static VarHandle suspectsHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(MemberSet.class, "suspects", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
