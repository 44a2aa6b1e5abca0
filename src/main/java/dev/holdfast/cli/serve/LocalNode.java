package dev.holdfast.cli.serve;

import dev.holdfast.base.Checks;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.cluster.control.VolumeInfo;
import dev.holdfast.frontend.http.HttpApi;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.host.HostWorld;
import dev.holdfast.host.join.JoinServer;
import dev.holdfast.host.raft.RaftOrderedLog;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One node of this process, from its directory to its end.
 *
 * <ol>
 *   <li>The control log is locked before anything else is touched: of two nodes on one directory the second goes.
 *   <li>It stops cleanly, or after {@link #STOP_MILLIS} not at all, which loses nothing that was acknowledged: the next
 *       start replays it.
 * </ol>
 */
public final class LocalNode implements AutoCloseable {
    static final long STOP_MILLIS = 4_500;

    /** After this long a start says whom it waits for. */
    private static final long SILENT_MILLIS = 5_000;

    private static final String LOOPBACK = "127.0.0.1";

    private final Plan plan;
    private final PrintStream out;
    private final PrintStream notes;
    private final Path directory;
    private final Membership membership;
    private final OrderedLog log;
    private final MemoryChoice memory;
    private final HostWorld world;
    private final Node node;
    private Optional<HttpApi> http = Optional.empty();
    private Optional<JoinServer> joins = Optional.empty();
    private boolean serving;
    private boolean stopped;

    /** What to run; {@code acceptLossOf} names a pool or is empty. */
    public record Plan(String name, ServerOptions options, FirstVolume.Wanted wanted, String acceptLossOf) {
        /** The same, for a node that joins with {@code token} if it has not yet. */
        Plan joining(String token) {
            ServerOptions.Members joins = new ServerOptions.Members(List.of(), options.members.address(), token);
            ServerOptions known = options.of(options.directory(), joins, false);
            return new Plan(name, known, wanted, acceptLossOf);
        }
    }

    /** A node that has its directory, and does nothing yet. It says what people should know to {@code notes}. */
    LocalNode(Plan plan, PrintStream out, PrintStream notes) throws WorldException {
        this.plan = plan;
        this.out = out;
        this.notes = notes;
        this.directory = directory(plan);
        this.membership = Membership.of(directory, plan.name(), plan.options().members);
        this.log = membership.open(directory);
        try {
            this.memory = memory();
            this.world = HostWorld.start();
            this.node = membership.joined().isPresent()
                    ? new Node(world, log, config(), membership.joined().get().network(world, log))
                    : new Node(world, log, config());
        } catch (RuntimeException failed) {
            log.close();
            throw failed;
        }
    }

    /** Starts it, and makes what it is to have at first. */
    void start() {
        refuse(started(membership.waitsFor()));
        membership.joined().ifPresent(LocalNode::settle);
        FirstVolume.Wanted wanted = membership.isAlone()
                ? plan.wanted()
                : plan.wanted().withPool(plan.wanted().pool() + "-" + membership.name());
        ensure(wanted);
        status().condition().notes().forEach(this::note);
        memory.settle(directory);
    }

    private static void settle(JoinedNode joined) {
        try {
            joined.joined();
        } catch (IOException failed) {
            throw new Failure("this node has joined, but can't note it: " + failed.getMessage());
        }
    }

    /** Makes what is not there yet. */
    void ensure(FirstVolume.Wanted wanted) {
        refuse(answer(done -> new FirstVolume(node, world.entropy()).ensure(wanted, done)));
    }

    /** Has the control log know what the pools have. */
    List<String> adopt() {
        return answer(node::adopt);
    }

    /** How it is. */
    NodeStatus status() {
        return answer(node::status);
    }

    /** Lets nobody in any more by HTTP, and nobody join. */
    void stopHttp() {
        joins.ifPresent(JoinServer::close);
        http.ifPresent(HttpApi::stop);
    }

    /** True if it stopped cleanly in time. */
    boolean stop() {
        Checks.that(!stopped, "a node stops once");
        stopped = true;
        stopHttp();
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        node.stop(() -> ended.complete(true));
        try {
            ended.get(STOP_MILLIS, TimeUnit.MILLISECONDS);
            world.close();
            return true;
        } catch (TimeoutException late) {
            note("did not stop in time: the next start replays what is left");
            return false;
        } catch (InterruptedException | ExecutionException end) {
            return false;
        }
    }

    /** Stops it, if it has not stopped yet, and gives its log back. */
    @Override
    public void close() {
        if (!stopped) {
            stop();
        }
        log.close();
    }

    private static Path directory(Plan plan) {
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

    private int lanes() {
        return membership.isAlone() ? plan.options().lanes() : plan.options().mirroringLanes();
    }

    private MemoryChoice memory() {
        MemoryChoice.Asked asked = new MemoryChoice.Asked(
                plan.options().memoryDirectory, plan.options().memorySize.bytes());
        MemoryChoice choice = MemoryChoice.of(directory, asked, lanes());
        note(choice.note());
        return choice;
    }

    private NodeConfig config() {
        List<Network.Address> nbd = new ArrayList<>();
        nbd.add(new Network.Address.Tcp(LOOPBACK, plan.options().nbdPort));
        if (!plan.options().nbdSocket.isEmpty()) {
            nbd.add(new Network.Address.Unix(
                    Path.of(plan.options().nbdSocket).toAbsolutePath().toString()));
        }
        return new NodeConfig(
                membership.starting().in(plan.options().domain),
                directory.toString(),
                new NodeConfig.Memory(
                        memory.place().toString(),
                        memory.bytesPerLane(),
                        memory.former().map(Path::toString).orElse("")),
                lanes(),
                Memory.cacheBytes(plan.options().cacheSize.bytes()),
                nbd,
                membership
                        .joined()
                        .map(JoinedNode::links)
                        .orElse(new Network.Address.Tcp(LOOPBACK, plan.options().linkPort)),
                plan.acceptLossOf());
    }

    /** Why the start failed, or the empty text; says what it waits for if that takes long. */
    private String started(String waitsFor) {
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

    /** Lets clients in, and says where; once. */
    void serve() {
        if (serving) {
            return;
        }
        serving = true;
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
        if (membership.joined().isPresent() && log instanceof RaftOrderedLog raft) {
            joins = Optional.of(membership
                    .joined()
                    .get()
                    .serveJoins(raft, () -> status().node().nodes()));
        }
        if (plan.options().httpPort != ServerOptions.NO_HTTP) {
            HttpApi api = startHttp();
            http = Optional.of(api);
            out.println("http://" + LOOPBACK + ":" + api.port() + "/");
        }
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

    private HttpApi startHttp() {
        try {
            return HttpApi.start(plan.options().httpPort, node, this::newToken);
        } catch (IOException failed) {
            throw new Failure("can't serve HTTP on port " + plan.options().httpPort + ": " + failed.getMessage()
                    + "; --http-port 0 picks a free one");
        }
    }

    /** For one more node that joins. */
    String newToken() throws IOException {
        return membership
                .joined()
                .orElseThrow(() -> new IOException("nobody can join this node: it was not started with --address"))
                .issue();
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
