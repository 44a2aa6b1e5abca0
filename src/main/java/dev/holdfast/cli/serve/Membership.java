package dev.holdfast.cli.serve;

import dev.holdfast.base.Id128;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.host.HostOrderedLog;
import dev.holdfast.host.raft.RaftMembers;
import dev.holdfast.host.raft.RaftOrderedLog;
import dev.holdfast.host.raft.RaftSelf;
import dev.holdfast.io.Network;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who keeps the control log of a directory: its node alone, several nodes of one machine, of which this is one, or a
 * cluster that nodes join ({@link JoinedNode}). The first start decides which, and writes it to
 * {@code control/members}; of several on one machine:
 *
 * <pre>
 * holdfast members 1
 * id       32 hexadecimal digits, this node's for ever
 * name     this node's
 * member   name=host:port of each, this node's too, in the order of names
 * </pre>
 *
 * @param name of this node
 * @param several the others and this one, if all are on one machine and prove nothing to each other
 * @param joined the same, if they do
 */
public record Membership(String name, Optional<Several> several, Optional<JoinedNode> joined) {
    private static final int LEAST = 3;
    private static final int MOST = 7;
    private static final String FILE = "members";
    private static final String LOG_FILE = "log";
    private static final String VERSION = "holdfast members 1";
    private static final Pattern MEMBER = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]{0,62})=(.*):([0-9]{1,5})");
    private static final Pattern TEXT =
            Pattern.compile(VERSION + "\nid ([0-9a-f]{16})([0-9a-f]{16})\nname (.*)\n((?:member .*\n)+)");

    /** Several nodes, and this one's id. */
    record Several(Id128 id, List<RaftMembers.Member> members) {}

    /**
     * What the directory's first start was told, or, if this is the first, what {@code given} says: a member each.
     * Fails if they differ, or what is given makes no sense.
     */
    static Membership of(Path directory, String name, ServerOptions.Members asked) {
        List<String> given = asked.fixed();
        Path control = directory.resolve("control");
        Path file = control.resolve(FILE);
        try {
            if (!asked.address().isEmpty() || JoinedNode.isIn(file)) {
                return joined(directory, name, asked);
            }
            if (!Files.exists(file) && given.isEmpty()) {
                return new Membership(name, Optional.empty(), Optional.empty());
            }
            if (!Files.exists(file)) {
                if (Files.exists(control.resolve(LOG_FILE))) {
                    throw new Failure(directory + " is that of a node which is alone: several nodes begin with new"
                            + " directories");
                }
                Files.createDirectories(control);
                write(directory, name, parse(name, given));
            }
            Membership kept = read(file);
            List<RaftMembers.Member> before = kept.several().orElseThrow().members();
            if (!given.isEmpty() && !(kept.name().equals(name) && before.equals(parse(name, given)))) {
                throw new Failure(directory + " is node " + kept.name() + " of " + words(before)
                        + ": they can't change: leave out --member, or say these");
            }
            return kept;
        } catch (IOException failed) {
            throw new Failure(file + " can't be read or written: " + failed.getMessage());
        }
    }

    private static Membership joined(Path directory, String name, ServerOptions.Members asked) throws IOException {
        Path control = directory.resolve("control");
        boolean isOther = Files.exists(control.resolve(FILE)) && !JoinedNode.isIn(control.resolve(FILE));
        if (isOther || Files.exists(control.resolve(LOG_FILE))) {
            throw new Failure(directory + " is that of a node without certificates: leave out --address, or pick"
                    + " another --dir");
        }
        JoinedNode node = JoinedNode.of(directory, name, asked.address(), asked.token());
        return new Membership(node.name(), Optional.empty(), Optional.of(node));
    }

    private static List<RaftMembers.Member> parse(String name, List<String> given) {
        List<RaftMembers.Member> members = new ArrayList<>();
        for (String text : given) {
            Matcher found = MEMBER.matcher(text);
            int port = found.matches() ? Integer.parseInt(found.group(3)) : 0;
            if (port == 0 || port > 65_535) {
                throw new Failure("--member is NAME=HOST:PORT, not " + text, 2);
            }
            if (!found.group(2).equals("127.0.0.1")) {
                throw new Failure(
                        "--member " + text + ": members that prove nothing are at 127.0.0.1 only; for other machines"
                                + " begin a cluster with --address HOST:PORT, and join it with `holdfast node token`",
                        2);
            }
            members.add(new RaftMembers.Member(found.group(1), new Network.Address.Tcp(found.group(2), port)));
        }
        members.sort((one, other) -> one.id().compareTo(other.id()));
        long names = members.stream().map(RaftMembers.Member::id).distinct().count();
        long ports =
                members.stream().map(RaftMembers.Member::address).distinct().count();
        if (names != members.size() || ports != members.size()) {
            throw new Failure("each --member has a name and a port of its own", 2);
        }
        if (members.size() < LEAST || members.size() > MOST) {
            throw new Failure("a control log has " + LEAST + " to " + MOST + " members: one --member for each", 2);
        }
        if (members.stream().noneMatch(member -> member.id().equals(name))) {
            throw new Failure("--name " + name + " is not among the members", 2);
        }
        return members;
    }

    private static String words(List<RaftMembers.Member> members) {
        return String.join(", ", members.stream().map(Membership::word).toList());
    }

    private static String word(RaftMembers.Member member) {
        return member.id() + "=" + member.address().host() + ":"
                + member.address().port();
    }

    /** Of two that write at once the first one's is kept; it is durable when this returns. */
    private static void write(Path directory, String name, List<RaftMembers.Member> members) throws IOException {
        Path control = directory.resolve("control");
        SecureRandom random = new SecureRandom();
        StringBuilder text = new StringBuilder(VERSION + "\n");
        text.append("id ")
                .append(new Id128(random.nextLong(), random.nextLong()))
                .append('\n');
        text.append("name ").append(name).append('\n');
        members.forEach(member -> text.append("member ").append(word(member)).append('\n'));
        Path next = Files.createTempFile(control, FILE, ".new");
        try (FileChannel out = FileChannel.open(next, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)));
            out.force(true);
        }
        try {
            Files.createLink(control.resolve(FILE), next);
        } catch (FileAlreadyExistsException another) {
            return;
        } finally {
            Files.delete(next);
        }
        for (Path parent : List.of(control, directory)) {
            try (FileChannel entries = FileChannel.open(parent, StandardOpenOption.READ)) {
                entries.force(true);
            }
        }
    }

    private static Membership read(Path file) throws IOException {
        Matcher found = TEXT.matcher(Files.readString(file, StandardCharsets.UTF_8));
        if (!found.matches()) {
            throw new Failure(file + " is damaged, or of a later version");
        }
        Id128 id = new Id128(Long.parseUnsignedLong(found.group(1), 16), Long.parseUnsignedLong(found.group(2), 16));
        List<String> words = found.group(4)
                .lines()
                .map(line -> line.substring("member ".length()))
                .toList();
        return new Membership(
                found.group(3), Optional.of(new Several(id, parse(found.group(3), words))), Optional.empty());
    }

    /** Opens the log in the directory; others may have to be there for it to do anything. */
    OrderedLog open(Path directory) throws WorldException {
        Path control = directory.resolve("control");
        if (joined().isPresent()) {
            return joined().get().open();
        }
        if (several().isEmpty()) {
            return HostOrderedLog.open(control);
        }
        List<RaftMembers.Member> members = several().get().members();
        UUID group = UUID.nameUUIDFromBytes(words(members).getBytes(StandardCharsets.UTF_8));
        return RaftOrderedLog.open(new RaftMembers(group, members), new RaftSelf(name(), control));
    }

    /** Who starts. */
    Controller.Starting starting() {
        if (joined().isPresent()) {
            return joined().get().starting();
        }
        return several()
                .map(found -> new Controller.Starting(name(), address(found), Optional.of(found.id())))
                .orElseGet(() -> Controller.Starting.alone(name()));
    }

    private String address(Several found) {
        return found.members().stream()
                .filter(member -> member.id().equals(name()))
                .map(member -> member.address().host() + ":" + member.address().port())
                .findFirst()
                .orElseThrow();
    }

    /** Whom a start may have to wait for, in words; empty if nobody. */
    String waitsFor() {
        return joined().map(JoinedNode::waitsFor)
                .or(() -> several().map(found -> "waiting until a majority runs of " + words(found.members())))
                .orElse("");
    }

    /** True if this node keeps its log alone, for ever. */
    boolean isAlone() {
        return several().isEmpty() && joined().isEmpty();
    }
}
