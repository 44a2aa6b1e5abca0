package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;
import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Speaks NBD from the other side, byte by byte, and takes apart what the server says. */
final class TestClient {
    final TestBed bed;
    final FakeConnection connection;
    boolean structured;

    /** Lengths of READs by cookie: without them simple replies can't be taken apart. */
    private final Map<Long, Integer> readBytes = new HashMap<>();

    private byte[] rest = new byte[0];

    TestClient(TestBed bed, FakeConnection connection) {
        this.bed = bed;
        this.connection = connection;
    }

    /** One answer to an option. */
    record OptionReply(int option, int reply, byte[] data) {
        ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    /** One simple reply or chunk; a simple reply has type -1. */
    record Reply(long cookie, int type, boolean done, int error, byte[] data) {
        ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    void send(byte[] bytes) {
        connection.feed(bytes);
        bed.loops.run();
    }

    /** Takes the greeting and sends the client's flags. */
    TestClient greet(int clientFlags) {
        ByteBuffer greeting = ByteBuffer.wrap(connection.sent());
        assertEquals(GREETING_BYTES, greeting.remaining());
        assertEquals(NBD_MAGIC, greeting.getLong());
        assertEquals(NBD_OPTS_MAGIC, greeting.getLong());
        assertEquals(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES, greeting.getShort());
        send(ByteBuffer.allocate(4).putInt(clientFlags).array());
        return this;
    }

    TestClient greet() {
        return greet(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
    }

    /** Sends one option and returns what was answered. */
    List<OptionReply> option(int option, byte[] data) {
        send(optionBytes(option, data));
        return optionReplies();
    }

    List<OptionReply> optionReplies() {
        ByteBuffer in = ByteBuffer.wrap(connection.sent());
        List<OptionReply> replies = new ArrayList<>();
        while (in.hasRemaining()) {
            assertEquals(NBD_REP_MAGIC, in.getLong());
            int option = in.getInt();
            int reply = in.getInt();
            byte[] data = new byte[in.getInt()];
            in.get(data);
            replies.add(new OptionReply(option, reply, data));
        }
        return replies;
    }

    /** Enters transmission on {@code demo}, with structured replies and {@code base:allocation} if wanted. */
    TestClient go(boolean withChunks) {
        greet();
        structured = withChunks;
        if (withChunks) {
            assertEquals(
                    NBD_REP_ACK, option(NBD_OPT_STRUCTURED_REPLY, new byte[0]).getLast().reply);
            byte[] query = metaContextData("demo", "base:allocation");
            assertEquals(NBD_REP_ACK, option(NBD_OPT_SET_META_CONTEXT, query).getLast().reply);
        }
        assertEquals(NBD_REP_ACK, option(NBD_OPT_GO, infoData("demo")).getLast().reply);
        return this;
    }

    void request(int command, int flags, long cookie, long offset, long lengthBytes) {
        send(requestBytes(command, flags, cookie, offset, lengthBytes));
    }

    /** Notes that a READ is on its way. */
    byte[] requestBytes(int command, int flags, long cookie, long offset, long lengthBytes) {
        if (command == NBD_CMD_READ) {
            readBytes.put(cookie, (int) lengthBytes);
        }
        ByteBuffer out = ByteBuffer.allocate(REQUEST_BYTES).putInt(NBD_REQUEST_MAGIC);
        out.putShort((short) flags).putShort((short) command).putLong(cookie);
        return out.putLong(offset).putInt((int) lengthBytes).array();
    }

    byte[] writeBytes(int flags, long cookie, long offset, byte[] data) {
        return join(requestBytes(NBD_CMD_WRITE, flags, cookie, offset, data.length), data);
    }

    /** Every whole reply that has come. */
    List<Reply> replies() {
        ByteBuffer in = ByteBuffer.wrap(join(rest, connection.sent()));
        List<Reply> replies = new ArrayList<>();
        int start = 0;
        while (in.remaining() >= 4) {
            start = in.position();
            int magic = in.getInt();
            if (magic == NBD_STRUCTURED_REPLY_MAGIC) {
                assertTrue(structured, "a chunk without structured replies");
                replies.add(chunk(in));
            } else {
                assertEquals(NBD_SIMPLE_REPLY_MAGIC, magic);
                replies.add(simple(in));
            }
            start = in.position();
        }
        rest = Arrays.copyOfRange(in.array(), start, in.array().length);
        return replies;
    }

    /** The one reply that has come. */
    Reply reply() {
        List<Reply> replies = replies();
        assertEquals(1, replies.size());
        return replies.getFirst();
    }

    /** Puts the data of a READ together from its chunks or its simple reply, checking the rules for chunks. */
    static byte[] readData(List<Reply> replies, long offset, int lengthBytes) {
        byte[] data = new byte[lengthBytes];
        BitSet covered = new BitSet(lengthBytes);
        boolean done = false;
        for (Reply reply : replies) {
            assertFalse(done, "something after the last chunk");
            assertEquals(NBD_OK, reply.error);
            done = reply.done;
            if (reply.type == -1) {
                return reply.data;
            }
            if (reply.type == NBD_REPLY_TYPE_NONE) {
                continue;
            }
            ByteBuffer in = reply.buffer();
            int start = (int) (in.getLong() - offset);
            int bytes = reply.type == NBD_REPLY_TYPE_OFFSET_HOLE ? in.getInt() : in.remaining();
            assertTrue(covered.get(start, start + bytes).isEmpty(), "chunks overlap");
            covered.set(start, start + bytes);
            in.get(data, start, in.remaining());
        }
        assertTrue(done, "the last chunk is missing");
        assertEquals(lengthBytes, covered.nextClearBit(0), "a byte is missing, or too many came");
        return data;
    }

    static byte[] optionBytes(int option, byte[] data) {
        ByteBuffer out = ByteBuffer.allocate(OPTION_HEADER_BYTES + data.length);
        return out.putLong(NBD_OPTS_MAGIC)
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .array();
    }

    static byte[] infoData(String name, int... infos) {
        byte[] text = text(name);
        ByteBuffer out = ByteBuffer.allocate(6 + text.length + 2 * infos.length);
        out.putInt(text.length).put(text).putShort((short) infos.length);
        for (int info : infos) {
            out.putShort((short) info);
        }
        return out.array();
    }

    static byte[] metaContextData(String name, String... queries) {
        byte[] text = text(name);
        ByteBuffer out = ByteBuffer.allocate(1 << 16);
        out.putInt(text.length).put(text).putInt(queries.length);
        for (String query : queries) {
            byte[] queryText = text(query);
            out.putInt(queryText.length).put(queryText);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] text(String line) {
        return line.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer joined = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            joined.put(part);
        }
        return joined.array();
    }

    private Reply simple(ByteBuffer in) {
        int error = in.getInt();
        long cookie = in.getLong();
        Integer length = readBytes.remove(cookie);
        assertFalse(structured && length != null, "a READ must be answered in chunks");
        byte[] data = new byte[length == null || error != NBD_OK ? 0 : length];
        in.get(data);
        return new Reply(cookie, -1, true, error, data);
    }

    private Reply chunk(ByteBuffer in) {
        int flags = in.getShort();
        int type = in.getShort() & 0xffff;
        long cookie = in.getLong();
        byte[] data = new byte[in.getInt()];
        in.get(data);
        boolean done = (flags & NBD_REPLY_FLAG_DONE) != 0;
        if (done) {
            readBytes.remove(cookie);
        }
        int error = (type & 1 << 15) != 0 ? ByteBuffer.wrap(data).getInt() : NBD_OK;
        return new Reply(cookie, type, done, error, data);
    }

    /** Bytes that depend on their number only. */
    static byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
