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
import java.util.List;
import java.util.Optional;

/**
 * A mirrored volume as this node lets clients reach it: followed to wherever its primary is, for those who ask for it
 * by name; and, if a copy is here, for those who follow it from elsewhere. Made and ended on the control loop.
 */
final class MirroredExport {
    private final Loop loop;
    private final Optional<Sessions> sessions;
    private final FollowedVolume followed;
    private List<Network.Address> said = List.of();

    /** Touched on the volume's loop only. */
    private List<Network.Address> elsewhere = List.of();

    MirroredExport(Followed what, Optional<PrimaryVolume> here, Loop loop, World world) {
        this.loop = loop;
        this.sessions = here.map(Sessions::new);
        Checks.that(here.isEmpty() || here.get().loop() == loop, "a copy and who follows it are on one loop");
        Places places = new Places(sessions, world.network(), () -> elsewhere);
        this.followed = new FollowedVolume(what, places, loop, world.clock());
    }

    /** For clients that ask for it by its name. */
    BlockVolume followed() {
        return followed;
    }

    /** For who follows it: absent if no copy is here. */
    Optional<BlockVolume> path(SessionName path) {
        return sessions.map(open -> open.open(path.session(), path.number()));
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
        loop.post(() -> {
            followed.stop();
            sessions.ifPresent(Sessions::end);
        });
    }
}
