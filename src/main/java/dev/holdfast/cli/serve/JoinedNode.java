package dev.holdfast.cli.serve;

import dev.holdfast.base.Id128;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.host.HostWorld;
import dev.holdfast.host.join.IssuedTokens;
import dev.holdfast.host.join.JoinClient;
import dev.holdfast.host.join.JoinRequest;
import dev.holdfast.host.join.JoinServer;
import dev.holdfast.host.join.Joined;
import dev.holdfast.host.join.Token;
import dev.holdfast.host.raft.RaftMembers;
import dev.holdfast.host.raft.RaftOrderedLog;
import dev.holdfast.host.raft.RaftSelf;
import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.KeyFiles;
import dev.holdfast.host.tls.NodeKeys;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import dev.holdfast.node.PeerNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node that proves who it is, with its directory: it began its cluster, or joined it. {@code control/members} is the
 * last thing that is written of that:
 *
 * <pre>
 * holdfast members 2
 * id       32 hexadecimal digits, this node's for ever
 * name     this node's
 * address  host:port of its control log; joins, links and disks are at the three ports after it
 * group    of the control log
 * member   id=host:port of each that kept the log then, this node too
 * </pre>
 */
public final class JoinedNode {
    private static final String VERSION = "holdfast members 2";
    private static final Pattern TEXT = Pattern.compile(VERSION
            + "\nid ([0-9a-f]{32})\nname (.*)\naddress (.*)\ngroup ([0-9a-f-]{36})\n((?:member [0-9a-f]{32}=.*\n)+)");
    private static final Pattern ADDRESS = Pattern.compile("(.+):([0-9]{1,5})");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final int LAST_PORT = 65_535 - 3;
    private static final int JOINS = 1;
    private static final int LINKS = 2;
    private static final int DISKS = 3;

    private final Path control;
    private final String id;
    private final String name;
    private final Address.Tcp address;
    private final RaftMembers members;
    private final NodeKeys keys;
    private final KeyFiles files;
    private final IssuedTokens tokens;

    private JoinedNode(Path directory, Matcher text) throws IOException {
        this.control = directory.resolve("control");
        this.id = text.group(1);
        this.name = text.group(2);
        this.address = address(text.group(3));
        this.members = new RaftMembers(
                UUID.fromString(text.group(4)),
                text.group(5)
                        .lines()
                        .map(line -> member(line.substring("member ".length())))
                        .toList());
        this.files = new KeyFiles(directory.resolve("tls"));
        this.keys = files.load();
        if (!keys.id().equals(id)) {
            throw new Failure("the certificate in " + directory + " is that of another node: put back what was there");
        }
        this.tokens = new IssuedTokens(control.resolve("tokens"), InstantSource.system());
    }

    private static RaftMembers.Member member(String word) {
        int equals = word.indexOf('=');
        return new RaftMembers.Member(word.substring(0, equals), address(word.substring(equals + 1)));
    }

    /** An address for a node, whose next three ports are its own too. */
    static Address.Tcp address(String text) {
        Matcher found = ADDRESS.matcher(text);
        int port = found.matches() ? Integer.parseInt(found.group(2)) : 0;
        if (port == 0 || port > LAST_PORT) {
            throw new Failure("--address is HOST:PORT, PORT up to " + LAST_PORT + ", not " + text, 2);
        }
        if (isEveryAddress(found.group(1))) {
            throw new Failure("--address is where other nodes reach this one, not " + found.group(1), 2);
        }
        return new Address.Tcp(found.group(1), port);
    }

    private static boolean isEveryAddress(String host) {
        try {
            return InetAddress.ofLiteral(host).isAnyLocalAddress();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }

    private static String word(Address.Tcp place) {
        return place.host() + ":" + place.port();
    }

    /** True if {@code members} is of a node like this. */
    static boolean isIn(Path membersFile) throws IOException {
        return Files.exists(membersFile)
                && Files.readString(membersFile, StandardCharsets.UTF_8).startsWith(VERSION);
    }

    /**
     * The node of a directory: what its first start was told, or, if this is the first, one that begins a cluster, or
     * joins one if there is a {@code token}.
     */
    static JoinedNode of(Path directory, String name, String wanted, String token) throws IOException {
        Path file = directory.resolve("control").resolve("members");
        if (!Files.exists(file)) {
            if (!NAME.matcher(name).matches()) {
                throw new Failure("--name has letters, digits, '.', '_' and '-', 63 at most, not '" + name + "'", 2);
            }
            Files.createDirectories(file.getParent());
            if (token.isEmpty()) {
                begin(directory, name, address(wanted));
            } else {
                join(directory, name, address(wanted), token);
            }
        }
        Matcher text = TEXT.matcher(Files.readString(file, StandardCharsets.UTF_8));
        if (!text.matches()) {
            throw new Failure(file + " is damaged, or of a later version");
        }
        JoinedNode node = new JoinedNode(directory, text);
        if (!wanted.isEmpty() && !(node.name.equals(name) && node.address.equals(address(wanted)))) {
            throw new Failure(directory + " is node " + node.name + " at " + word(node.address)
                    + " for ever: say these, or leave out --address");
        }
        return node;
    }

    private static void begin(Path directory, String name, Address.Tcp own) throws IOException {
        if (Files.exists(directory.resolve("control").resolve("joining"))) {
            throw new Failure(directory + " began to join a cluster: go on with --join TOKEN, or pick another --dir");
        }
        KeyFiles files = new KeyFiles(directory.resolve("tls"));
        KeyFiles.Own node = files.ownOrNew();
        Certificates.Authority authority = files.authorityOrNew(() -> Certificates.newAuthority(Instant.now()));
        files.keepCertificate(Certificates.issue(authority, node.keys().getPublic(), node.id(), Instant.now()));
        write(directory, node.id(), name, own, UUID.randomUUID().toString(), List.of());
    }

    private static void join(Path directory, String name, Address.Tcp own, String line) throws IOException {
        Token token = Token.parse(line)
                .orElseThrow(() ->
                        new Failure("--join is not a token: copy the whole line that `holdfast node token` prints", 2));
        KeyFiles files = new KeyFiles(directory.resolve("tls"));
        KeyFiles.Own node = files.ownOrNew();
        Joined joined;
        try {
            joined = JoinClient.join(
                    token,
                    new JoinRequest(node.id(), name, word(own), node.keys().getPublic()));
        } catch (JoinClient.Refused refused) {
            throw new Failure("the cluster does not let this node in: " + refused.getMessage());
        } catch (IOException failed) {
            throw new Failure("can't join: " + failed.getMessage() + "; see that the node that issued the token runs,"
                    + " and start again with the same token");
        }
        KeyFiles.write(directory.resolve("control").resolve("joining"), "");
        files.keepAuthority(joined.authority());
        files.keepCertificate(joined.certificate());
        write(directory, node.id(), name, own, joined.group(), joined.members());
    }

    private static void write(
            Path directory, String id, String name, Address.Tcp own, String group, List<String> others)
            throws IOException {
        StringBuilder text = new StringBuilder(VERSION + "\n");
        text.append("id ").append(id).append("\nname ").append(name);
        text.append("\naddress ")
                .append(word(own))
                .append("\ngroup ")
                .append(group)
                .append('\n');
        others.stream()
                .filter(other -> !other.startsWith(id + "="))
                .forEach(other -> text.append("member ").append(other).append('\n'));
        text.append("member ").append(id).append('=').append(word(own)).append('\n');
        KeyFiles.write(directory.resolve("control").resolve("members"), text.toString());
    }

    String name() {
        return name;
    }

    /** Opens the log in the directory; if this node is not a member yet, it asks to be from its start on. */
    RaftOrderedLog open() throws WorldException {
        return RaftOrderedLog.open(members, new RaftSelf(id, control, Optional.of(keys), isJoining()));
    }

    boolean isJoining() {
        return Files.exists(control.resolve("joining"));
    }

    /** It is a member, and the log has its start. */
    void joined() throws IOException {
        Files.deleteIfExists(control.resolve("joining"));
    }

    Controller.Starting starting() {
        Id128 own = new Id128(
                Long.parseUnsignedLong(id.substring(0, 16), 16), Long.parseUnsignedLong(id.substring(16), 16));
        return new Controller.Starting(name, word(address), Optional.of(own));
    }

    String waitsFor() {
        return "waiting until a majority of the nodes runs" + (isJoining() ? " and takes this one in" : "");
    }

    /** Where links come in. */
    Address links() {
        return after(LINKS);
    }

    private Address.Tcp after(int ports) {
        return new Address.Tcp(address.host(), address.port() + ports);
    }

    /** How it reaches others. */
    PeerNetwork network(HostWorld world, OrderedLog log) {
        return new PeerNetwork(world.network(keys::over), Optional.of(after(DISKS)), true, removed -> {
            keys.refuse(removed);
            if (log instanceof RaftOrderedLog raft) {
                raft.takeOut(removed);
            }
        });
    }

    /** Lets others join. */
    JoinServer serveJoins(RaftOrderedLog log, Supplier<List<NodeInfo>> nodes) {
        Address.Tcp at = after(JOINS);
        try {
            InetSocketAddress socket = new InetSocketAddress(at.host(), at.port());
            return JoinServer.open(socket, keys, tokens, files.authority(), new Cluster(log, nodes));
        } catch (IOException failed) {
            throw new Failure("can't take joins at " + word(at) + ": " + failed.getMessage());
        }
    }

    /** A new token. */
    String issue() throws IOException {
        Address.Tcp at = after(JOINS);
        return tokens.issue(at.host(), at.port(), keys.authority()).line();
    }

    /** What joins are told of this cluster. */
    private final class Cluster implements JoinServer.Cluster {
        private final RaftOrderedLog log;
        private final Supplier<List<NodeInfo>> nodes;

        Cluster(RaftOrderedLog log, Supplier<List<NodeInfo>> nodes) {
            this.log = log;
            this.nodes = nodes;
        }

        @Override
        public String group() {
            return members.group().toString();
        }

        @Override
        public List<String> members() throws IOException {
            return log.members().stream()
                    .map(member -> member.id() + "=" + word(member.address()))
                    .toList();
        }

        @Override
        public String objection(JoinRequest request) {
            if (keys.isRefused(request.id())) {
                return "this node was removed from the cluster: join with another --dir";
            }
            Optional<NodeInfo> taken = nodes.get().stream()
                    .filter(known -> !known.id().toString().equals(request.id()))
                    .filter(known -> known.name().equals(request.name())
                            || known.address().equals(request.address()))
                    .findFirst();
            return taken.map(known -> "there is a node " + known.name() + " at " + known.address()
                            + " already: pick another --name and --address")
                    .orElse("");
        }
    }
}
