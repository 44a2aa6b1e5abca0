package dev.holdfast.host;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Network.Listener;
import dev.holdfast.io.Receiver;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What threads and hand-offs cost before there is anything to hand off: a responder that answers requests of the NBD
 * shape (28 bytes, for writes and 4 KiB more; 16 bytes back, for reads and 4 KiB more) and does nothing else. It is
 * a command, no test: run it with the test classes on the class path.
 *
 * <p>Layouts: {@code ONE} answers on the connection's loop; {@code HANDOFF} hands every receive's requests to a second
 * loop and the answers back; {@code LOG_ONE} makes every receive's writes durable with one 4 KiB log write that the
 * connection's loop asks for (so the disk's thread makes it); {@code LOG_LOOP} hands them to a committer's loop, which
 * makes the log write itself; {@code LOG_LOOP_THREAD} gives that loop a socket, so that the disk's thread makes it.
 */
public final class SkeletonBench {
    private static final int REQUEST = 28;
    private static final int REPLY = 16;
    private static final int BLOCK = 4096;
    private static final long LOG_BYTES = 256L << 20;

    private SkeletonBench() {}

    private enum Layout {
        ONE,
        HANDOFF,
        LOG_ONE,
        LOG_LOOP,
        LOG_LOOP_THREAD
    }

    /** Arguments: directory for the log, seconds a run, rounds, layouts; prints one CSV line per run. */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int seconds = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        List<Layout> layouts = arguments.length > 3
                ? List.of(arguments[3].split(",")).stream().map(Layout::valueOf).toList()
                : List.of(Layout.values());
        System.out.println("round,layout,connections,depth,iops,server_cpu_s_per_100k,p50_us,p99_us");
        int[][] loads = {{1, 1}, {1, 32}, {2, 1}, {2, 32}};
        for (int i = 0; i < rounds * loads.length; i++) {
            int[] load = loads[i % loads.length];
            for (Layout layout : layouts) {
                run(directory, i / loads.length, layout, load[0], load[1], seconds);
            }
        }
    }

    private static void run(Path directory, int round, Layout layout, int connections, int depth, int seconds)
            throws Exception {
        HostDisks disks = new HostDisks(2, "", Fatal.HALT);
        Path path = directory.resolve("bench-log");
        Files.deleteIfExists(path);
        try (HostWorld world = HostWorld.start();
                Disk disk = preallocated(disks, path)) {
            Loop first = world.newLoop("connections");
            Loop second = world.newLoop("second");
            boolean writes = layout.ordinal() >= Layout.LOG_ONE.ordinal();
            Listener listener = world.network()
                    .listen(
                            new Address.Tcp("127.0.0.1", 0),
                            first,
                            connection -> responder(layout, connection, first, second, disk));
            if (layout == Layout.LOG_LOOP_THREAD) {
                world.network().listen(new Address.Tcp("127.0.0.1", 0), second, connection -> new Idle());
            }
            int port = ((Address.Tcp) listener.address()).port();
            var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            measure(port, connections, depth, 1, writes);
            long cpu = system.getProcessCpuTime();
            String[] result = measure(port, connections, depth, seconds, writes);
            double used = (system.getProcessCpuTime() - cpu) / 1e9;
            long count = Long.parseLong(result[0]);
            System.out.printf(
                    "%d,%s,%d,%d,%d,%.3f,%s,%s%n",
                    round, layout, connections, depth, count / seconds, used / count * 1e5, result[1], result[2]);
            listener.close();
        } finally {
            Files.deleteIfExists(path);
        }
    }

    private static Disk preallocated(HostDisks disks, Path path) throws Exception {
        Disk disk = disks.create(path.toString(), LOG_BYTES);
        disk.close();
        try (FileClaim claim = FileClaim.existing(path)) {
            Posix.reserve(claim.fd(), LOG_BYTES);
        }
        return disks.open(path.toString());
    }

    private static String[] measure(int port, int connections, int depth, int seconds, boolean writes)
            throws Exception {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-XX:+UseSerialGC",
                "dev.holdfast.host.SkeletonClient"));
        command.addAll(List.of("" + port, "" + connections, "" + depth, "" + seconds, "" + writes));
        Process client = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String line = new String(client.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        client.waitFor();
        return line.trim().split(" ");
    }

    private static Receiver responder(Layout layout, Connection connection, Loop first, Loop second, Disk disk) {
        return switch (layout) {
            case ONE -> new Responder(connection, false, (count, answer) -> answer.run());
            case HANDOFF -> new Responder(connection, false, (count, answer) -> second.post(() -> first.post(answer)));
            case LOG_ONE -> new Responder(connection, true, new Log(disk, first)::commit);
            case LOG_LOOP, LOG_LOOP_THREAD -> {
                Log log = new Log(disk, second);
                yield new Responder(
                        connection,
                        true,
                        (count, answer) -> second.post(() -> log.commit(count, () -> first.post(answer))));
            }
        };
    }

    /** Nobody connects to it. */
    private static final class Idle implements Receiver {
        @Override
        public void received(ByteBuffer in) {}

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }

    /** What happens between requests and their answers. */
    @FunctionalInterface
    private interface Between {
        void requests(int count, Runnable answer);
    }

    /** Group commit of one 4 KiB block per batch: what comes while a write is under way goes into the next. */
    private static final class Log {
        private final Disk disk;
        private final Loop loop;
        private final ByteBuffer[] block = {
            ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK)
        };
        private List<Runnable> waiting = new ArrayList<>();
        private List<Runnable> underWay = new ArrayList<>();
        private boolean writing;
        private boolean asked;
        private long offset;

        Log(Disk disk, Loop loop) {
            this.disk = disk;
            this.loop = loop;
        }

        void commit(int count, Runnable answer) {
            waiting.add(answer);
            if (!writing && !asked) {
                asked = true;
                loop.atEndOfTurn(this::write);
            }
        }

        private void write() {
            asked = false;
            writing = true;
            List<Runnable> empty = underWay;
            underWay = waiting;
            waiting = empty;
            offset = (offset + BLOCK) % LOG_BYTES;
            disk.writeDurable(offset, block, 1, loop, this::done, 0);
        }

        private void done(long token, dev.holdfast.io.DiskOutcome outcome) {
            writing = false;
            underWay.forEach(Runnable::run);
            underWay.clear();
            if (!waiting.isEmpty()) {
                write();
            }
        }
    }

    /** Takes whole requests, and answers as many as it took when it is told to. */
    private static final class Responder implements Receiver {
        private final Connection connection;
        private final boolean writes;
        private final Between between;
        private final ByteBuffer content = ByteBuffer.allocateDirect(BLOCK);

        Responder(Connection connection, boolean writes, Between between) {
            this.connection = connection;
            this.writes = writes;
            this.between = between;
        }

        @Override
        public void received(ByteBuffer in) {
            int length = REQUEST + (writes ? BLOCK : 0);
            int count = in.remaining() / length;
            if (writes) {
                for (int i = 0; i < count; i++) {
                    content.put(0, in, in.position() + i * length + REQUEST, BLOCK);
                }
            }
            in.position(in.position() + count * length);
            if (count > 0) {
                between.requests(count, () -> answer(count));
            }
        }

        private void answer(int count) {
            for (int i = 0; i < count; i++) {
                ByteBuffer out = connection.reserve(REPLY + (writes ? 0 : BLOCK));
                out.putLong(i).putLong(count);
                if (!writes) {
                    out.put(content.clear());
                }
            }
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
