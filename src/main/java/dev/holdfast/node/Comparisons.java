package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.cluster.control.SnapshotInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.http.VolumeCheck;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Position;
import dev.holdfast.replica.Comparison;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Comparisons of the copies of mirrored volumes that were begun at this node, the newest of each volume: makes the
 * snapshot by which all are compared, and sees to it that it goes again, also that of a node which died. On the control
 * loop.
 */
final class Comparisons {
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final int BLOCK_BYTES = 4096;

    private final Loop control;
    private final Entropy entropy;
    private final Controller controller;
    private final Replicas replicas;
    private final Events events;
    private final TreeMap<String, One> newest = new TreeMap<>();
    private boolean stopped;

    /** The newest comparison of a volume. */
    private static final class One {
        VolumeCheck is = VolumeCheck.begun();
        Optional<String> finding = Optional.empty();
        Optional<Replicas.Copy> copy = Optional.empty();
        long snapshot;
        boolean isUnwanted;
    }

    Comparisons(Loop control, Entropy entropy, Controller controller, Replicas replicas, Events events) {
        this.control = control;
        this.entropy = entropy;
        this.controller = controller;
        this.replicas = replicas;
        this.events = events;
    }

    /** Begins to let snapshots go that nobody compares by any more. */
    void start() {
        Checks.that(control.isCurrent(), "comparisons are on the control loop");
        if (!stopped) {
            look();
            control.after(LOOK_NANOS, this::start);
        }
    }

    /** None is begun any more. */
    void stop() {
        stopped = true;
    }

    /** Begins one; {@code begun} is told why that can't be, if it can't. */
    void begin(String name, boolean reads, Consumer<Optional<Result.Refused>> begun) {
        Optional<VolumeInfo> volume = controller.state().volume(name);
        Optional<Result.Refused> refused = volume.isEmpty()
                ? Optional.of(refused(
                        Result.Kind.NOT_FOUND, "there is no volume " + name + ": `holdfast volume ls` lists them"))
                : objection(volume.get());
        begun.accept(refused);
        if (refused.isEmpty()) {
            One one = new One();
            One before = newest.put(name, one);
            one.finding = before == null ? Optional.empty() : before.finding;
            begin(volume.orElseThrow(), one, reads);
        }
    }

    private static Result.Refused refused(Result.Kind kind, String why) {
        return new Result.Refused(kind, why);
    }

    private Optional<Result.Refused> objection(VolumeInfo volume) {
        String name = volume.name();
        Optional<MirrorInfo> mirror = controller.state().mirror(volume);
        String why = "";
        if (mirror.isEmpty() || !controller.state().isMirrored(volume)) {
            why = "volume " + name + " has one copy, which `holdfast pool verify` checks with its pool";
        } else if (mirror.get().inSync().size() < 2) {
            why = "volume " + name + " has no two copies in sync that could be compared: `holdfast mirror ls`";
        } else if (!mirror.get().inSync().contains(controller.self().name())) {
            why = "node " + controller.self().name() + " has no copy of volume " + name + " in sync: ask "
                    + String.join(" or ", mirror.get().inSync());
        } else if (Optional.ofNullable(newest.get(name))
                .filter(one -> one.is.running())
                .isPresent()) {
            why = "volume " + name + " is being verified here";
        }
        return why.isEmpty() ? Optional.empty() : Optional.of(refused(Result.Kind.CONFLICT, why));
    }

    /** How the newest one of a volume is; none if none was begun since the process started. */
    void look(String name, Consumer<Optional<VolumeCheck>> told) {
        Optional<One> one = Optional.ofNullable(newest.get(name));
        Optional<Replicas.Copy> copy = one.filter(found -> found.is.running()).flatMap(found -> found.copy);
        if (copy.isEmpty()) {
            told.accept(one.map(found -> found.is));
            return;
        }
        copy.get().volume().loop().post(() -> {
            Optional<Comparison.Progress> progress =
                    copy.get().replica().comparing().progress();
            control.post(() -> {
                progress.filter(found -> one.get().is.running())
                        .ifPresent(found -> one.get().is =
                                new VolumeCheck(true, found.comparedBlocks(), found.allBlocks(), "", "", List.of(), 0));
                told.accept(Optional.of(one.get().is));
            });
        });
    }

    /** Ends one that is under way. */
    void end(String name) {
        One one = newest.get(name);
        if (one != null && one.is.running()) {
            one.isUnwanted = true;
            one.copy.ifPresent(copy ->
                    copy.volume().loop().post(() -> copy.replica().comparing().stop("it was told to end")));
        }
    }

    /** What was found and not found to be well since, by what it is about. */
    Map<String, String> findings() {
        Map<String, String> findings = new LinkedHashMap<>();
        newest.forEach((name, one) -> one.finding.ifPresent(what -> findings.put("copies of " + name, what)));
        return findings;
    }

    /** What another comparison compares by goes first: that one ends. */
    private void begin(VolumeInfo volume, One one, boolean reads) {
        Optional<SnapshotInfo> other = controller.state().snapshots(volume.id()).stream()
                .filter(snapshot -> snapshot.comparedIn() > 0)
                .findFirst();
        if (other.isPresent()) {
            submit(new Operation.DeleteSnapshot(volume.name(), other.get().name()), gone -> make(volume, one, reads));
        } else {
            make(volume, one, reads);
        }
    }

    private void make(VolumeInfo volume, One one, boolean reads) {
        int epoch = controller.state().mirror(volume).map(MirrorInfo::epoch).orElse(0);
        String name = SnapshotInfo.comparedIn(epoch);
        submit(new Operation.CreateSnapshot(volume.name(), name), made -> {
            Optional<SnapshotInfo> snapshot =
                    controller.state().snapshot(volume.id(), name).filter(found -> made instanceof Result.Done);
            one.snapshot = snapshot.map(SnapshotInfo::id).orElse(0L);
            one.copy = replicas.copy(volume.shard());
            if (one.isUnwanted || one.copy.isEmpty()) {
                ended(volume, one, "it was told to end");
            } else if (made instanceof Result.Refused refused) {
                ended(volume, one, refused.why());
            } else if (snapshot.isEmpty()) {
                ended(volume, one, "another one was begun");
            } else {
                compare(volume, one, reads);
            }
        });
    }

    private void compare(VolumeInfo volume, One one, boolean reads) {
        Replicas.Copy copy = one.copy.orElseThrow();
        copy.volume()
                .loop()
                .post(() -> copy.replica()
                        .comparing()
                        .begin(
                                one.snapshot,
                                reads,
                                copy.replica().replica(),
                                outcome -> control.post(() -> ended(volume, one, outcome))));
    }

    private void ended(VolumeInfo volume, One one, String why) {
        ended(volume, one, new Comparison.Outcome(why, Position.START, List.of(), 0, List.of(), 0));
    }

    private void ended(VolumeInfo volume, One one, Comparison.Outcome outcome) {
        Checks.that(one.is.running(), "a comparison ends once", one.snapshot);
        List<String> nodes = outcome.nodes().stream().map(this::nodeName).toList();
        String why = outcome.why().isEmpty() || nodes.isEmpty()
                ? outcome.why()
                : String.join(" and ", nodes) + " " + outcome.why();
        String summary = outcome.why().isEmpty() ? summary(outcome, nodes) : "";
        List<VolumeCheck.Difference> differences =
                outcome.differing().stream().map(this::difference).toList();
        one.is = new VolumeCheck(
                false,
                one.is.comparedBlocks(),
                one.is.allBlocks(),
                why,
                summary,
                differences,
                outcome.differingBlocks());
        if (outcome.differingBlocks() > 0) {
            one.finding = Optional.of("volume " + volume.name() + ": " + summary + "; `holdfast volume verify "
                    + volume.name() + "` again says whether they still do");
        } else if (outcome.isClean()) {
            one.finding = Optional.empty();
        }
        events.add(volume.name(), why.isEmpty() ? summary : "the verification came to no end: " + why);
        look();
    }

    private static String summary(Comparison.Outcome outcome, List<String> nodes) {
        String where = " at " + outcome.at().epoch() + "." + outcome.at().seq();
        return outcome.differingBlocks() == 0
                ? nodes.size() + " copies (" + String.join(", ", nodes) + ") agree on " + outcome.blocks()
                        + " blocks in use" + where
                : "the copies on " + String.join(", ", nodes) + " differ in " + outcome.differingBlocks()
                        + " blocks of 4 KiB" + where;
    }

    private VolumeCheck.Difference difference(Comparison.Range range) {
        return new VolumeCheck.Difference(
                range.firstBlock() * BLOCK_BYTES,
                range.blocks() * BLOCK_BYTES,
                range.nodes().stream().map(this::nodeName).toList());
    }

    private String nodeName(int number) {
        return controller.state().node(number).map(NodeInfo::name).orElse("?");
    }

    /** Lets go what was made here and is not needed, and, where this node leads, what is of an earlier epoch. */
    private void look() {
        for (SnapshotInfo snapshot : List.copyOf(controller.state().snapshots())) {
            if (snapshot.comparedIn() > 0 && snapshot.life() == Life.LIVE) {
                controller.state().volume(snapshot.volume()).ifPresent(volume -> look(snapshot, volume));
            }
        }
    }

    /** A comparison ends with its epoch, and a node that has died is in no later one. */
    private void look(SnapshotInfo snapshot, VolumeInfo volume) {
        Optional<One> own = Optional.ofNullable(newest.get(volume.name())).filter(one -> one.snapshot == snapshot.id());
        boolean isNeeded = own.filter(one -> one.is.running()).isPresent();
        Optional<MirrorInfo> mirror = controller.state().mirror(volume);
        boolean isLeft = mirror.isEmpty()
                || mirror.get().primary().equals(controller.self().name())
                        && mirror.get().epoch() > snapshot.comparedIn();
        if (!isNeeded && (own.isPresent() || isLeft)) {
            submit(new Operation.DeleteSnapshot(volume.name(), snapshot.name()), ended -> {});
        }
    }

    private void submit(Operation operation, Consumer<Result> answer) {
        controller.submit(new Id128(entropy.nextLong(), entropy.nextLong()), operation, answer);
    }
}
