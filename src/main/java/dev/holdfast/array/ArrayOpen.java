package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Labels;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Disks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Opens the disks of one pool and finds out which of them are current: labels, then root rings, then a verdict
 * ({@link Membership}). It changes nothing but damaged copies of labels.
 *
 * <ol>
 *   <li>What proves a mistake (another pool's disk, a newer format, one disk twice) refuses the whole array; what is
 *       only missing or damaged leaves that disk out.
 *   <li>A disk is a member only if the newest root of all disks names it and it was there when that root was written.
 *   <li>When it is refused, every disk is closed.
 * </ol>
 */
public final class ArrayOpen {
    private static final byte UNREADABLE = (byte) 0xFF;

    private final List<Candidate> candidates = new ArrayList<>();
    private final Optional<Id128> pool;
    private final boolean mends;
    private final RootPeek peek;
    private final Loop loop;
    private final Consumer<ArrayOpened> done;

    private ArrayOpen(Optional<Id128> pool, boolean mends, RootPeek peek, Loop loop, Consumer<ArrayOpened> done) {
        this.pool = pool;
        this.mends = mends;
        this.peek = peek;
        this.loop = loop;
        this.done = done;
    }

    /**
     * Opens the array whose disks are at {@code paths}, in any order. {@code done} runs on {@code loop}, which is the
     * caller's and will be the only one to change the array.
     *
     * @param pool the pool they must belong to, if it is known
     */
    public static void open(
            Disks disks,
            List<String> paths,
            Optional<Id128> pool,
            RootPeek peek,
            Loop loop,
            Consumer<ArrayOpened> done) {
        new ArrayOpen(pool, true, peek, loop, done).start(disks, paths);
    }

    /** The same for one who only reads: nothing is written, not even over a damaged copy of a label. */
    public static void look(Disks disks, List<String> paths, RootPeek peek, Loop loop, Consumer<ArrayOpened> done) {
        new ArrayOpen(Optional.empty(), false, peek, loop, done).start(disks, paths);
    }

    private void start(Disks disks, List<String> paths) {
        Checks.that(loop.isCurrent(), "an array is opened on its own loop");
        loop.post(() -> openDisks(disks, paths));
    }

    private void openDisks(Disks disks, List<String> paths) {
        for (String path : paths) {
            Candidate candidate = new Candidate(path);
            candidates.add(candidate);
            try {
                candidate.disk = Optional.of(disks.open(path));
            } catch (WorldException e) {
                candidate.problem = String.valueOf(e.getMessage());
            }
        }
        List<Candidate> open = usable();
        if (open.isEmpty()) {
            refuse(problems());
            return;
        }
        Gather gather = new Gather(2 * open.size(), outcomes -> labelsRead(open, outcomes));
        for (int i = 0; i < open.size(); i++) {
            ByteBuffer bytes = open.get(i).labelBytes;
            Disk disk = open.get(i).openDisk();
            ByteBuffer first = bytes.slice(0, Label.BYTES);
            ByteBuffer second = bytes.slice(Label.BYTES, Label.BYTES);
            disk.read(Geometry.FIRST_LABEL_OFFSET, first, loop, gather, 2L * i);
            disk.read(Geometry.SECOND_LABEL_OFFSET, second, loop, gather, 2L * i + 1);
        }
    }

    private void labelsRead(List<Candidate> open, DiskOutcome[] outcomes) {
        for (int i = 0; i < open.size(); i++) {
            Candidate candidate = open.get(i);
            candidate.labels = new Labels(
                    reading(candidate, outcomes[2 * i], 0), reading(candidate, outcomes[2 * i + 1], Label.BYTES));
            Optional<String> mistake = identify(candidate);
            if (mistake.isPresent()) {
                refuse(mistake.get());
                return;
            }
        }
        Optional<String> mistake = disagreement();
        if (mistake.isPresent() || usable().isEmpty()) {
            refuse(mistake.orElseGet(this::problems));
            return;
        }
        readRings();
    }

    private static Label.Reading reading(Candidate candidate, DiskOutcome outcome, int base) {
        return outcome == DiskOutcome.OK ? Label.decode(candidate.labelBytes, base) : new Label.Reading.Damaged();
    }

    /** What the label says; a reason to refuse everything if it says that somebody has made a mistake. */
    private Optional<String> identify(Candidate candidate) {
        switch (candidate.labels.verdict()) {
            case Label.Reading.Newer _ -> {
                return Optional.of(candidate.path + ": written by a newer Holdfast; this one reads disk format "
                        + Label.FORMAT_VERSION);
            }
            case Label.Reading.Found found -> {
                Label label = found.label();
                candidate.label = Optional.of(label);
                if (pool.isPresent() && !pool.get().equals(label.ids().pool())) {
                    return Optional.of(
                            candidate.path + ": belongs to pool " + label.ids().pool() + ", not to " + pool.get());
                }
                long lengthBytes = candidate.openDisk().lengthBytes();
                long neededBytes = label.geometry().endBytes();
                if (lengthBytes < neededBytes) {
                    candidate.unusable(candidate.path + ": cut short, " + lengthBytes + " bytes of " + neededBytes);
                }
            }
            case Label.Reading.Damaged _ -> candidate.unusable(candidate.path + ": both labels are damaged");
            case Label.Reading.Foreign _ -> candidate.unusable(candidate.path + ": is not a Holdfast disk");
            case Label.Reading.Blank _ -> {
                candidate.unusable(candidate.path + ": is blank");
                candidate.blank = true;
            }
        }
        return Optional.empty();
    }

    private Optional<String> disagreement() {
        List<Candidate> known = new ArrayList<>(candidates);
        known.removeIf(candidate -> candidate.label.isEmpty());
        for (int i = 1; i < known.size(); i++) {
            Label label = known.get(i).knownLabel();
            for (Candidate other : known.subList(0, i)) {
                Label before = other.knownLabel();
                String both = other.path + " and " + known.get(i).path;
                if (label.ids().device().equals(before.ids().device())) {
                    return Optional.of(both + ": carry one label, so they are one disk twice, or a copy of it");
                }
                if (!label.ids().pool().equals(before.ids().pool())) {
                    return Optional.of(both + ": belong to different pools");
                }
                if (!label.agreesWith(before)) {
                    return Optional.of(both + ": say different things of the pool's layout");
                }
            }
        }
        return Optional.empty();
    }

    private void readRings() {
        List<Candidate> known = usable();
        Gather gather = new Gather(known.size(), outcomes -> ringsRead(known, outcomes));
        for (int i = 0; i < known.size(); i++) {
            ByteBuffer ring = BlockBuffer.allocate(Geometry.ROOT_BYTES);
            known.get(i).ring = Optional.of(ring);
            known.get(i).openDisk().read(Geometry.ROOT_OFFSET, ring, loop, gather, i);
        }
    }

    private void ringsRead(List<Candidate> known, DiskOutcome[] outcomes) {
        List<Candidate> again = new ArrayList<>();
        for (int i = 0; i < outcomes.length; i++) {
            switch (outcomes[i]) {
                case OK -> {}
                case MEDIA_ERROR -> again.add(known.get(i));
                case FULL, GONE -> known.get(i).unusable(known.get(i).path + ": " + Gather.words(outcomes[i]));
            }
        }
        if (again.isEmpty()) {
            decide();
            return;
        }
        int slots = Geometry.ROOT_SLOTS;
        Gather gather = new Gather(again.size() * slots, pieces -> piecesRead(again, pieces));
        for (int i = 0; i < again.size() * slots; i++) {
            int at = i % slots * Disk.BLOCK_BYTES;
            Candidate candidate = again.get(i / slots);
            ByteBuffer piece = ringOf(candidate).slice(at, Disk.BLOCK_BYTES);
            candidate.openDisk().read(Geometry.ROOT_OFFSET + at, piece, loop, gather, i);
        }
    }

    private void piecesRead(List<Candidate> again, DiskOutcome[] pieces) {
        for (int i = 0; i < pieces.length; i++) {
            ByteBuffer ring = ringOf(again.get(i / Geometry.ROOT_SLOTS));
            int base = i % Geometry.ROOT_SLOTS * Disk.BLOCK_BYTES;
            for (int at = 0; pieces[i] != DiskOutcome.OK && at < Disk.BLOCK_BYTES; at++) {
                ring.put(base + at, UNREADABLE);
            }
        }
        decide();
    }

    private void decide() {
        List<Candidate> known = usable();
        if (known.isEmpty()) {
            refuse(problems());
            return;
        }
        known.forEach(candidate -> candidate.findNewest(peek));
        Membership membership = new Membership(known);
        Optional<String> mistake = membership.mistake();
        if (mistake.isPresent()) {
            refuse(mistake.get());
            return;
        }
        List<Candidate> members = membership.present();
        List<Candidate> torn = new ArrayList<>(members);
        torn.removeIf(candidate -> !mends || candidate.labels.agree());
        if (torn.isEmpty()) {
            finish(membership);
            return;
        }
        Gather gather = new Gather(torn.size(), _ -> finish(membership));
        for (int i = 0; i < torn.size(); i++) {
            healLabel(torn.get(i), gather, i);
        }
    }

    /** Writes the good copy over the other; if that fails, the label stays as it is and the next start tries again. */
    private void healLabel(Candidate candidate, Gather gather, int token) {
        boolean firstIsGood = candidate.labels.first().equals(new Label.Reading.Found(candidate.knownLabel()));
        long offset = firstIsGood ? Geometry.SECOND_LABEL_OFFSET : Geometry.FIRST_LABEL_OFFSET;
        ByteBuffer block = BlockBuffer.allocate(Label.BYTES);
        candidate.knownLabel().encode(block, 0);
        candidate.openDisk().writeDurable(offset, new ByteBuffer[] {block}, 1, loop, gather, token);
    }

    private void finish(Membership membership) {
        Label label = membership.present().getFirst().knownLabel();
        List<Member> slots = new ArrayList<>();
        List<RootRing> rings = new ArrayList<>();
        for (int slot = 0; slot < label.place().slots(); slot++) {
            Optional<Candidate> candidate = membership.inSlot(slot);
            if (candidate.isEmpty()) {
                slots.add(Member.missing(slot, problems()));
                continue;
            }
            String reason = membership.reason(candidate.get());
            slots.add(Member.with(slot, candidate.get().device(), reason));
            rings.add(new RootRing(slot, reason.isEmpty(), ringOf(candidate.get())));
        }
        for (Candidate candidate : candidates) {
            if (!membership.isPlaced(candidate)) {
                candidate.close();
            }
        }
        Mirror mirror = new Mirror(loop, label.geometry(), new MemberSet(slots, membership.presentBits()));
        List<String> blank = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if (candidate.isBlank()) {
                blank.add(candidate.path);
            }
        }
        Id128 found = label.ids().pool();
        done.accept(new ArrayOpened.Opened(
                found, mirror, List.copyOf(rings), List.copyOf(blank), label.isTwin(), membership.left()));
    }

    private static ByteBuffer ringOf(Candidate candidate) {
        Checks.that(candidate.ring.isPresent(), "the root ring has a buffer");
        return candidate.ring.get();
    }

    private List<Candidate> usable() {
        List<Candidate> usable = new ArrayList<>(candidates);
        usable.removeIf(candidate -> !candidate.isUsable());
        return usable;
    }

    private String problems() {
        List<String> problems = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if (!candidate.isUsable()) {
                problems.add(candidate.problem);
            }
        }
        return problems.isEmpty() ? "no disk given for it" : String.join("; ", problems);
    }

    private void refuse(String reason) {
        Checks.that(!reason.isEmpty() && reason.indexOf('\n') < 0, "a reason is one line");
        candidates.forEach(Candidate::close);
        done.accept(new ArrayOpened.Refused(reason));
    }
}
