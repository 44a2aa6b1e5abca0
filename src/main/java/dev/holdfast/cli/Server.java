package dev.holdfast.cli;

import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.http.HttpApi;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Network;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import dev.holdfast.node.FirstVolume;
import dev.holdfast.node.Node;
import dev.holdfast.node.NodeConfig;
import dev.holdfast.store.Pool;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One node in the foreground of this process, from its directory to the signal that ends it.
 *
 * <ol>
 *   <li>The control log is locked before anything else is touched: of two servers on one directory the second goes.
 *   <li>A signal stops cleanly; exit code 0. After {@link #STOP_MILLIS} the process goes as it is, which loses nothing
 *       that was acknowledged: the next start replays it.
 * </ol>
 */
final class Server {
    static final long STOP_MILLIS = 4_500;

    /** After this long a start says whom it waits for. */
    private static final long SILENT_MILLIS = 5_000;

    private static final String LOOPBACK = "127.0.0.1";

    private final Plan plan;
    private final PrintStream out;
    private final PrintStream notes;
    private Optional<HttpApi> http = Optional.empty();

    /** What to run; {@code acceptLossOf} names a pool or is empty. */
    record Plan(String name, ServerOptions options, FirstVolume.Wanted wanted, String acceptLossOf) {}

    Server(Plan plan, PrintStream out, PrintStream notes) {
        this.plan = plan;
        this.out = out;
        this.notes = notes;
    }

    /** Serves until a signal comes; does not return but by a {@link Failure}. */
    void run() {
        plan.options().check();
        Path directory = directory();
        Membership membership = Membership.of(directory, plan.name(), plan.options().members);
        try (OrderedLog log = membership.open(directory)) {
            MemoryChoice memory = memory(directory, lanes(membership));
            HostWorld world = HostWorld.start();
            Node node = new Node(world, log, config(directory, membership, memory));
            boolean served = false;
            try {
                start(world, node, membership);
                memory.settle(directory);
                serve(node);
                stopOnSignal(world, node, log);
                served = true;
            } finally {
                if (!served) {
                    stop(world, node);
                }
            }
            // Whoever sees this may send a signal at once: what answers it is in place.
            out.println("ready");
            out.flush();
            new CountDownLatch(1).await();
        } catch (WorldException refused) {
            throw new Failure(String.valueOf(refused.getMessage()));
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts, which may accept a loss, and stops again. */
    void startAndStop() {
        whileStarted(node -> {});
    }

    /** Serves while {@code work} runs, which gets the first NBD endpoint, and stops cleanly. */
    void serveWhile(Consumer<String> work) {
        whileStarted(node -> {
            serve(node);
            try {
                work.accept(answer(node::status).clients().endpoints().getFirst());
            } finally {
                http.ifPresent(HttpApi::stop);
            }
        });
    }

    private void whileStarted(Consumer<Node> work) {
        Path directory = directory();
        Membership membership = Membership.of(directory, plan.name(), plan.options().members);
        try (OrderedLog log = membership.open(directory)) {
            MemoryChoice memory = memory(directory, lanes(membership));
            HostWorld world = HostWorld.start();
            Node node = new Node(world, log, config(directory, membership, memory));
            try {
                start(world, node, membership);
                memory.settle(directory);
                work.accept(node);
            } finally {
                stop(world, node);
            }
        } catch (WorldException refused) {
            throw new Failure(String.valueOf(refused.getMessage()));
        }
    }

    private Path directory() {
        Path directory = Path.of(plan.options().directory).toAbsolutePath().normalize();
        try {
            Files.createDirectories(directory);
        } catch (IOException failed) {
            throw new Failure("can't make " + directory + " ("
                    + failed.getClass().getSimpleName() + " " + failed.getMessage() + "): pick another --dir");
        }
        if (!Files.isWritable(directory)) {
            throw new Failure(directory + " is not writable: pick another --dir, or change its owner or mode");
        }
        return directory;
    }

    private int lanes(Membership membership) {
        return membership.several().isEmpty()
                ? plan.options().lanes()
                : plan.options().mirroringLanes();
    }

    private MemoryChoice memory(Path directory, int lanes) {
        MemoryChoice.Asked asked = new MemoryChoice.Asked(
                plan.options().memoryDirectory, plan.options().memorySize.bytes());
        MemoryChoice choice = MemoryChoice.of(directory, asked, lanes);
        note(choice.note());
        return choice;
    }

    private NodeConfig config(Path directory, Membership membership, MemoryChoice memory) {
        List<Network.Address> nbd = new ArrayList<>();
        nbd.add(new Network.Address.Tcp(LOOPBACK, plan.options().nbdPort));
        if (!plan.options().nbdSocket.isEmpty()) {
            nbd.add(new Network.Address.Unix(
                    Path.of(plan.options().nbdSocket).toAbsolutePath().toString()));
        }
        return new NodeConfig(
                membership.starting(),
                directory.toString(),
                new NodeConfig.Memory(
                        memory.place().toString(),
                        memory.bytesPerLane(),
                        memory.former().map(Path::toString).orElse("")),
                lanes(membership),
                Memory.cacheBytes(plan.options().cacheSize.bytes()),
                nbd,
                new Network.Address.Tcp(LOOPBACK, plan.options().linkPort),
                plan.acceptLossOf());
    }

    private void start(HostWorld world, Node node, Membership membership) {
        refuse(started(node, membership.waitsFor()));
        FirstVolume.Wanted wanted = membership.several().isEmpty()
                ? plan.wanted()
                : plan.wanted().withPool(plan.wanted().pool() + "-" + membership.name());
        refuse(answer(done -> new FirstVolume(node, world.entropy()).ensure(wanted, done)));
        answer(node::status).notes().forEach(this::note);
    }

    /** Why the start failed, or the empty text; says what it waits for if that takes long. */
    private String started(Node node, String waitsFor) {
        CompletableFuture<String> told = new CompletableFuture<>();
        node.start(told::complete);
        try {
            return told.get(SILENT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            note(waitsFor);
        } catch (InterruptedException | ExecutionException end) {
            throw new Failure("interrupted");
        }
        return answer(done -> told.thenAccept(done));
    }

    private static void refuse(String failure) {
        if (!failure.isEmpty()) {
            throw new Failure(failure);
        }
    }

    private void serve(Node node) {
        String failure = answer(done -> node.control().post(() -> {
            try {
                node.serve();
                done.accept("");
            } catch (WorldException refused) {
                done.accept(refused.getMessage() + "; --nbd-port 0 picks a free one");
            }
        }));
        refuse(failure);
        NodeStatus status = answer(node::status);
        status.pools().forEach(this::printReplayed);
        status.clients().endpoints().forEach(endpoint -> printUris(endpoint, status.exportedHere()));
        out.flush();
        HttpApi api = startHttp(node);
        http = Optional.of(api);
        out.println("http://" + LOOPBACK + ":" + api.port() + "/");
    }

    private void printReplayed(NodeStatus.PoolState pool) {
        pool.measured().map(Pool.PoolStatus::replayed).ifPresent(replayed -> {
            String from = replayed.from().isEmpty() ? "" : " (" + replayed.from() + ")";
            out.println("pool " + pool.info().name() + ": changes replayed: " + replayed.changes() + from);
        });
    }

    private void printUris(String endpoint, List<VolumeInfo> exported) {
        if (exported.isEmpty()) {
            out.println(endpoint);
        }
        exported.forEach(volume -> out.println(NodeStatus.uri(endpoint, volume.name())));
    }

    private HttpApi startHttp(Node node) {
        try {
            return HttpApi.start(plan.options().httpPort, node);
        } catch (IOException failed) {
            throw new Failure("can't serve HTTP on port " + plan.options().httpPort + ": " + failed.getMessage()
                    + "; --http-port 0 picks a free one");
        }
    }

    private void stopOnSignal(HostWorld world, Node node, OrderedLog log) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            http.ifPresent(HttpApi::stop);
            boolean clean = stop(world, node);
            log.close();
            out.flush();
            Runtime.getRuntime().halt(clean ? 0 : 1);
        }));
    }

    /** True if it stopped cleanly in time. */
    private boolean stop(HostWorld world, Node node) {
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        node.stop(() -> stopped.complete(true));
        try {
            stopped.get(STOP_MILLIS, TimeUnit.MILLISECONDS);
            world.close();
            return true;
        } catch (TimeoutException late) {
            note("did not stop in time: the next start replays what is left");
            return false;
        } catch (InterruptedException | ExecutionException end) {
            return false;
        }
    }

    private static <T> T answer(Consumer<Consumer<T>> task) {
        CompletableFuture<T> told = new CompletableFuture<>();
        task.accept(told::complete);
        try {
            return told.get();
        } catch (InterruptedException | ExecutionException end) {
            throw new Failure("interrupted");
        }
    }

    private void note(String line) {
        if (!line.isEmpty()) {
            notes.println("holdfast: " + line);
        }
    }
}
