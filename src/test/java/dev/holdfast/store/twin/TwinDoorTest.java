package dev.holdfast.store.twin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Label;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** T5: a twin takes blocks only from who is its source, and only whole ones, and says why it refuses. */
final class TwinDoorTest {
    private static final Id128 POOL = new Id128(3, 4);
    private static final Network.Address ADDRESS = new Network.Address.Tcp("a", 7000);
    private static final long LOG_BYTES = 1 << 20;

    private final SimWorld world = new SimWorld(3);
    private final Loop loop = world.newLoop("twin");
    private final List<TwinFrame> told = new ArrayList<>();
    private final List<Connection> connections = new ArrayList<>();
    private TwinCopy copy;
    private long dataBlocks;
    private boolean over;

    @BeforeEach
    void open() {
        List<String> paths = List.of("/disk");
        world.machine().plug("/disk", 16 << 20);
        ArrayFormat.Plan plan = new ArrayFormat.Plan(Label.TWIN, POOL, Protection.SINGLE, LOG_BYTES, 0, true);
        loop.post(() -> ArrayFormat.format(
                world.disks(),
                paths,
                plan,
                world.entropy(),
                loop,
                formatted -> TwinOpen.open(world, paths, loop, opened -> {
                    TwinOpen.Opened.Twin twin = (TwinOpen.Opened.Twin) opened;
                    copy = twin.copy();
                    dataBlocks = twin.array().dataBlocks();
                    try {
                        TwinDoor.open(world.network(), ADDRESS, copy, loop);
                    } catch (WorldException e) {
                        throw new AssertionError(e);
                    }
                })));
        world.runUntil(() -> dataBlocks > 0);
    }

    private void say(TwinFrame... frames) {
        told.clear();
        over = false;
        connections.clear();
        loop.post(() -> world.network()
                .connect(
                        ADDRESS,
                        loop,
                        connection -> {
                            connections.add(connection);
                            for (TwinFrame frame : frames) {
                                TwinFrames.send(connection, frame);
                            }
                            return new Listener(connection);
                        },
                        why -> {
                            throw new AssertionError(why);
                        }));
        world.runUntil(() -> over || !told.isEmpty());
    }

    private TwinFrame.Hello hello(Id128 pool, long blocks, long logBytes) {
        return new TwinFrame.Hello(pool, 0, blocks, logBytes);
    }

    @Test
    void whoIsItsSourceIsToldWhatItHas() {
        say(hello(POOL, dataBlocks, LOG_BYTES));
        assertEquals(List.of(new TwinFrame.State(RootIdentity.NONE, RootIdentity.NONE)), told);
    }

    @Test
    void anotherPoolOrShapeIsRefused() {
        say(hello(new Id128(3, 5), dataBlocks, LOG_BYTES));
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.OTHER_POOL)), told);
        say(hello(POOL, dataBlocks + 1, LOG_BYTES));
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.OTHER_SHAPE)), told);
        say(hello(POOL, dataBlocks, 2 * LOG_BYTES));
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.OTHER_SHAPE)), told);
    }

    @Test
    void whoDoesNotGreetIsLeft() {
        say(new TwinFrame.Flush(1));
        assertTrue(over && told.isEmpty(), told.toString());
    }

    @Test
    void aBlockWithAnotherChecksumOrNoPlaceIsRefused() {
        refusesBlocks(dataBlocks, false);
        refusesBlocks(0, false);
        refusesBlocks(1, true);
        assertEquals(0, copy.receivedBlocks());
    }

    private void refusesBlocks(long address, boolean damaged) {
        say(hello(POOL, dataBlocks, LOG_BYTES));
        told.clear();
        loop.post(() -> {
            Connection to = connections.getFirst();
            ByteBuffer frame = to.reserve(8 + 24 + TwinFrames.BLOCK_BYTES);
            ByteBuffer zeroes = ByteBuffer.allocate(TwinFrames.BLOCK_BYTES);
            int sum = new Crc32c().ofBlock(zeroes, 0);
            frame.putInt(24 + TwinFrames.BLOCK_BYTES)
                    .putInt(5 << 24)
                    .putLong(address)
                    .putInt(1)
                    .putInt(0);
            frame.putInt(damaged ? sum + 1 : sum).putInt(0).put(zeroes);
        });
        world.runUntil(() -> over || !told.isEmpty());
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.BREACH)), told);
    }

    @Test
    void whatIsNotHereIsNotWithdrawn() {
        say(hello(POOL, dataBlocks, LOG_BYTES));
        told.clear();
        loop.post(() -> TwinFrames.send(connections.getFirst(), new TwinFrame.Withdraw(new RootIdentity(1, 2, 3))));
        world.runUntil(() -> over || !told.isEmpty());
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.BREACH)), told, "no such root is here");
    }

    @Test
    void whatWasNotLastIsNotGranted() {
        say(hello(POOL, dataBlocks, LOG_BYTES));
        told.clear();
        loop.post(() -> TwinFrames.send(connections.getFirst(), new TwinFrame.Grant(1, new RootIdentity(1, 2, 3))));
        world.runUntil(() -> over || !told.isEmpty());
        assertEquals(List.of(new TwinFrame.Refused(TwinFrames.BREACH)), told, "it does not hold that root");
    }

    private final class Listener implements Receiver {
        private final Connection mine;

        Listener(Connection mine) {
            this.mine = mine;
        }

        private boolean isNewest() {
            return connections.contains(mine);
        }

        @Override
        public void received(ByteBuffer in) {
            Optional<TwinFrame> frame = TwinFrames.read(in);
            while (frame.isPresent() && isNewest()) {
                told.add(frame.get());
                frame = TwinFrames.read(in);
            }
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {
            over |= isNewest();
        }
    }
}
