package dev.holdfast.frontend.nbd.client;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One way to an export: from connecting through the fixed newstyle handshake to its {@link RemoteDisk}, to which it
 * then hands on what the connection does. It tries once and has no clock: whoever waits gives up.
 *
 * <p>All options are sent together, after the greeting. What it insists on is what every Holdfast server has:
 * structured replies, {@code base:allocation}, FLUSH, FUA and CACHE, and TRIM and WRITE_ZEROES unless the disk takes no
 * changes.
 */
public final class Opening implements Receiver {
    private enum State {
        /** There is no connection yet. */
        CONNECTING,
        /** Nothing was said; the server's greeting has not come. */
        GREETING,
        /** The options are out; their answers come in turn. */
        OPTIONS,
        /** The disk has the connection. */
        OPEN,
        /** It failed, or was given up. */
        OVER;

        boolean leadsTo(State next) {
            return switch (this) {
                case CONNECTING -> next == GREETING || next == OVER;
                case GREETING -> next == OPTIONS || next == OVER;
                case OPTIONS -> next == OPEN || next == OVER;
                case OPEN, OVER -> next == OVER;
            };
        }
    }

    /** Told once, on the loop, unless it was given up. */
    public interface Told {
        /** The export is there; from now on {@code disk} is to be closed. */
        void opened(RemoteDisk disk);

        /** It can't be had this way: one line for people. */
        void failed(String reason);
    }

    private static final int[] OPTIONS = {NBD_OPT_STRUCTURED_REPLY, NBD_OPT_SET_META_CONTEXT, NBD_OPT_GO};
    private static final byte[] ALLOCATION = "base:allocation".getBytes(StandardCharsets.US_ASCII);
    private static final int NEEDED =
            NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_CACHE;
    private static final int NEEDED_FOR_CHANGES = NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES;

    /** The longest answer to an option. */
    private static final int REPLY_BYTES = 8192;

    /** The most answers to one option before its last. */
    private static final int REPLIES = 64;

    private static final int ERROR_BIT = 1 << 31;

    private final Loop loop;
    private final byte[] export;
    private final Told told;
    private State state = State.CONNECTING;
    private Optional<Connection> connection = Optional.empty();
    private Optional<RemoteDisk> disk = Optional.empty();

    /** Which of {@link #OPTIONS} is answered next, and how often it was. */
    private int option;

    private int replies;
    private Optional<Integer> contextId = Optional.empty();
    private Optional<Size> size = Optional.empty();

    private record Size(long bytes, int flags) {}

    private Opening(Loop loop, String export, Told told) {
        this.loop = loop;
        this.export = export.getBytes(StandardCharsets.UTF_8);
        this.told = told;
    }

    /** Connects to {@code address} and asks for {@code export}; on {@code loop}, where everything happens. */
    public static Opening begin(Loop loop, Network network, Network.Address address, String export, Told told) {
        Checks.that(loop.isCurrent(), "a disk is opened on its loop");
        Opening opening = new Opening(loop, export, told);
        Checks.that(opening.export.length <= STRING_BYTES, "the name of an export fits", opening.export.length);
        network.connect(address, loop, opening::connected, opening::end);
        return opening;
    }

    /** Nobody waits any more: nothing is told. No effect once it is open or has failed. */
    public void giveUp() {
        if (state != State.OPEN && state != State.OVER) {
            become(State.OVER);
            connection.ifPresent(Connection::close);
        }
    }

    private Receiver connected(Connection made) {
        if (state == State.CONNECTING) {
            connection = Optional.of(made);
            become(State.GREETING);
        } else {
            made.close();
        }
        return this;
    }

    @Override
    public void received(ByteBuffer in) {
        boolean taken = true;
        while (taken) {
            taken = switch (state) {
                case CONNECTING -> throw Checks.unreachable("bytes come after the connection");
                case GREETING -> takeGreeting(in);
                case OPTIONS -> takeReply(in);
                case OPEN -> {
                    disk.orElseThrow().received(in);
                    yield false;
                }
                case OVER -> {
                    in.position(in.limit());
                    yield false;
                }
            };
        }
    }

    @Override
    public void drained() {
        disk.ifPresent(RemoteDisk::drained);
    }

    @Override
    public void closed(String reason) {
        if (state == State.OPEN) {
            become(State.OVER);
            disk.orElseThrow().closed(reason);
        } else {
            end(reason);
        }
    }

    private boolean takeGreeting(ByteBuffer in) {
        if (in.remaining() < GREETING_BYTES) {
            return false;
        }
        boolean known = in.getLong() == NBD_MAGIC & in.getLong() == NBD_OPTS_MAGIC;
        int flags = in.getShort();
        if (!known || (flags & NBD_FLAG_FIXED_NEWSTYLE) == 0) {
            fail("no NBD server, or one without fixed newstyle");
            return true;
        }
        become(State.OPTIONS);
        sendOptions(flags);
        return true;
    }

    private void sendOptions(int flags) {
        int nameBytes = 4 + export.length;
        int contextBytes = nameBytes + 4 + 4 + ALLOCATION.length;
        int goBytes = nameBytes + 2;
        int bytes = CLIENT_FLAGS_BYTES + 3 * OPTION_HEADER_BYTES + contextBytes + goBytes;
        ByteBuffer out = connection.orElseThrow().reserve(bytes);
        out.putInt(NBD_FLAG_C_FIXED_NEWSTYLE | ((flags & NBD_FLAG_NO_ZEROES) != 0 ? NBD_FLAG_C_NO_ZEROES : 0));
        option(out, NBD_OPT_STRUCTURED_REPLY, 0);
        option(out, NBD_OPT_SET_META_CONTEXT, contextBytes);
        out.putInt(export.length)
                .put(export)
                .putInt(1)
                .putInt(ALLOCATION.length)
                .put(ALLOCATION);
        option(out, NBD_OPT_GO, goBytes);
        out.putInt(export.length).put(export).putShort((short) 0);
    }

    private static void option(ByteBuffer out, int number, int dataBytes) {
        out.putLong(NBD_OPTS_MAGIC).putInt(number).putInt(dataBytes);
    }

    private boolean takeReply(ByteBuffer in) {
        if (in.remaining() < OPTION_REPLY_HEADER_BYTES) {
            return false;
        }
        int start = in.position();
        int kind = in.getInt(start + 12);
        long lengthBytes = in.getInt(start + 16) & 0xffff_ffffL;
        boolean expected = in.getLong(start) == NBD_REP_MAGIC && in.getInt(start + 8) == OPTIONS[option];
        if (!expected || lengthBytes > REPLY_BYTES || ++replies > REPLIES) {
            fail("a malformed answer to an option");
            return true;
        }
        if (in.remaining() < OPTION_REPLY_HEADER_BYTES + lengthBytes) {
            replies--; // It is looked at again when all of it is there.
            return false;
        }
        ByteBuffer data = in.slice(start + OPTION_REPLY_HEADER_BYTES, (int) lengthBytes);
        in.position(start + OPTION_REPLY_HEADER_BYTES + (int) lengthBytes);
        if ((kind & ERROR_BIT) != 0) {
            fail("refused: " + text(kind, data));
        } else if (kind == NBD_REP_ACK) {
            acknowledged();
        } else if (!takeAnswer(kind, data)) {
            fail("a malformed answer to an option");
        }
        return true;
    }

    private static String text(int kind, ByteBuffer data) {
        String said = StandardCharsets.US_ASCII.decode(data).toString().replaceAll("[^ -~]", "?");
        return said.isEmpty() ? "NBD error " + Integer.toHexString(kind) : said;
    }

    private boolean takeAnswer(int kind, ByteBuffer data) {
        if (OPTIONS[option] == NBD_OPT_SET_META_CONTEXT && kind == NBD_REP_META_CONTEXT && data.remaining() >= 4) {
            int id = data.getInt();
            boolean isAllocation = data.equals(ByteBuffer.wrap(ALLOCATION)) && contextId.isEmpty();
            contextId = Optional.of(id);
            return isAllocation;
        }
        if (OPTIONS[option] == NBD_OPT_GO && kind == NBD_REP_INFO && data.remaining() >= 2) {
            return data.getShort() != NBD_INFO_EXPORT || takeSize(data);
        }
        return false;
    }

    private boolean takeSize(ByteBuffer data) {
        if (data.remaining() != 10 || size.isPresent()) {
            return false;
        }
        size = Optional.of(new Size(data.getLong(), data.getShort()));
        return size.get().bytes >= 0;
    }

    private void acknowledged() {
        replies = 0;
        switch (OPTIONS[option]) {
            case NBD_OPT_STRUCTURED_REPLY -> option++;
            case NBD_OPT_SET_META_CONTEXT -> {
                option++;
                if (contextId.isEmpty()) {
                    fail("the server has no base:allocation");
                }
            }
            default -> open();
        }
    }

    private void open() {
        int flags = size.map(Size::flags).orElse(0);
        boolean readOnly = (flags & NBD_FLAG_READ_ONLY) != 0;
        int needed = readOnly ? NEEDED : NEEDED | NEEDED_FOR_CHANGES;
        if ((flags & needed) != needed) {
            fail("the server lacks commands that are needed");
            return;
        }
        become(State.OPEN);
        RemoteDisk.Export found = new RemoteDisk.Export(size.orElseThrow().bytes, readOnly, contextId.orElseThrow());
        disk = Optional.of(new RemoteDisk(loop, connection.orElseThrow(), found));
        told.opened(disk.get());
    }

    private void fail(String reason) {
        connection.orElseThrow().close();
        end(reason);
    }

    private void end(String reason) {
        if (state != State.OVER) {
            become(State.OVER);
            told.failed(reason);
        }
    }

    private void become(State next) {
        Checks.that(state.leadsTo(next), "an opening goes on as declared", state.ordinal(), next.ordinal());
        state = next;
    }
}
