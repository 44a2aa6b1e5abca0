package dev.holdfast.frontend.nbd.client;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The fuzz target of the NBD client: whatever a server sends, the client neither throws nor hangs; each request
 * completes once, OK only with all it asked for; nothing completes after the end.
 */
final class NbdClientFuzz {
    static final long SIZE_BYTES = 1 << 20;
    static final int READ_BYTES = 5000;

    /** Answers to a handshake that goes well. */
    static byte[] welcome() {
        ByteBuffer out = ByteBuffer.allocate(1024);
        out.putLong(NBD_MAGIC).putLong(NBD_OPTS_MAGIC).putShort((short) 3);
        reply(out, NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK, 0);
        byte[] context = "base:allocation".getBytes(StandardCharsets.US_ASCII);
        reply(out, NBD_OPT_SET_META_CONTEXT, NBD_REP_META_CONTEXT, 4 + context.length);
        out.putInt(1).put(context);
        reply(out, NBD_OPT_SET_META_CONTEXT, NBD_REP_ACK, 0);
        reply(out, NBD_OPT_GO, NBD_REP_INFO, 12);
        int flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_CACHE;
        flags |= NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES;
        out.putShort((short) NBD_INFO_EXPORT).putLong(SIZE_BYTES).putShort((short) flags);
        reply(out, NBD_OPT_GO, NBD_REP_ACK, 0);
        return Arrays.copyOf(out.array(), out.position());
    }

    private static void reply(ByteBuffer out, int option, int kind, int dataBytes) {
        out.putLong(NBD_REP_MAGIC).putInt(option).putInt(kind).putInt(dataBytes);
    }

    /** What became of a run. */
    record Outcome(boolean opened, List<Optional<Status>> answers) {}

    private final SimWorld world;
    private final SimLoop loop;
    private final List<Asked> asked = new ArrayList<>();
    private final List<RemoteDisk> disks = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    private NbdClientFuzz(int cut) {
        world = new SimWorld(cut);
        world.net().oneInSplit = 1 + (cut & 3);
        loop = world.newLoop("client");
    }

    /**
     * A server's side of one connection: the first byte says how (bit 0: it begins with a handshake that goes well;
     * others: how the stream is cut), the rest is sent as it is once the client has asked.
     */
    static Outcome fuzz(byte[] input) {
        int how = input.length == 0 ? 0 : input[0];
        return new NbdClientFuzz(how & 0xff)
                .run((how & 1) != 0, Arrays.copyOfRange(input, Math.min(1, input.length), input.length));
    }

    private Outcome run(boolean welcomes, byte[] said) {
        Address address = new Address.Tcp("localhost", 10809);
        List<Connection> server = new ArrayList<>();
        SimLoop far = world.newLoop("server");
        far.post(() -> {
            try {
                world.network().listen(address, far, connection -> {
                    server.add(connection);
                    say(connection, welcomes ? welcome() : said);
                    return new Deaf();
                });
            } catch (WorldException taken) {
                throw new AssertionError(taken);
            }
        });
        loop.post(() -> Opening.begin(loop, world.network(), address, "demo", new Told()));
        world.runFor(100_000_000);
        boolean opened = !disks.isEmpty();
        if (opened) {
            loop.post(this::askAll);
            world.runFor(1_000_000);
            far.post(() -> say(server.getFirst(), said));
            world.runFor(100_000_000);
        }
        List<Optional<Status>> answers =
                asked.stream().map(each -> each.answers.stream().findFirst()).toList();
        far.post(() -> server.forEach(Connection::close));
        world.runFor(100_000_000);
        expect(disks.size() + failures.size() == 1, "it opens or fails, once");
        asked.forEach(each -> expect(each.answers.size() == 1, "each completes once"));
        expect(disks.stream().allMatch(RemoteDisk::isOver), "the end is noticed");
        return new Outcome(opened, answers);
    }

    private static void say(Connection connection, byte[] bytes) {
        if (bytes.length > 0) {
            connection.reserve(bytes.length).put(bytes);
        }
    }

    /** One request of each kind: their cookies are places 0 to 6, first uses. */
    private void askAll() {
        for (Request.Kind kind : Request.Kind.values()) {
            Asked one = new Asked();
            one.request.kind = kind;
            one.request.offset = 4096;
            one.request.lengthBytes = kind == Request.Kind.FLUSH ? 0 : READ_BYTES;
            one.request.maxExtents = 3;
            asked.add(one);
            if (kind == Request.Kind.WRITE) {
                disks.getFirst().submitWrite(one.request, ByteBuffer.allocate(READ_BYTES));
            } else {
                disks.getFirst().submit(one.request);
            }
        }
    }

    /** The cookie of the request of {@code kind}. */
    static long cookie(Request.Kind kind) {
        return (long) (kind.ordinal() + 1) << 20 | kind.ordinal();
    }

    private static void expect(boolean condition, String claim) {
        if (!condition) {
            throw new AssertionError(claim);
        }
    }

    private final class Told implements Opening.Told {
        @Override
        public void opened(RemoteDisk disk) {
            disks.add(disk);
        }

        @Override
        public void failed(String reason) {
            failures.add(reason);
        }
    }

    private static final class Asked implements Request.Completion {
        final Request request = new Request(this);
        final List<Status> answers = new ArrayList<>();
        private boolean hasSpace;
        private int extents;

        @Override
        public ByteBuffer readSpace(Request of) {
            hasSpace = true;
            return ByteBuffer.allocateDirect((int) of.lengthBytes);
        }

        @Override
        public void extent(Request of, long lengthBytes, boolean allocated) {
            extents++;
            expect(lengthBytes > 0 && extents <= of.maxExtents, "extents are as asked for");
        }

        @Override
        public void completed(Request of, Status status) {
            answers.add(status);
            boolean isWhole = switch (of.kind) {
                case READ -> hasSpace;
                case EXTENTS -> extents > 0;
                default -> true;
            };
            expect(status != Status.OK || isWhole, "OK means all of it");
        }
    }

    private static final class Deaf implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            in.position(in.limit());
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
