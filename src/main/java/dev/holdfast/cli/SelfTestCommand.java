package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.serve.LocalNode;
import dev.holdfast.cli.serve.Server;
import dev.holdfast.cli.serve.ServerOptions;
import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A whole life of a small volume in one process: served, written and flushed through NBD, stopped, started again, read
 * back and compared. The launcher trains the JVM with it, too.
 */
@Command(
        name = "selftest",
        mixinStandardHelpOptions = true,
        description = {
            "Serves a small volume to itself from a directory that it makes and removes again: writes it, starts anew,",
            "reads it back. Shows in a few seconds that Holdfast works here; the figures are for a first impression."
        },
        footer = {"", "Example:", "  holdfast selftest --dir /mnt/disks"})
final class SelfTestCommand implements Runnable {
    private static final String VOLUME = "demo";
    private static final int BLOCK_BYTES = 4096;
    private static final int LONG_BYTES = 128 << 10;
    private static final long VOLUME_BYTES = 32L << 20;
    private static final long LOG_BYTES = 64L << 20;
    private static final long DISK_BYTES = 256L << 20;
    private static final int FLUSHES = 200;
    private static final PrintStream QUIET =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "",
            description =
                    "where to make it; it takes 350M, with --nodes 3 1.5G; default the system's temporary directory")
    private String parent = "";

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "of what is written; default 1")
    private long seed;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "4", description = "how often; default 4")
    private int rounds;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "1",
            description = "1, or 3: then also on three nodes of which two keep a copy, plain and encrypted; default 1")
    private int nodes;

    @Override
    public void run() {
        if (rounds < 1 || nodes != 1 && nodes != 3) {
            throw new Failure("--rounds is 1 or more, --nodes is 1 or 3", 2);
        }
        Path directory = makeDirectory();
        try {
            server(directory).serveWhile(endpoint -> with(endpoint, this::writeAndRead));
            server(directory)
                    .serveWhile(endpoint -> with(endpoint, disk -> {
                        disk.read(offsets(BLOCK_BYTES), BLOCK_BYTES, (offset, bytes) -> check(rounds, offset, bytes));
                        System.out.println("after a new start all is there");
                    }));
            if (nodes > 1) {
                System.out.println("on three nodes:");
                ServerOptions plain = ServerOptions.allIn(directory.resolve("several"));
                QuickstartCommand.plain(plain, VOLUME_BYTES, QUIET, System.err)
                        .serveWhile(endpoint -> with(endpoint, this::writeAndRead));
                System.out.println("on three nodes that encrypt what they send each other:");
                ServerOptions encrypted = ServerOptions.allIn(directory.resolve("encrypted"));
                QuickstartCommand.encrypted(encrypted, VOLUME_BYTES, QUIET, System.err)
                        .serveWhile(endpoint -> with(endpoint, this::writeAndRead));
            }
            System.out.println("ok");
        } finally {
            remove(directory);
        }
    }

    private interface Work {
        void on(NbdDisk disk) throws IOException;
    }

    private static void with(String endpoint, Work work) {
        try (NbdDisk disk = NbdDisk.open(endpoint, VOLUME)) {
            work.on(disk);
        } catch (IOException failed) {
            throw new Failure("the server does not serve: " + failed.getMessage());
        }
    }

    private void writeAndRead(NbdDisk disk) throws IOException {
        for (int round = 1; round <= rounds; round++) {
            int now = round;
            long[] blocks = shuffled(BLOCK_BYTES, round);
            long[] runs = offsets(LONG_BYTES);
            print("write 128K", runs.length, time(() -> disk.write(runs, LONG_BYTES, (at, to) -> fill(now, at, to))));
            print("read 128K", runs.length, time(() -> disk.read(runs, LONG_BYTES, (at, to) -> check(now, at, to))));
            print(
                    "write 4K",
                    blocks.length,
                    time(() -> disk.write(blocks, BLOCK_BYTES, (at, to) -> fill(now, at, to))));
            print("read 4K", blocks.length, time(() -> disk.read(blocks, BLOCK_BYTES, (at, to) -> check(now, at, to))));
            print("write 4K and flush", FLUSHES, time(() -> writeAndFlush(disk, blocks, now)));
        }
    }

    private void writeAndFlush(NbdDisk disk, long[] blocks, int round) throws IOException {
        for (int i = 0; i < FLUSHES; i++) {
            disk.write(new long[] {blocks[i]}, BLOCK_BYTES, (at, to) -> fill(round, at, to));
            disk.flush();
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static long time(Step step) throws IOException {
        long begin = System.nanoTime();
        step.run();
        return System.nanoTime() - begin;
    }

    private static void print(String what, int count, long nanos) {
        System.out.printf("%-20s %,9d in a second%n", what, count * 1_000_000_000L / Math.max(1, nanos));
    }

    private static long[] offsets(int blockBytes) {
        return Stream.iterate(0L, at -> at + blockBytes)
                .limit(VOLUME_BYTES / blockBytes)
                .mapToLong(Long::longValue)
                .toArray();
    }

    private long[] shuffled(int blockBytes, int round) {
        long[] offsets = offsets(blockBytes);
        Random random = new Random(seed + round);
        for (int i = offsets.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            long kept = offsets[i];
            offsets[i] = offsets[other];
            offsets[other] = kept;
        }
        return offsets;
    }

    /** Every eight bytes say which round wrote them, and where. */
    private void fill(int round, long offset, byte[] into) {
        ByteBuffer bytes = ByteBuffer.wrap(into);
        for (int at = 0; at < into.length; at += Long.BYTES) {
            bytes.putLong(at, word(round, offset + at));
        }
    }

    private void check(int round, long offset, byte[] seen) {
        ByteBuffer bytes = ByteBuffer.wrap(seen);
        for (int at = 0; at < seen.length; at += Long.BYTES) {
            if (bytes.getLong(at) != word(round, offset + at)) {
                throw new Failure("the byte at " + (offset + at) + " is not what round " + round + " of seed " + seed
                        + " wrote: do not trust this machine, and please report it");
            }
        }
    }

    private long word(int round, long at) {
        return (seed * 31 + round) * 0x9E3779B97F4A7C15L + at;
    }

    private static Server server(Path directory) {
        FirstVolume.Wanted wanted = new FirstVolume.Wanted(
                "main",
                List.of("disk0"),
                Protection.SINGLE,
                LOG_BYTES,
                DISK_BYTES,
                new FirstVolume.Thin(VOLUME, VOLUME_BYTES));
        return new Server(
                new LocalNode.Plan("selftest", ServerOptions.allIn(directory), wanted, ""), QUIET, System.err);
    }

    private Path makeDirectory() {
        try {
            return parent.isEmpty()
                    ? Files.createTempDirectory("holdfast-selftest-")
                    : Files.createTempDirectory(Path.of(parent), "holdfast-selftest-");
        } catch (IOException failed) {
            throw new Failure("can't make a directory in " + parent + " ("
                    + failed.getClass().getSimpleName() + "): pick another --dir");
        }
    }

    private static void remove(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("can't remove " + directory, failed);
        }
    }
}
