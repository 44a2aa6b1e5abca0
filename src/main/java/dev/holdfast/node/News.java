package dev.holdfast.node;

import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.frontend.http.Progress;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.replica.CatchUp;
import dev.holdfast.replica.ReplicaEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;

/** What happened to a mirrored volume, in one sentence. */
final class News {
    private static final double NANOS = 1e9;
    private static final long BLOCK_BYTES = 4096;

    private final IntFunction<String> names;

    /** Sentences that call nodes by {@code names}. */
    News(IntFunction<String> names) {
        this.names = names;
    }

    /** The sentence for {@code event}. */
    String of(ReplicaEvent event) {
        return switch (event) {
            case ReplicaEvent.SetChanged change -> setChanged(change);
            case ReplicaEvent.MemoryLost lost ->
                "the copy on " + name(lost.member()) + " started without the memory that it had: what it had not put"
                        + " on disk, it gets from the others";
            case ReplicaEvent.CatchUpBegan began -> began(began.is());
            case ReplicaEvent.CatchUpEnded ended -> ended(ended.was(), ended.inSync());
            case ReplicaEvent.Healed healed -> healed(healed);
            case ReplicaEvent.PinsGivenUp given ->
                "space is short: roots that were kept for interrupted catch-ups were given up";
        };
    }

    private String began(CatchUp is) {
        return names.apply(is.node()) + " catches up: it gets " + Progress.gets(is.rung()) + ", about "
                + Progress.size(is.bytes().predicted());
    }

    private String ended(CatchUp was, boolean inSync) {
        return names.apply(was.node())
                + (inSync ? " has caught up: " : " was not caught up to the end: ")
                + Progress.figures(was);
    }

    private String healed(ReplicaEvent.Healed healed) {
        return Progress.size(healed.blocks() * BLOCK_BYTES) + " that no disk here had right, at offset "
                + healed.firstBlock() * BLOCK_BYTES + (healed.blocks() == 1 ? "" : " and elsewhere")
                + ", healed from another copy: that on " + names.apply(healed.node());
    }

    private String setChanged(ReplicaEvent.SetChanged change) {
        ReplicaSet now = change.now();
        String primary = name(now.primary());
        String where = " (epoch " + now.epoch() + ", in sync: " + names(now.inSync()) + ")";
        if (change.before().isEmpty()) {
            return primary + " is the first primary" + where;
        }
        ReplicaSet before = change.before().get();
        if (before.primary().node() != now.primary().node()) {
            return primary + " takes over from " + name(before.primary()) + lastHeard(change) + where;
        }
        List<String> parts = new ArrayList<>();
        List<Member> gone = before.inSync().stream()
                .filter(member -> now.inSync().stream().noneMatch(other -> other.node() == member.node()))
                .toList();
        for (Member member : gone) {
            boolean restarted = change.restarted().contains(member.node());
            parts.add("goes on without " + name(member)
                    + (restarted ? ", which was started again" : ", which does not answer"));
        }
        List<Member> come = now.inSync().stream()
                .filter(member -> before.inSync().stream().noneMatch(other -> other.node() == member.node()))
                .toList();
        if (!come.isEmpty()) {
            parts.add("has " + names(come) + " in sync again");
        }
        if (parts.isEmpty()) {
            parts.add("was started again and goes on");
        }
        return primary + " " + String.join(", and ", parts) + where;
    }

    private static String lastHeard(ReplicaEvent.SetChanged change) {
        if (change.resigned()) {
            return ", which stops,";
        }
        return change.silentNanos() < 0
                ? ""
                : String.format(Locale.ROOT, ", last heard of %.1f s ago,", change.silentNanos() / NANOS);
    }

    /** Another set of a volume that has no copy here. */
    static Optional<String> ofSets(MirrorInfo before, MirrorInfo now) {
        if (before.epoch() == now.epoch()) {
            return Optional.empty();
        }
        String primary = now.primary().isEmpty() ? "nobody" : now.primary();
        String from = before.primary();
        boolean moved = !from.isEmpty() && !primary.equals(from);
        String where = " (epoch " + now.epoch() + ", in sync: " + String.join(", ", now.inSync()) + ")";
        return Optional.of(primary + (moved ? " takes over from " + from : " is primary") + where);
    }

    private String names(List<Member> members) {
        return String.join(", ", members.stream().map(this::name).toList());
    }

    private String name(Member member) {
        return names.apply(member.node());
    }
}
