package dev.holdfast.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.follow.SessionName;
import dev.holdfast.follow.Sessions;
import dev.holdfast.follow.SharedDisk;
import dev.holdfast.frontend.nbd.NbdExports;
import dev.holdfast.frontend.nbd.NbdLimits;
import dev.holdfast.frontend.nbd.NbdServer;
import dev.holdfast.frontend.nbd.client.Opening;
import dev.holdfast.frontend.nbd.client.RemoteDisk;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume attached to a real socket, from two servers on loopback of which one leads. */
final class AttachmentTest {
    private static final int BLOCK = 4096;
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    private Path directory;

    private final HostWorld world = HostWorld.start();
    private final Loop loop = world.newLoop("test");
    private final SharedDisk disk = new SharedDisk();
    private final SharedDisk.Copy one = disk.copy(loop);
    private final SharedDisk.Copy other = disk.copy(loop);

    @AfterEach
    void close() {
        world.close();
    }

    private static <T> T answer(CompletableFuture<T> told) throws Exception {
        return told.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Serves {@code copy}; at which HOST:PORT. */
    private String serve(SharedDisk.Copy copy) throws Exception {
        Sessions sessions = new Sessions(copy);
        NbdExports exports = new NbdExports() {
            @Override
            public Optional<BlockVolume> find(String name) {
                return SessionName.of(name).map(path -> sessions.open(path.session(), path.number()));
            }

            @Override
            public List<String> names() {
                return List.of();
            }
        };
        CompletableFuture<String> bound = new CompletableFuture<>();
        loop.post(() -> {
            try {
                Address.Tcp free = new Address.Tcp("127.0.0.1", 0);
                NbdServer server = new NbdServer(loop, exports, NbdLimits.DEFAULTS);
                Address.Tcp at = (Address.Tcp) server.listen(world.network(), free);
                bound.complete(at.host() + ":" + at.port());
            } catch (WorldException refused) {
                bound.completeExceptionally(refused);
            }
        });
        return answer(bound);
    }

    private RemoteDisk open(Path socket) throws Exception {
        CompletableFuture<RemoteDisk> opened = new CompletableFuture<>();
        Opening.Told told = new Opening.Told() {
            @Override
            public void opened(RemoteDisk found) {
                opened.complete(found);
            }

            @Override
            public void failed(String reason) {
                opened.completeExceptionally(new AssertionError(reason));
            }
        };
        loop.post(() -> Opening.begin(loop, world.network(), new Address.Unix(socket.toString()), "demo", told));
        return answer(opened);
    }

    private CompletableFuture<Status> write(RemoteDisk to, int value) {
        CompletableFuture<Status> answered = new CompletableFuture<>();
        Request request = new Request(new Request.Completion() {
            @Override
            public ByteBuffer readSpace(Request of) {
                throw new AssertionError("nothing is read");
            }

            @Override
            public void extent(Request of, long lengthBytes, boolean allocated) {
                throw new AssertionError("nobody asked");
            }

            @Override
            public void completed(Request of, Status status) {
                answered.complete(status);
            }
        });
        request.kind = Request.Kind.WRITE;
        request.lengthBytes = BLOCK;
        byte[] data = new byte[BLOCK];
        data[0] = (byte) value;
        loop.post(() -> to.submitWrite(request, ByteBuffer.wrap(data)));
        return answered;
    }

    private void lead(SharedDisk.Copy leader) throws Exception {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        loop.post(() -> {
            disk.lead(leader);
            done.complete(true);
        });
        answer(done);
    }

    @Test
    void clientsOfTheSocketDoNotNoticeThatAnotherNodeLeads() throws Exception {
        Path socket = directory.resolve("demo.sock");
        NodeAddresses nodes = new NodeAddresses("demo", List.of(), List.of(serve(one), serve(other)));
        Attachment attachment = new Attachment("demo", socket.toString(), nodes, Optional.empty());
        attachment.start();
        RemoteDisk client = open(socket);
        assertEquals(SharedDisk.SIZE_BYTES, client.sizeBytes());
        CompletableFuture<Status> early = write(client, 1); // Nobody leads yet.
        lead(one);
        assertEquals(Status.OK, answer(early));
        lead(other);
        assertEquals(Status.OK, answer(write(client, 2)));
        lead(one);
        assertEquals(Status.OK, answer(write(client, 3)));
        assertEquals(3, disk.bytes[0]);
        attachment.stop();
        assertFalse(Files.exists(socket));
    }

    @Test
    void aVolumeThatNobodyServesIsOneLine() throws Exception {
        NodeAddresses nodes = new NodeAddresses("demo", List.of(), List.of("127.0.0.1:1"));
        Attachment attachment = new Attachment("demo", directory.resolve("s").toString(), nodes, Optional.empty());
        Failure failure = assertThrows(Failure.class, attachment::start);
        String line = String.valueOf(failure.getMessage());
        assertTrue(line.startsWith("no node serves demo") && line.lines().count() == 1, line);
        assertThrows(Failure.class, () -> new NodeAddresses("demo", List.of(), List.of("nonsense")));
    }
}
