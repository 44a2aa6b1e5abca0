package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.holdfast.device.Protection;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Loop;
import dev.holdfast.io.WorldException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mirror of two files of the real machine: one round, so that nothing of it is only true in simulation. */
final class RealMirrorTest {
    @TempDir
    Path directory;

    private HostWorld world;
    private Loop loop;

    @BeforeEach
    void start() {
        world = HostWorld.start();
        loop = world.newLoop("pool");
    }

    @AfterEach
    void stop() {
        world.close();
    }

    private <T> T await(Consumer<Consumer<T>> start) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.post(() -> start.accept(result::complete));
        return result.get(60, TimeUnit.SECONDS);
    }

    private Mirror open(List<String> paths) throws Exception {
        ArrayOpened opened = await(done ->
                ArrayOpen.open(world.disks(), paths, Optional.of(ArrayBench.POOL), ArrayBench::peek, loop, done));
        return assertInstanceOf(ArrayOpened.Opened.class, opened).array();
    }

    private List<String> format() throws Exception {
        List<String> paths = List.of(
                directory.resolve("a").toString(), directory.resolve("b").toString());
        for (String path : paths) {
            create(path);
        }
        ArrayFormat.Plan plan = new ArrayFormat.Plan(
                ArrayBench.CLUSTER, ArrayBench.POOL, Protection.mirror(2), ArrayBench.LOG_BYTES, 0, false);
        assertInstanceOf(
                ArrayFormat.Outcome.Formatted.class,
                await((Consumer<ArrayFormat.Outcome> done) ->
                        ArrayFormat.format(world.disks(), paths, plan, world.entropy(), loop, done)));
        return paths;
    }

    private void create(String path) throws WorldException {
        world.disks().create(path, ArrayBench.DISK_BYTES).close();
    }

    private static ArrayDone into(Consumer<ArrayOutcome> done) {
        return (token, outcome) -> done.accept(outcome);
    }

    @Test
    void whatWasWrittenToTwoFilesIsReadFromEither() throws Exception {
        List<String> paths = format();
        Mirror mirror = open(paths);
        for (int i = 0; i < 40; i++) {
            int value = i;
            assertEquals(
                    ArrayOutcome.OK,
                    await((Consumer<ArrayOutcome> done) ->
                            mirror.write(1 + value * 64L, ArrayBench.filled(64, value), loop, into(done), 0)));
        }
        assertEquals(ArrayOutcome.OK, await((Consumer<ArrayOutcome> done) -> mirror.flush(loop, into(done), 0)));
        assertEquals(
                ArrayOutcome.OK,
                await((Consumer<ArrayOutcome> done) ->
                        mirror.writeRoot(1, ArrayBench.root(1, 1, 0b11), loop, into(done), 0)));
        await((Consumer<Boolean> done) -> {
            mirror.close();
            done.accept(true);
        });
        for (String path : paths) {
            Mirror half = open(List.of(path));
            for (int i = 0; i < 40; i++) {
                assertEquals(0, read(half, 1 + i * 64L, i).bad, path);
            }
            await((Consumer<Boolean> done) -> {
                half.close();
                done.accept(true);
            });
        }
    }

    private BlockRead read(Mirror mirror, long address, int value) throws Exception {
        return await(done -> {
            BlockRead read = new BlockRead(ArrayBench.filled(64, 0xEE), loop, done::accept);
            read.address = address;
            read.blocks = 64;
            for (int i = 0; i < 64; i++) {
                read.checksums[i] = ArrayBench.checksum(value + i);
            }
            mirror.read(read);
        });
    }

    @Test
    void aSecondNameOfOneFileIsLockedAndLeftOut() throws Exception {
        List<String> paths = format();
        Path link = directory.resolve("link");
        Files.createLink(link, Path.of(paths.getFirst()));
        ArrayOpened opened = await(done -> ArrayOpen.open(
                world.disks(),
                List.of(paths.getFirst(), link.toString(), paths.getLast()),
                Optional.of(ArrayBench.POOL),
                ArrayBench::peek,
                loop,
                done));
        Mirror mirror = assertInstanceOf(ArrayOpened.Opened.class, opened).array();
        assertEquals(0b11, mirror.members(), "the second name is locked and left out");
        await((Consumer<Boolean> done) -> {
            mirror.close();
            done.accept(true);
        });
    }
}
