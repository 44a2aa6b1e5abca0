package dev.holdfast.replica;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.ImageStatus;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Whom a primary brings up to date, and how far each is, from the messages that it sends to those who are not in the
 * set. It changes nothing.
 */
final class CatchUps {
    private final OneCatchUp.Changes changes;
    private final Clock clock;
    private final Supplier<List<ImageStatus>> images;
    private final Consumer<ReplicaEvent> told;
    private final TreeMap<Integer, OneCatchUp> byNode = new TreeMap<>();
    private Optional<ReplicaSet> set = Optional.empty();

    /** None yet; {@code images} are those that are under way. */
    CatchUps(OneCatchUp.Changes changes, Clock clock, Supplier<List<ImageStatus>> images, Consumer<ReplicaEvent> told) {
        this.images = images;
        this.changes = changes;
        this.clock = clock;
        this.told = told;
    }

    /** A message goes out. */
    void sent(Message message) {
        switch (message) {
            case Message.Append append
            when isBehind(append.route().to()) -> {
                Batch batch = append.batch();
                if (batch.last() >= batch.first()) {
                    one(append.route().to(), batch.first() - 1).send(batch);
                }
            }
            case Message.Image image -> {
                Member to = image.route().to();
                boolean isAll = image(to.node()).filter(ImageStatus::isAll).isPresent();
                one(to, image.base()).send(image.to(), isAll, image.piece());
            }
            default -> {}
        }
    }

    private boolean isBehind(Member member) {
        return set.isPresent() && !set.get().has(member);
    }

    private OneCatchUp one(Member member, long has) {
        OneCatchUp known = byNode.get(member.node());
        if (known == null || !known.member().equals(member)) {
            known = new OneCatchUp(member, has, changes, clock);
            byNode.put(member.node(), known);
        }
        return known;
    }

    private Optional<ImageStatus> image(int node) {
        return images.get().stream().filter(image -> image.node() == node).findFirst();
    }

    /** Time passes. */
    void look() {
        for (OneCatchUp one : byNode.values()) {
            image(one.member().node())
                    .ifPresent(image ->
                            one.imageLeft(image.leftBlocks() < 0 ? -1 : image.leftBlocks() * ImagePiece.BLOCK_BYTES));
            look(one);
        }
    }

    private void look(OneCatchUp one) {
        if (one.look()) {
            told.accept(new ReplicaEvent.CatchUpBegan(one.status()));
        }
    }

    /** Something was decided: who is in the set is up to date. */
    void decided(Authority authority, boolean leads) {
        set = authority.newest();
        for (OneCatchUp one : List.copyOf(byNode.values())) {
            boolean inSync = set.isPresent() && set.get().has(one.member());
            if (inSync || !leads || !authority.isCurrent(one.member())) {
                byNode.remove(one.member().node());
                one.over(inSync);
                look(one);
                told.accept(new ReplicaEvent.CatchUpEnded(one.status(), inSync && leads));
            }
        }
    }

    List<CatchUp> status() {
        return byNode.values().stream().map(OneCatchUp::status).toList();
    }
}
