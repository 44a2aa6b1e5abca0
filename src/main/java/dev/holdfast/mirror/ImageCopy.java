package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import java.util.Optional;

/**
 * The primary's side of an image for one follower, in one epoch: a piece, its answer, the next one once there is room
 * for it; what is not answered is said again. It decides nothing about who needs one.
 */
final class ImageCopy {
    private final Self self;
    private final Follower follower;
    private final Message.Route route;
    private Optional<ImageSource> source = Optional.empty();
    private Position to = Position.START;
    private boolean begun;
    private long laid;
    private long said = -1;
    private long saidNanos;
    private long sentBlocks;
    private int answers;
    private boolean hasRoom = true;
    private long roundNanos;

    ImageCopy(Self self, Follower follower, int epoch) {
        this.self = self;
        this.follower = follower;
        this.route = new Message.Route(self.member(), follower.member, epoch);
    }

    /** How far it is; empty if none is under way. */
    Optional<ImageStatus> status() {
        return source.filter(image -> image.to().seq() > follower.held)
                .map(image -> new ImageStatus(
                        follower.member.node(),
                        image.to(),
                        image.isAll(),
                        image.leftBlocks(),
                        sentBlocks,
                        laid,
                        image.endBlock()));
    }

    /** The follower has said how far it is. */
    void laid(Message.Laid answer, long now) {
        if (answers == 0) {
            roundNanos = Math.max(now - saidNanos, roundNanos / 2);
        }
        answers++;
        hasRoom = answer.hasRoom();
        if (answer.to().compareTo(follower.mixture) > 0) {
            follower.mixture = answer.to();
        }
        if (answer.to().equals(to)) {
            begun = true;
            laid = Math.max(laid, answer.blocks());
        }
    }

    /** Sends what is due at {@code now}. */
    void send(long now) {
        source = self.log().images().source(follower.member.node(), follower.held, follower.mixture);
        if (source.isEmpty()) {
            return;
        }
        ImageSource image = source.get();
        if (!image.to().equals(to)) {
            Checks.that(
                    image.to().seq() > follower.held,
                    "an image is newer than who needs it",
                    image.to().seq());
            to = image.to();
            begun = false;
            laid = 0;
            said = -1;
        }
        boolean isNews = said != laid || answers > 1; // The first answer may say that there was no room.
        boolean isLate = now - saidNanos > patienceNanos();
        if (begun && laid >= image.endBlock()) {
            if (isNews || isLate) {
                say(
                        new Message.ImageEnd(
                                route,
                                follower.held,
                                to,
                                self.log().history().until(to.seq()).newest(Message.ImageEnd.MOST_RUNS),
                                image.kept()),
                        now);
            }
        } else if (hasRoom && isNews || isLate) {
            image.piece(laid).ifPresent(piece -> say(image, piece, now));
        }
    }

    private long patienceNanos() {
        return hasRoom ? Math.clamp(4 * roundNanos, Terms.IMAGE_NANOS, Terms.IMAGE_ROOM_NANOS) : Terms.IMAGE_ROOM_NANOS;
    }

    private void say(ImageSource image, ImagePiece piece, long now) {
        if (said == laid) {
            Marks.reached("mirror.image-again");
        }
        sentBlocks += piece.bytes().remaining() / ImagePiece.BLOCK_BYTES;
        say(new Message.Image(route, follower.held, to, image.sizeBytes(), piece), now);
    }

    private void say(Message message, long now) {
        said = laid;
        saidNanos = now;
        answers = 0;
        self.out().send(message);
    }
}
