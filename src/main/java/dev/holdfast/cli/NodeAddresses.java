package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.io.Network.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Where the nodes of a cluster serve disks, as people said and as an API says. {@link #get} may be called from anywhere
 * and never waits.
 */
final class NodeAddresses implements Supplier<List<Address>> {
    private final String volume;
    private final List<String> servers;
    private final List<Address> fixed;
    private volatile List<Address> known;
    private volatile boolean asked;

    /** Those that {@code nodes} name (HOST:PORT), and those that an API among {@code servers} will name. */
    NodeAddresses(String volume, List<String> servers, List<String> nodes) {
        this.volume = volume;
        this.servers = List.copyOf(servers);
        this.fixed = nodes.stream().map(NodeAddresses::parse).toList();
        this.known = fixed;
    }

    private static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return new Address.Tcp(text.substring(0, Math.max(colon, 0)), Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException wrong) {
            throw new Failure("--node is HOST:PORT, not " + text, 2);
        }
    }

    @Override
    public List<Address> get() {
        asked = true;
        return known;
    }

    /** Asks the first API that answers what there is; fails if none does, or if the volume can't be followed. */
    void find() {
        if (servers.isEmpty()) {
            return;
        }
        Remote remote = first();
        Map<String, Object> found = Remote.object(remote.get("volumes/" + Remote.part(volume)));
        if (found.get("copies") instanceof Long copies && copies < 2) {
            throw new Failure(volume + " has one copy and so no other primary: clients use its node's own address, "
                    + "which `holdfast export ls` shows");
        }
        if (known.isEmpty()) {
            throw new Failure("no node says where it serves disks yet: try again, or say --node HOST:PORT");
        }
    }

    /** Asks again if anybody wanted to know since; what was known stays if no API answers. */
    void refresh() {
        if (asked && !servers.isEmpty()) {
            asked = false;
            try {
                first();
            } catch (Failure unreachable) {
                asked = true;
            }
        }
    }

    /** The first API that says which nodes there are. */
    private Remote first() {
        List<String> reasons = new ArrayList<>();
        for (String server : servers) {
            Remote remote = Remote.at(server);
            try {
                known = addresses(remote.get("nodes"));
                return remote;
            } catch (Failure failed) {
                reasons.add(failed.getMessage());
            }
        }
        throw new Failure(String.join("; ", reasons));
    }

    private List<Address> addresses(Object nodes) {
        List<Address> found = new ArrayList<>(fixed);
        if (nodes instanceof List<?> list) {
            for (Object node : list) {
                if (Remote.object(node).get("disks") instanceof String disks && !disks.isEmpty()) {
                    Address address = parse(disks);
                    found.remove(address);
                    found.add(address);
                }
            }
        }
        return List.copyOf(found);
    }
}
