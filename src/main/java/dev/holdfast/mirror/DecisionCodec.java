package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Violation;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Bytes of a {@link Decision}, little endian.
 *
 * <p>Started: 1 (1), node (4), nonce (8), after (8), memory (8), epoch (4) and seq (8) of what was logged. Set: 2 (1),
 * epoch (4), members (1), each node (4) and incarnation (8), primary first. Acts: 3 (1), epoch (4), node (4) and
 * incarnation (8).
 */
public final class DecisionCodec {
    private static final byte STARTED = 1;
    private static final byte SET = 2;
    private static final byte ACTS = 3;
    private static final int MOST_BYTES = 64;

    private DecisionCodec() {}

    /** Its bytes. */
    public static byte[] encode(Decision decision) {
        ByteBuffer out = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        switch (decision) {
            case Decision.Started started ->
                out.put(STARTED)
                        .putInt(started.node())
                        .putLong(started.nonce())
                        .putLong(started.after())
                        .putLong(started.memory().memory())
                        .putInt(started.memory().logged().epoch())
                        .putLong(started.memory().logged().seq());
            case Decision.NewSet change -> put(out, change.set());
            case Decision.Acts acts -> put(out.put(ACTS).putInt(acts.epoch()), acts.primary());
        }
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    /** The decision; empty if these are not the bytes of one. */
    public static Optional<Decision> decode(ByteBuffer bytes) {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        try {
            return switch (in.get()) {
                case STARTED -> Optional.of(new Decision.Started(in.getInt(), in.getLong(), in.getLong(), found(in)));
                case SET -> set(in);
                case ACTS -> Optional.of(new Decision.Acts(in.getInt(), new Member(in.getInt(), in.getLong())));
                default -> Optional.empty();
            };
        } catch (BufferUnderflowException | Violation noDecision) {
            return Optional.empty();
        }
    }

    private static void put(ByteBuffer out, ReplicaSet set) {
        out.put(SET).putInt(set.epoch()).put((byte) set.inSync().size());
        put(out, set.primary());
        set.inSync().stream().filter(member -> !member.equals(set.primary())).forEach(member -> put(out, member));
        Checks.that(out.position() <= MOST_BYTES, "a set is small", out.position());
    }

    private static void put(ByteBuffer out, Member member) {
        out.putInt(member.node()).putLong(member.incarnation());
    }

    private static Decision.Found found(ByteBuffer in) {
        return new Decision.Found(in.getLong(), new Position(in.getInt(), in.getLong()));
    }

    private static Optional<Decision> set(ByteBuffer in) {
        int epoch = in.getInt();
        int count = in.get();
        Checks.that(count > 0 && count <= ReplicaSet.MOST, "a set is not empty and not large", count);
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(new Member(in.getInt(), in.getLong()));
        }
        return Optional.of(new Decision.NewSet(new ReplicaSet(epoch, members.getFirst(), members)));
    }
}
