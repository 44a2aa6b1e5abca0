package dev.holdfast.sim.world;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.random.SimRandom;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SimNetworkTest {
    private static final Address HERE = new Address.Tcp("localhost", 10809);

    /** Takes everything and remembers it. */
    private static class Sink implements Receiver {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final List<String> closed = new ArrayList<>();
        final List<Connection> connection = new ArrayList<>();
        int calls;
        int drains;

        Sink on(Connection opened) {
            connection.add(opened);
            return this;
        }

        @Override
        public void received(ByteBuffer in) {
            calls++;
            byte[] taken = new byte[in.remaining()];
            in.get(taken);
            bytes.writeBytes(taken);
        }

        @Override
        public void drained() {
            drains++;
        }

        @Override
        public void closed(String reason) {
            closed.add(reason);
        }

        Connection end() {
            return connection.getFirst();
        }
    }

    private static final class Pair {
        final SimWorld world;
        final SimLoop near;
        final SimLoop far;
        final Sink client = new Sink();
        final Sink server;

        Pair(long seed, Sink server) throws WorldException {
            this.server = server;
            world = new SimWorld(seed);
            near = world.newLoop("near");
            far = world.newLoop("far");
            world.network().listen(HERE, far, server::on);
            world.network().connect(HERE, near, client::on, reason -> client.closed.add(reason));
            world.runUntil(() -> !client.connection.isEmpty() && !server.connection.isEmpty());
        }

        void send(byte[] bytes, int atOnce) {
            for (int at = 0; at < bytes.length; at += atOnce) {
                int from = at;
                int count = Math.min(atOnce, bytes.length - at);
                world.run(near, () -> client.end().reserve(count).put(bytes, from, count));
            }
        }
    }

    private static byte[] numbers(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) SimRandom.mix(i);
        }
        return bytes;
    }

    @Test
    void aStreamArrivesWholeAndInOrderInPiecesOfAnySize() throws WorldException {
        boolean oneByte = false;
        for (long seed = 0; seed < 100; seed++) {
            Pair pair = new Pair(seed, new Sink());
            pair.world.net().oneInSplit = (int) (seed % 4);
            byte[] bytes = numbers(50_000);
            pair.send(bytes, 7_001);
            pair.world.runUntil(() -> pair.server.bytes.size() == bytes.length);
            assertArrayEquals(bytes, pair.server.bytes.toByteArray(), "seed " + seed);
            oneByte |= pair.server.calls > 100;
            pair.world.run(pair.near, () -> pair.client.end().closeAfterSending());
            pair.world.runUntil(() -> !pair.server.closed.isEmpty() && !pair.client.closed.isEmpty());
            pair.world.runFor(100_000_000_000L);
            assertEquals(List.of(1, 1), List.of(pair.server.closed.size(), pair.client.closed.size()));
            assertEquals(0, pair.world.net().openEnds());
        }
        assertTrue(oneByte);
    }

    @Test
    void bytesNotTakenAreShownAgainTogetherWithTheNext() throws WorldException {
        Sink inFours = new Sink() {
            @Override
            public void received(ByteBuffer in) {
                while (in.remaining() >= 4) {
                    byte[] taken = new byte[4];
                    in.get(taken);
                    bytes.writeBytes(taken);
                }
            }
        };
        for (long seed = 0; seed < 50; seed++) {
            inFours.bytes.reset();
            inFours.connection.clear();
            Pair pair = new Pair(seed, inFours);
            pair.world.net().oneInSplit = 1;
            byte[] bytes = numbers(4_000);
            pair.send(bytes, 999);
            pair.world.runUntil(() -> inFours.bytes.size() == bytes.length);
            assertArrayEquals(bytes, inFours.bytes.toByteArray(), "seed " + seed);
        }
    }

    @Test
    void aConnectionMovesWithItsBytesAndArrivesFirst() throws WorldException {
        for (long seed = 0; seed < 100; seed++) {
            List<String> order = new ArrayList<>();
            Sink moved = new Sink() {
                @Override
                public void received(ByteBuffer in) {
                    super.received(in.limit(Math.min(in.limit(), in.position() + 10)));
                    order.add(end().peer().isEmpty() ? "?" : "bytes");
                }
            };
            Pair pair = new Pair(seed, moved);
            SimLoop third = pair.world.newLoop("third");
            byte[] bytes = numbers(20);
            pair.send(bytes, 20);
            pair.world.runUntil(() -> moved.calls > 0);
            pair.world.run(
                    pair.far,
                    () -> moved.end().moveTo(third, () -> {
                        assertTrue(third.isCurrent());
                        order.add("arrived");
                    }));
            pair.world.runUntil(() -> order.contains("arrived"));
            int calls = moved.calls;
            pair.send(bytes, 20);
            pair.world.runUntil(() -> moved.calls > calls);
            byte[] taken = moved.bytes.toByteArray();
            for (int i = 0; i < taken.length; i++) {
                assertEquals(bytes[i % 20], taken[i], "seed " + seed);
            }
        }
    }

    @Test
    void aPausedReceiverHoldsTheSenderBackAndDrainedIsTold() throws WorldException {
        Pair pair = new Pair(3, new Sink());
        pair.world.run(pair.far, () -> pair.server.end().pause());
        byte[] bytes = numbers(6 << 20);
        pair.send(bytes, 1 << 20);
        pair.world.runFor(10_000_000_000L);
        assertEquals(0, pair.server.bytes.size());
        assertTrue(pair.world.call(pair.near, () -> pair.client.end().queuedBytes()) > 1 << 20);
        pair.world.run(pair.far, () -> pair.server.end().resume());
        pair.world.runUntil(() -> pair.server.bytes.size() == bytes.length);
        pair.world.runUntil(() -> pair.client.drains == 1);
        assertArrayEquals(bytes, pair.server.bytes.toByteArray());
    }

    @Test
    void resetsCutMidMessageAndBothSidesHearOnce() throws WorldException {
        int partial = 0;
        for (long seed = 0; seed < 100; seed++) {
            Pair pair = new Pair(seed, new Sink());
            pair.world.net().resetPerMillion = 300_000;
            for (int i = 0; i < 40; i++) {
                pair.world.run(pair.near, () -> pair.client.end().reserve(1000).put(numbers(1000)));
            }
            pair.world.runUntil(() -> !pair.server.closed.isEmpty() && !pair.client.closed.isEmpty());
            pair.world.runFor(10_000_000_000L);
            assertEquals(List.of(1, 1), List.of(pair.server.closed.size(), pair.client.closed.size()));
            partial += pair.server.bytes.size() % 1000 != 0 ? 1 : 0;
        }
        assertTrue(partial > 20, "partial " + partial);
    }

    @Test
    void aReceiverThatTakesNothingOfAFullBufferIsCutOff() throws WorldException {
        Sink greedy = new Sink() {
            @Override
            public void received(ByteBuffer in) {
                calls++;
            }
        };
        Pair pair = new Pair(5, greedy);
        pair.send(numbers(3 << 20), 1 << 20);
        pair.world.runUntil(() -> !greedy.closed.isEmpty() && !pair.client.closed.isEmpty());
    }

    @Test
    void peersOfADeadProcessHearOfItAndThoseBeyondACutDoNot() throws WorldException {
        SimWorld world = new SimWorld(9);
        SimMachine other = world.newMachine("b");
        SimProcess process = other.start();
        Sink server = new Sink();
        Sink client = new Sink();
        process.network().listen(new Address.Tcp("b", 1), process.newLoop("far"), server::on);
        SimLoop near = world.newLoop("near");
        world.network().connect(new Address.Tcp("b", 1), near, client::on, reason -> client.closed.add(reason));
        world.runUntil(() -> !client.connection.isEmpty());
        world.net().cutOneWay("a", "b");
        world.run(near, () -> client.end().reserve(10).put(numbers(10)));
        world.runFor(60_000_000_000L);
        assertEquals(0, server.bytes.size());
        world.net().join();
        world.runUntil(() -> server.bytes.size() == 10);
        other.kill();
        world.runUntil(() -> !client.closed.isEmpty());
        List<String> failed = new ArrayList<>();
        world.network().connect(new Address.Tcp("b", 1), near, client::on, failed::add);
        world.network().connect(new Address.Tcp("c", 1), near, client::on, failed::add);
        world.runUntil(() -> failed.size() == 2);
    }

    @Test
    void anAddressIsTakenOnceAndPortZeroFindsAFreeOne() throws WorldException {
        SimWorld world = new SimWorld(1);
        SimLoop loop = world.newLoop("loop");
        var door = world.network().listen(HERE, loop, new Sink()::on);
        assertThrows(WorldException.class, () -> world.network().listen(HERE, loop, new Sink()::on));
        door.close();
        world.network().listen(HERE, loop, new Sink()::on);
        var free = world.network().listen(new Address.Tcp("localhost", 0), loop, new Sink()::on);
        assertTrue(free.address() instanceof Address.Tcp(String host, int port) && port > 0);
        world.network().listen(new Address.Unix("/run/x"), loop, new Sink()::on);
        assertThrows(
                WorldException.class,
                () -> world.network().listen(new Address.Tcp("elsewhere", 1), loop, new Sink()::on));
    }
}
