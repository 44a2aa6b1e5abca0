package dev.holdfast.host.raft;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Network.Address;
import java.util.List;
import java.util.UUID;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * Who keeps one log, as one of them knows it when it starts; what the log itself says goes before it. A majority of
 * the members has to be there for the log to take anything.
 *
 * @param group tells this log from every other, so that a member of another one is refused
 */
public record RaftMembers(UUID group, List<Member> members) {
    /**
     * One member.
     *
     * @param id its name in the log, never that of another member
     * @param address where it listens, with a port that stays the same
     */
    public record Member(String id, Address.Tcp address) {}

    /** Checks that there are members, each with a name of its own. */
    public RaftMembers {
        members = List.copyOf(members);
        Checks.that(!members.isEmpty(), "a log has a member");
        long names = members.stream().map(Member::id).distinct().count();
        Checks.that(names == members.size(), "members have names of their own", names);
    }

    Member member(String id) {
        return members.stream()
                .filter(member -> member.id.equals(id))
                .findFirst()
                .orElseThrow(() -> Checks.unreachable("a member is one of the members"));
    }

    RaftGroup toGroup() {
        return RaftGroup.valueOf(
                RaftGroupId.valueOf(group),
                members.stream().map(RaftMembers::toPeer).toList());
    }

    /** The group of who does not know yet who keeps the log. */
    RaftGroup toUnknownGroup() {
        return RaftGroup.valueOf(RaftGroupId.valueOf(group), List.of());
    }

    /** All but {@code id}. */
    RaftMembers without(String id) {
        return new RaftMembers(
                group, members.stream().filter(member -> !member.id.equals(id)).toList());
    }

    RaftPeer toPeer(String id) {
        return toPeer(member(id));
    }

    static Member fromPeer(RaftPeer peer) {
        String address = peer.getAddress();
        int colon = address.lastIndexOf(':');
        int port = Integer.parseInt(address.substring(colon + 1));
        return new Member(peer.getId().toString(), new Address.Tcp(address.substring(0, colon), port));
    }

    private static RaftPeer toPeer(Member member) {
        return RaftPeer.newBuilder()
                .setId(RaftPeerId.valueOf(member.id))
                .setAddress(member.address.host() + ":" + member.address.port())
                .build();
    }
}
