package dev.holdfast.host.raft;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SetConfigurationRequest.Mode;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;

/**
 * How a member is taken in or out, by Ratis' own protocol: decided by the log's majority before it and after it.
 * It keeps nothing; what is not known to have happened is asked again.
 */
final class RaftChanges {
    private final RaftServer server;
    private final RaftCaller caller;
    private final RaftPeer self;

    RaftChanges(RaftServer server, RaftCaller caller, RaftPeer self) {
        this.server = server;
        this.caller = caller;
        this.self = self;
    }

    /** True if the log as it is here has this member among those that keep it. */
    boolean isMember() throws IOException {
        return configuration().getPeer(self.getId(), RaftPeerRole.FOLLOWER) != null;
    }

    /** Who keeps the log, as it is here. */
    List<RaftPeer> members() throws IOException {
        return List.copyOf(configuration().getAllPeers(RaftPeerRole.FOLLOWER));
    }

    private RaftConfiguration configuration() throws IOException {
        return server.getDivision(server.getGroupIds().iterator().next()).getRaftConf();
    }

    /** Looks who the members are now, so that whoever leads is found among them. */
    void look() {
        try {
            caller.peersAre(members());
        } catch (IOException notRunning) {
            return; // Then nobody is asked any more.
        }
    }

    /** Asks once to be taken in; true if that is so now. */
    boolean join() {
        return ask(SetConfigurationRequest.Arguments.newBuilder()
                .setServersInNewConf(List.of(self))
                .setMode(Mode.ADD)
                .build());
    }

    /** Asks once that none of {@code ids} is a member; nothing changes if none is, or another change comes first. */
    void takeOut(Set<String> ids) throws IOException {
        List<RaftPeer> now = members();
        List<RaftPeer> left = now.stream()
                .filter(peer -> !ids.contains(peer.getId().toString()))
                .toList();
        if (left.size() < now.size() && !left.isEmpty()) {
            ask(SetConfigurationRequest.Arguments.newBuilder()
                    .setServersInCurrentConf(now)
                    .setServersInNewConf(left)
                    .setMode(Mode.COMPARE_AND_SET)
                    .build());
        }
    }

    private boolean ask(SetConfigurationRequest.Arguments arguments) {
        try {
            return caller.client().admin().setConfiguration(arguments).isSuccess();
        } catch (IOException notNow) {
            return false;
        }
    }
}
