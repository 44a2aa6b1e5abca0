package dev.holdfast.host.raft;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;

/**
 * How one member speaks to whoever leads: a client of Ratis, made anew when the members are others. It tries nothing
 * twice. May be used by any thread.
 */
final class RaftCaller implements Closeable {
    private final RaftGroupId group;
    private final RaftPeerId self;
    private final RaftProperties settings;
    private final Parameters proofs;
    private List<RaftPeer> peers;
    private RaftClient client;
    private boolean closed;

    /** Asks {@code self} at first, who knows whoever leads, if it is of the group. */
    RaftCaller(RaftGroup group, RaftPeerId self, RaftProperties settings, Parameters proofs) {
        this.group = group.getGroupId();
        this.self = self;
        this.settings = settings;
        this.proofs = proofs;
        this.peers = List.copyOf(group.getPeers());
        this.client = newClient();
    }

    private RaftClient newClient() {
        RaftClient.Builder builder = RaftClient.newBuilder()
                .setRaftGroup(RaftGroup.valueOf(group, peers))
                .setProperties(settings)
                .setParameters(proofs)
                .setRetryPolicy(RetryPolicies.noRetry());
        boolean isMember = peers.stream().anyMatch(peer -> peer.getId().equals(self));
        return (isMember ? builder.setLeaderId(self) : builder).build();
    }

    synchronized RaftClient client() {
        return client;
    }

    /**
     * The members are {@code now} these, as far as is known here; an empty list says nothing. The former client is
     * closed by a thread of its own, for that can take seconds when one of them is dead.
     */
    synchronized void peersAre(List<RaftPeer> now) {
        if (closed || now.isEmpty() || names(now).equals(names(peers))) {
            return;
        }
        RaftClient former = client;
        peers = List.copyOf(now);
        client = newClient();
        Thread.ofPlatform().daemon(true).name("control-log-client-close").start(() -> closeQuietly(former));
    }

    private static void closeQuietly(RaftClient former) {
        try {
            former.close();
        } catch (IOException gone) {
            return;
        }
    }

    private static TreeSet<String> names(List<RaftPeer> peers) {
        return peers.stream().map(peer -> peer.getId().toString()).collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        client.close();
    }
}
