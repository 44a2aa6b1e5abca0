package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.follow.Followed;
import dev.holdfast.follow.FollowedVolume;
import dev.holdfast.follow.Places;
import dev.holdfast.follow.SessionName;
import dev.holdfast.follow.Sessions;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.World;
import dev.holdfast.replica.PrimaryVolume;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A mirrored volume as this node lets clients reach it: followed to wherever its primary is, for those who ask for it
 * by name; and, if a copy is here, for those who follow it from elsewhere. Made and ended on the control loop.
 */
final class MirroredExport {
    private final Loop loop;
    private final Network peers;
    private final World world;
    private final List<FollowedVolume> followed = new ArrayList<>();
    private Optional<PrimaryVolume> here = Optional.empty();
    private Optional<Sessions> sessions = Optional.empty();
    private long sizeBytes;
    private List<Network.Address> said = List.of();

    /** Touched on the volume's loop only. */
    private List<Network.Address> elsewhere = List.of();

    /** Touched on the volume's loop only. */
    private Optional<Sessions> sessionsThere = Optional.empty();

    MirroredExport(Loop loop, Network peers, World world) {
        this.loop = loop;
        this.peers = peers;
        this.world = world;
    }

    /** For clients that ask for {@code what} by its name from now on; those of another size keep what they have. */
    BlockVolume followed(Followed what) {
        if (followed.isEmpty() || sizeBytes != what.sizeBytes()) {
            sizeBytes = what.sizeBytes();
            Places places = new Places(() -> sessionsThere, peers, () -> elsewhere);
            followed.add(new FollowedVolume(what, places, loop, world.clock()));
        }
        return followed.getLast();
    }

    /** For who follows it: absent if no copy is here. */
    Optional<BlockVolume> path(SessionName path) {
        return sessions.map(open -> open.open(path.session(), path.number()));
    }

    /** The copy that is here from now on; who used another one finds that it leads no more. */
    void hereIs(Optional<PrimaryVolume> copy) {
        Checks.that(copy.isEmpty() || copy.get().loop() == loop, "a copy and who follows it are on one loop");
        if (!copy.equals(here)) {
            Optional<Sessions> before = sessions;
            here = copy;
            sessions = copy.map(Sessions::new);
            Optional<Sessions> now = sessions;
            loop.post(() -> {
                before.ifPresent(Sessions::end);
                sessionsThere = now;
            });
        }
    }

    /** Where the other nodes are now, likelier ones first. */
    void nodesAre(List<Network.Address> addresses) {
        if (!addresses.equals(said)) {
            said = addresses;
            loop.post(() -> elsewhere = addresses);
        }
    }

    /** Nobody may reach it here any more. */
    void end() {
        List<FollowedVolume> all = List.copyOf(followed);
        Optional<Sessions> open = sessions;
        loop.post(() -> {
            all.forEach(FollowedVolume::stop);
            open.ifPresent(Sessions::end);
        });
    }
}
