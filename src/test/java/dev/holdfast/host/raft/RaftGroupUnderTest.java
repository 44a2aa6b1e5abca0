package dev.holdfast.host.raft;

import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** The members of one log on this machine: {@code m0}, {@code m1}, ..., each with a loopback port and a directory. */
final class RaftGroupUnderTest {
    /** Below the ports that the system gives to connections, so that a member finds its port free again. */
    private static final int FIRST_PORT = 20_000;

    private static final int END_PORT = 32_000;

    private final RaftMembers members;
    private final Path directory;
    private final long patienceNanos;

    RaftGroupUnderTest(int size, Path directory, long patienceNanos) {
        List<RaftMembers.Member> list = new ArrayList<>();
        freePorts(size).forEach(port -> {
            Address.Tcp address =
                    new Address.Tcp(InetAddress.getLoopbackAddress().getHostAddress(), port);
            list.add(new RaftMembers.Member("m" + list.size(), address));
        });
        this.members = new RaftMembers(UUID.randomUUID(), list);
        this.directory = directory;
        this.patienceNanos = patienceNanos;
    }

    private RaftGroupUnderTest(RaftMembers members, Path directory, long patienceNanos) {
        this.members = members;
        this.directory = directory;
        this.patienceNanos = patienceNanos;
    }

    /** The same members at the same addresses, in another directory. */
    RaftGroupUnderTest elsewhere(Path other) {
        return new RaftGroupUnderTest(members, other, patienceNanos);
    }

    RaftMembers members() {
        return members;
    }

    RaftOrderedLog open(int member) throws WorldException {
        String id = members.members().get(member).id();
        return RaftOrderedLog.open(members, new RaftSelf(id, directory.resolve(id)), patienceNanos, (where, thrown) -> {
            throw new AssertionError(where, thrown);
        });
    }

    static List<Integer> freePorts(int count) {
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < count) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                ports.add(probe.getLocalPort());
            } catch (IOException taken) {
                continue;
            }
        }
        return ports;
    }
}
