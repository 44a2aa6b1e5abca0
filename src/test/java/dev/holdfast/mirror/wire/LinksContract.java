package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldDriver;
import dev.holdfast.io.WorldException;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What links do between two nodes while nothing fails but what a test makes fail; in every world. */
abstract class LinksContract {
    private static final int CHANNELS = 3;

    private WorldDriver driver;
    private Loop rawLoop;
    private WireNode upper;
    private Address address;

    /** A fresh world. */
    protected abstract WorldDriver newDriver();

    /** Who everybody in this world proves to be. */
    protected String proof() {
        return "";
    }

    @BeforeEach
    void openTheUpperNode() {
        driver = newDriver();
        rawLoop = driver.world().newLoop("raw");
        upper = new WireNode(driver.world(), identity(1, 1), 2, proof(), WireNode.peers(0, WireNode.NOWHERE)).start();
        address = listen(upper);
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    private static LinkIdentity identity(int node, long incarnation) {
        return new LinkIdentity(WireNode.CLUSTER, node, incarnation, CHANNELS);
    }

    private Address listen(WireNode node) {
        AtomicReference<Address> bound = new AtomicReference<>();
        driver.runOn(node.doorLoop, () -> bound.set(node.listen(driver.world(), driver.newAddress())));
        return bound.get();
    }

    private WireNode lower(LinkIdentity self, int meant, Address where) {
        return new WireNode(driver.world(), self, 3, proof(), WireNode.peers(meant, where)).start();
    }

    private LinkStatus status(WireNode node, int channel, int peer) {
        AtomicReference<LinkStatus> status = new AtomicReference<>();
        Links links = node.channels.get(channel);
        driver.runOn(links.loop(), () -> status.set(links.status(peer)));
        return status.get();
    }

    private void awaitStatus(WireNode node, int channel, int peer, Predicate<LinkStatus> wanted) {
        driver.runUntil(() -> wanted.test(status(node, channel, peer)));
    }

    private void awaitUp(WireNode node, int peer) {
        for (int channel = 0; channel < CHANNELS; channel++) {
            awaitStatus(node, channel, peer, LinkStatus::up);
        }
    }

    @Test
    void messagesOfAllShardsArriveInOrderBothWays() {
        WireNode lower = lower(identity(0, 1), 1, address);
        awaitUp(lower, 1);
        awaitUp(upper, 0);
        List<List<String>> up = send(lower, 1, 100);
        List<List<String>> down = send(upper, 0, 200);
        for (int channel = 0; channel < CHANNELS; channel++) {
            int at = channel;
            driver.runUntil(() -> upper.arrived.get(at).size() >= up.get(at).size()
                    && lower.arrived.get(at).size() >= down.get(at).size());
            assertEquals(up.get(at), List.copyOf(upper.arrived.get(at)));
            assertEquals(down.get(at), List.copyOf(lower.arrived.get(at)));
            LinkStatus status = status(lower, channel, 1);
            assertEquals(up.get(at).size(), status.sent());
            assertEquals(down.get(at).size(), status.received());
            assertEquals(0, status.dropped() + status.unclaimed());
        }
    }

    /** Sends messages for every shard, some in each turn; what each channel was given. */
    private List<List<String>> send(WireNode from, int to, int turns) {
        List<List<String>> given = new ArrayList<>();
        for (Links links : from.channels) {
            List<String> said = new ArrayList<>();
            given.add(said);
            RandomMessages messages = from.messagesTo(to, turns + links.channel());
            for (int turn = 0; turn < turns; turn++) {
                driver.runOn(links.loop(), () -> {
                    for (int shard = links.channel(); shard < WireNode.SHARDS; shard += CHANNELS) {
                        Message message = messages.next();
                        said.add(WireNode.say(shard, message));
                        links.send(shard, message);
                    }
                });
            }
        }
        return given;
    }

    @Test
    void whatNobodyReceivesIsCounted() {
        WireNode lower = lower(identity(0, 1), 1, address);
        awaitUp(lower, 1);
        Links links = upper.channels.get(0);
        driver.runOn(links.loop(), () -> links.detach(3));
        send(lower, 1, 1);
        awaitStatus(upper, 0, 0, status -> status.received() == WireNode.SHARDS / CHANNELS);
        assertEquals(1, status(upper, 0, 0).unclaimed());
        assertEquals(0, status(upper, 1, 0).unclaimed());
    }

    @Test
    void aMessageToAFormerStartOfTheSameNodeGoesNowhere() {
        WireNode lower = lower(identity(0, 2), 1, address);
        Message.Route route = new Message.Route(lower.member(), new Member(0, 1), 5);
        Links links = lower.channels.getFirst();
        driver.runOn(links.loop(), () -> links.send(0, new Message.Have(route, 1, 1, 1, 1)));
        assertEquals(0, status(lower, 0, 1).sent() + status(lower, 0, 1).dropped());
    }

    @Test
    void messagesBeforeTheLinkIsUpAreDropped() {
        WireNode lonely = lower(identity(0, 1), 1, WireNode.NOWHERE);
        send(lonely, 1, 2);
        assertEquals(8, status(lonely, 0, 1).dropped());
        awaitStatus(lonely, 0, 1, status -> !status.lastEnd().isEmpty());
        assertFalse(status(lonely, 0, 1).up());
    }

    private void meet(WireNode who, int peer, Address where) {
        who.channels.forEach(links -> driver.runOn(links.loop(), () -> links.meet(new Peer(peer, where, proof()))));
    }

    @Test
    void aPeerIsMetWhileLinksRun() {
        WireNode lower = new WireNode(driver.world(), identity(0, 1), 3, proof(), new TreeMap<>()).start();
        send(lower, 1, 1);
        assertEquals(LinkStatus.NONE, status(lower, 0, 1));
        meet(lower, 1, address);
        awaitUp(lower, 1);
        awaitUp(upper, 0);
        List<List<String>> said = send(lower, 1, 3);
        driver.runUntil(() -> upper.arrived.get(2).size() == said.get(2).size());
        assertEquals(said.get(2), List.copyOf(upper.arrived.get(2)));
    }

    @Test
    void whoIsNotKnownYetIsRefusedAndComesInOnceItIs() {
        WireNode late = new WireNode(driver.world(), identity(2, 1), 2, proof(), new TreeMap<>()).start();
        meet(upper, 2, listen(late));
        awaitStatus(upper, 1, 2, status -> status.lastEnd().equals("refused: " + Verdict.WRONG_NODE.text()));
        assertEquals(0, status(upper, 1, 2).ups());
        meet(late, 1, WireNode.NOWHERE);
        awaitUp(upper, 2);
        awaitUp(late, 1);
        List<List<String>> said = send(late, 1, 3);
        driver.runUntil(() -> upper.arrived.get(0).size() == said.get(0).size());
    }

    @Test
    void aPeerThatMovesIsDialledElsewhereOnceItsLinkEnds() {
        WireNode lower = lower(identity(0, 1), 1, address);
        awaitUp(lower, 1);
        WireNode next =
                new WireNode(driver.world(), identity(1, 2), 2, proof(), WireNode.peers(0, WireNode.NOWHERE)).start();
        meet(lower, 1, listen(next));
        send(lower, 1, 3);
        driver.runUntil(() -> upper.arrived.get(1).size() == 12);
        assertEquals(1, status(lower, 1, 1).ups());
        stop(upper);
        for (int channel = 0; channel < CHANNELS; channel++) {
            awaitStatus(lower, channel, 1, status -> status.up() && status.ups() == 2);
        }
        awaitUp(next, 0);
    }

    @Test
    void aPeerThatWasNowhereIsFoundWhereItMoved() {
        WireNode lower = lower(identity(0, 1), 1, WireNode.NOWHERE);
        awaitStatus(lower, 0, 1, status -> !status.lastEnd().isEmpty());
        meet(lower, 1, address);
        awaitUp(lower, 1);
    }

    @Test
    void whoDoesNotBelongHereIsRefused() {
        refused(new LinkIdentity(new Id128(0x1234, 0x5679), 0, 1, CHANNELS), 1, Verdict.WRONG_CLUSTER);
        refused(new LinkIdentity(WireNode.CLUSTER, 0, 1, CHANNELS + 1), 1, Verdict.WRONG_CHANNELS);
        refused(identity(0, 1), 2, Verdict.WRONG_NODE);
        refused(new LinkIdentity(WireNode.CLUSTER, 7, 1, CHANNELS), 8, Verdict.WRONG_NODE);
        assertEquals(0, status(upper, 0, 0).ups());
    }

    private void refused(LinkIdentity who, int meant, Verdict verdict) {
        WireNode stranger = lower(who, meant, address);
        awaitStatus(stranger, 0, meant, status -> !status.lastEnd().isEmpty());
        assertEquals("refused: " + verdict.text(), status(stranger, 0, meant).lastEnd());
        stop(stranger);
    }

    private void stop(WireNode node) {
        node.channels.forEach(links -> driver.runOn(links.loop(), links::stop));
    }

    @Test
    void anotherVersionIsRefused() {
        RawEnd end = dial();
        driver.runOn(rawLoop, () -> {
            ByteBuffer hello = ByteBuffer.allocate(Hello.BYTES);
            hello(0, 1, 1).put(hello);
            HelloTest.seal(hello.put(12, (byte) 2));
            end.send(hello.array());
        });
        driver.runUntil(() -> end.closed);
        assertEquals(Verdict.WRONG_VERSION, end.hellos.remove().verdict());
    }

    private RawEnd dial() {
        RawEnd end = new RawEnd();
        driver.world().network().connect(address, rawLoop, end::begin, reason -> {
            throw new AssertionError(reason);
        });
        driver.runUntil(() -> end.connection != null);
        return end;
    }

    private static Hello hello(int channel, long incarnation, long attempt) {
        return new Hello(WireNode.CLUSTER, 0, 1, incarnation, channel, CHANNELS, attempt, Verdict.WELCOME);
    }

    private RawEnd greet(int channel, long incarnation, long attempt) {
        RawEnd end = dial();
        driver.runOn(rawLoop, () -> end.say(hello(channel, incarnation, attempt)));
        driver.runUntil(() -> !end.hellos.isEmpty());
        return end;
    }

    @Test
    void theLaterOfTwoConnectionsWinsInWhateverOrderTheyCome() {
        RawEnd second = greet(1, 5, 2);
        assertEquals(Verdict.WELCOME, second.hellos.peek().verdict());
        RawEnd first = greet(1, 5, 1);
        assertEquals(Verdict.STALE, first.hellos.peek().verdict());
        driver.runUntil(() -> first.closed);
        RawEnd again = greet(1, 5, 2);
        assertEquals(Verdict.STALE, again.hellos.peek().verdict());
        assertFalse(second.closed);
        RawEnd third = greet(1, 5, 3);
        assertEquals(Verdict.WELCOME, third.hellos.peek().verdict());
        driver.runUntil(() -> second.closed);
        RawEnd older = greet(1, 4, 99);
        assertEquals(Verdict.STALE, older.hellos.peek().verdict());
        RawEnd newer = greet(1, 6, 1);
        assertEquals(Verdict.WELCOME, newer.hellos.peek().verdict());
        driver.runUntil(() -> third.closed);
        assertEquals(3, status(upper, 1, 0).ups());
        assertTrue(status(upper, 1, 0).up());
    }

    @Test
    void aProcessThatWasReplacedDoesNotComeBack() {
        WireNode former = lower(identity(0, 1), 1, address);
        awaitUp(former, 1);
        WireNode present = lower(identity(0, 2), 1, address);
        awaitUp(present, 1);
        awaitStatus(former, 0, 1, status -> status.lastEnd().equals("refused: " + Verdict.STALE.text()));
        assertTrue(status(present, 0, 1).up());
        assertEquals(1, status(present, 0, 1).ups());
    }

    @Test
    void whatIsMalformedCostsItsConnectionOnly() {
        WireNode lower = lower(identity(0, 1), 1, address);
        awaitUp(lower, 1);
        List<List<String>> before = send(lower, 1, 3);
        driver.runUntil(() -> upper.arrived.get(2).size() == before.get(2).size());
        RawEnd hostile = greet(2, 2, 1);
        Message message = new RandomMessages(1, 0, 1).next();
        byte[] sound = RandomMessages.encode(2, message).array();
        byte[] damaged = sound.clone();
        damaged[20] ^= 1;
        driver.runOn(rawLoop, () -> {
            hostile.send(sound);
            hostile.send(damaged);
            hostile.send(sound);
        });
        driver.runUntil(() -> hostile.closed);
        assertEquals("malformed: checksum of the head", status(upper, 2, 0).lastEnd());
        assertEquals(WireNode.say(2, message), List.copyOf(upper.arrived.get(2)).getLast());
        assertEquals(before.get(2).size() + 1, upper.arrived.get(2).size());
        assertTrue(status(upper, 0, 0).up() && status(upper, 1, 0).up());
        assertEquals(1, status(upper, 0, 0).ups());
    }

    @Test
    void noiseAtTheDoorIsNotAnswered() {
        RawEnd noise = dial();
        driver.runOn(rawLoop, () -> noise.send(new byte[Hello.BYTES]));
        driver.runUntil(() -> noise.closed);
        assertTrue(noise.hellos.isEmpty());
        WireNode lower = lower(identity(0, 1), 1, address);
        awaitUp(lower, 1);
    }

    /** A node that is nobody's but the test's, which dials it. */
    private WireNode withRawPeer(RawEnd end) throws WorldException {
        Address raw = driver.world()
                .network()
                .listen(driver.newAddress(), rawLoop, connection -> {
                    if (end.connection != null) {
                        connection.close();
                        return new RawEnd();
                    }
                    return end.begin(connection);
                })
                .address();
        return lower(new LinkIdentity(WireNode.CLUSTER, 0, 1, 1), 1, raw);
    }

    @Test
    void whoIsSilentIsTakenForDead() throws WorldException {
        RawEnd silent = new RawEnd().answering();
        WireNode lower = withRawPeer(silent);
        driver.runUntil(() -> silent.closed);
        awaitStatus(lower, 0, 1, status -> status.lastEnd().equals("silence"));
        assertEquals(1, status(lower, 0, 1).ups());
        ByteBuffer frames = silent.frames();
        assertTrue(frames.remaining() >= FrameLayout.HEAD_BYTES, "beats came");
        while (frames.hasRemaining()) {
            assertInstanceOf(Frame.Beat.class, new FrameReader(0, 1).next(frames));
        }
    }

    private static Message.Append append(WireNode from, int payloadBytes) {
        return new Message.Append(
                new Message.Route(from.member(), new Member(1, 1), 1),
                Position.START,
                new ListedEntries(1, List.of(ListedEntries.One.write(1, 0, new byte[payloadBytes]))),
                new Message.Shard(0, 0, 0),
                0,
                1);
    }

    @Test
    void aPeerThatTakesNothingCostsNoMoreThanItsQueue() throws WorldException {
        RawEnd slow = new RawEnd().answering().pausing();
        WireNode lower = withRawPeer(slow);
        Links links = lower.channels.getFirst();
        awaitStatus(lower, 0, 1, LinkStatus::up);
        Message.Append large = append(lower, 1 << 20);
        Message.Append small = append(lower, 1);
        Message have = new Message.Have(large.route(), 1, 1, 1, 9);
        int fits = (int) (LinkTerms.QUEUE_BYTES / FrameWriter.bytesOf(large));
        long rest = LinkTerms.QUEUE_BYTES - (long) fits * FrameWriter.bytesOf(large);
        int smallFits = (int) (rest / FrameWriter.bytesOf(small));
        driver.runOn(links.loop(), () -> {
            for (int i = 0; i < 2 * fits; i++) {
                links.send(5, large);
            }
            for (int i = 0; i < smallFits + 100; i++) {
                links.send(5, small);
            }
            assertEquals(fits + 100, links.status(1).dropped());
            links.send(5, have);
            links.send(5, have);
            assertEquals(fits + 100, links.status(1).dropped());
        });
        assertEquals(fits + smallFits + 2, status(lower, 0, 1).sent());
        int wanted =
                fits * FrameWriter.bytesOf(large) + smallFits * FrameWriter.bytesOf(small) + FrameWriter.bytesOf(have);
        driver.runOn(rawLoop, slow::resume);
        driver.runUntil(() -> slow.took >= wanted);
        AtomicReference<ByteBuffer> frames = new AtomicReference<>();
        driver.runOn(rawLoop, () -> frames.set(slow.frames()));
        FrameReader reader = new FrameReader(0, 1);
        for (int i = 0; i < fits + smallFits; i++) {
            Frame.Told told = assertInstanceOf(Frame.Told.class, reader.next(frames.get()));
            Message expected = i < fits ? large : small;
            assertEquals(FrameWriter.bytesOf(expected), FrameWriter.bytesOf(told.message()));
        }
        assertEquals(new Frame.Told(5, have), reader.next(frames.get()));
        assertEquals(new Frame.Told(5, have), reader.next(frames.get()));
    }
}
