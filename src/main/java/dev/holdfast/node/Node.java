package dev.holdfast.node;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Life;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.frontend.http.Event;
import dev.holdfast.frontend.http.Health;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.frontend.http.Service;
import dev.holdfast.frontend.http.VolumeCheck;
import dev.holdfast.frontend.nbd.NbdLimits;
import dev.holdfast.frontend.nbd.NbdServer;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.Pool;
import dev.holdfast.store.PoolTwin;
import dev.holdfast.store.root.GenerationKeeper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One node: control log, pools, NBD. Everything of it but the pools' own loops runs on its control loop. It does not
 * open the log or end the process.
 *
 * <ol>
 *   <li>The start of the process is in the control log before a pool is opened, so two processes never serve under one
 *       incarnation.
 *   <li>Changes left open by an earlier process have ended before the first client is let in.
 *   <li>It stops from the outside in: clients, pools, controller.
 * </ol>
 */
public final class Node implements Service {
    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final String NO_TWIN = "the pool has no twin: --to HOST:PORT says where it is";

    private final World world;
    private final NodeConfig config;
    private final OrderedLog log;
    private final PeerNetwork peers;
    private final Loop control;
    private final Pools pools;
    private final Exports exports;
    private final Controller controller;
    private final Replicas replicas;
    private final Events events;
    private final Watch watch;
    private final Comparisons comparisons;
    private final Drainage drainage;
    private final NbdServer nbd;
    private final List<String> endpoints = new ArrayList<>();
    private final List<String> differences = new ArrayList<>();
    private boolean serving;
    private boolean stopping;

    /** A node that has done nothing yet, on a machine that all others are on; {@code log} is its cluster's. */
    public Node(World world, OrderedLog log, NodeConfig config) {
        this(world, log, config, PeerNetwork.plain(world.network()));
    }

    /** The same; {@code peers} is how nodes reach each other. */
    public Node(World world, OrderedLog log, NodeConfig config, PeerNetwork peers) {
        this.world = world;
        this.peers = peers;
        this.config = config;
        this.log = log;
        this.control = world.newLoop("control");
        this.pools = new Pools(world, peers, config, control, this::generations, this::tell);
        this.exports =
                new Exports(world, peers.network(), this::state, this::number, new Exports.Kept(pools, this::replicas));
        PoolExecution execution = new PoolExecution(
                control, pools, this::state, this::replicas, new PoolExecution.Told(this::changed, this::over));
        this.controller = new Controller(control, log, world.entropy(), execution);
        this.events = new Events(world.clock(), () -> controller.self().name());
        this.watch = new Watch(control, world.clock(), events, this::status);
        this.replicas = new Replicas(world, peers, control, pools, controller, events);
        this.comparisons = new Comparisons(control, world.entropy(), controller, replicas, events);
        this.drainage = new Drainage(control, world.entropy(), controller, replicas, log, events);
        this.nbd = new NbdServer(control, exports, NbdLimits.DEFAULTS);
    }

    private void tell(String event) {
        events.add("", event);
    }

    private void over() {
        differences.add("another process of this node has started: this one changes nothing any more");
    }

    /** The copies of mirrored volumes; on the control loop. */
    Replicas replicas() {
        return replicas;
    }

    private void changed() {
        refuseRemoved();
        replicas.changed();
        if (serving) {
            drainage.look();
        }
        exports.changed().forEach(nbd::disconnect);
    }

    private void refuseRemoved() {
        state().removedNodes().forEach(gone -> peers.removed().accept(gone.id().toString()));
    }

    /** What the control log keeps of a pool; asked for on the control loop, used on the pool's. */
    private GenerationKeeper generations(Id128 pool, Loop committer) {
        long newest = state().generation(pool);
        return new GenerationKeeper() {
            @Override
            public long newest() {
                return newest;
            }

            @Override
            public void keep(long generation, Kept kept) {
                control.post(() -> keepGeneration(pool, generation, kept, committer));
            }
        };
    }

    /** A log of several nodes takes nothing while their majority is away: the pool waits, as it has no other way. */
    private void keepGeneration(Id128 pool, long generation, GenerationKeeper.Kept kept, Loop committer) {
        controller.poolWentOn(pool, generation, durable -> {
            if (durable || isAlone()) {
                committer.post(() -> kept.kept(durable));
            } else {
                control.after(RETRY_NANOS, () -> keepGeneration(pool, generation, kept, committer));
            }
        });
    }

    private boolean isAlone() {
        return config.self().id().isEmpty();
    }

    /** Number of this node; only after the start, on the control loop. */
    int number() {
        return controller.self().number();
    }

    ControlState state() {
        return controller.state();
    }

    /** Where everything but the data path runs. */
    public Loop control() {
        return control;
    }

    /** Starts; {@code started} is told on the control loop why that failed, or the empty text. */
    public void start(Consumer<String> started) {
        control.post(() -> controller.start(config.self(), failure -> {
            if (!failure.isEmpty()) {
                started.accept(failure);
                return;
            }
            refuseRemoved();
            pools.openAll(state().pools().stream().filter(this::isToBeOpen).toList(), why -> opened(why, started));
        }));
    }

    private boolean isToBeOpen(PoolInfo pool) {
        return pool.life() == Life.LIVE && pool.node() == number();
    }

    private void opened(String failure, Consumer<String> started) {
        if (!failure.isEmpty()) {
            started.accept(failure);
            return;
        }
        new Reconciliation(state(), pools, control).run(found -> {
            differences.addAll(found);
            replicas.openAlone();
            controller.recover(() -> started.accept(""));
        });
    }

    /** Lets clients in; returns where. On the control loop, once, after the start. */
    public List<Network.Address> serve() throws WorldException {
        Checks.that(control.isCurrent() && !serving, "a node begins to serve once");
        Optional<Network.Address> links = isAlone() ? Optional.empty() : Optional.of(replicas.open(config.links()));
        List<Network.Address> bound = new ArrayList<>();
        for (Network.Address address : config.nbd()) {
            bound.add(nbd.listen(world.network(), address));
        }
        Network.Address disks = bound.getFirst();
        if (peers.disks().isPresent()) {
            disks = nbd.listen(peers.network(), peers.disks().get());
        }
        Network.Address reached = disks;
        serving = true;
        bound.forEach(address -> endpoints.add(uri(address)));
        watch.start();
        comparisons.start();
        drainage.look();
        links.ifPresent(door -> controller.reachable(place(door), place(reached)));
        return bound;
    }

    /** An address as records have it. */
    private static String place(Network.Address address) {
        return switch (address) {
            case Network.Address.Tcp tcp -> tcp.host() + ":" + tcp.port();
            case Network.Address.Unix unix -> throw Checks.unreachable("other nodes come in by TCP");
        };
    }

    private static String uri(Network.Address address) {
        return switch (address) {
            case Network.Address.Tcp tcp -> "nbd://" + tcp.host() + ":" + tcp.port();
            case Network.Address.Unix unix -> "nbd+unix:///?socket=" + unix.path();
        };
    }

    /** Stops cleanly: clients, pools, controller; the next start has nothing to replay. Once, from anywhere. */
    public void stop(Runnable stopped) {
        control.post(() -> {
            if (stopping) {
                return;
            }
            stopping = true;
            watch.stop();
            comparisons.stop();
            drainage.stop();
            controller.stop();
            replicas.endAll();
            nbd.stop(() -> {
                exports.stop();
                replicas.stop();
                pools.stop(stopped);
            });
        });
    }

    @Override
    public void submit(Id128 id, Operation operation, Consumer<Result> answer) {
        control.post(() -> objection(operation, why -> {
            if (why.isEmpty() || state().result(id).isPresent()) {
                controller.submit(id, operation, answer);
            } else {
                answer.accept(Result.conflict(why));
            }
        }));
    }

    /** What only this node can know against an operation: whoever is to be removed must not run. */
    private void objection(Operation operation, Consumer<String> told) {
        if (!(operation instanceof Operation.RemoveNode goes)) {
            told.accept("");
        } else if (!peers.proves()) {
            told.accept("nodes that were named with --member, or one that is alone, can't be removed");
        } else if (!replicas.hasMet()) {
            told.accept("this node has just started, and does not know yet who runs: ask again in 10 s");
        } else {
            replicas.reached(numbers -> told.accept(
                    state().node(goes.name())
                                    .filter(node -> numbers.contains(node.number()))
                                    .isPresent()
                            ? "node " + goes.name() + " can be reached: stop it first"
                            : ""));
        }
    }

    @Override
    public void dryRun(Operation operation, Consumer<Controller.DryRun> answer) {
        control.post(() -> objection(
                operation,
                why -> answer.accept(
                        why.isEmpty()
                                ? controller.dryRun(operation)
                                : new Controller.DryRun(Result.conflict(why), List.of()))));
    }

    @Override
    public void status(Consumer<NodeStatus> answer) {
        control.post(() -> new StatusRound(state(), pools, control)
                .run(measured -> replicas.status(
                        here -> replicas.reached(reached -> answer.accept(status(measured, here, reached))))));
    }

    private NodeStatus status(
            List<NodeStatus.PoolState> measured, Map<Integer, NodeStatus.Replica> here, List<Integer> reached) {
        ControlState now = state();
        List<String> notes = new ArrayList<>();
        measured.forEach(pool -> pool.measured()
                .ifPresentOrElse(
                        found -> found.notes()
                                .forEach(line -> notes.add("pool " + pool.info().name() + ": " + line)),
                        () -> notOpen(pool.info()).ifPresent(notes::add)));
        notes.addAll(differences);
        notes.addAll(pools.notes());
        NodeStatus.Member member = new NodeStatus.Member(
                controller.self(),
                now.cluster().orElseThrow(),
                now.nodes(),
                reached,
                log.leads(),
                drainage.shown(reached));
        NodeStatus found = new NodeStatus(
                member,
                new NodeStatus.Clients(List.copyOf(endpoints), nbd.connections()),
                measured,
                now.volumes(),
                now.snapshots(),
                now.exported(),
                NodeStatus.mirrors(now, here),
                new NodeStatus.Condition(notes, List.of()));
        Map<String, String> wrong = new LinkedHashMap<>(Health.of(found));
        wrong.putAll(comparisons.findings());
        return found.with(watch.troubles(wrong));
    }

    @Override
    public void events(long after, String volume, Consumer<List<Event>> answer) {
        control.post(() -> answer.accept(events.after(after, volume)));
    }

    /** What there is to say of a pool that is not open here. */
    private Optional<String> notOpen(PoolInfo pool) {
        return pool.node() == number() ? Optional.of("pool " + pool.name() + " is not open") : Optional.empty();
    }

    @Override
    public void verify(String name, Pool.VerifyProgress progress, Verified answer) {
        control.post(() -> {
            Optional<Pool> pool = state().pool(name).flatMap(info -> pools.get(info.id()));
            pool.ifPresentOrElse(
                    found -> found.verify(
                            control, progress, (problems, checked) -> answer.verified(true, problems, checked)),
                    () -> answer.verified(false, List.of(), 0));
        });
    }

    @Override
    public void compare(String volume, boolean reads, Consumer<Optional<Result.Refused>> begun) {
        control.post(() -> comparisons.begin(volume, reads, begun));
    }

    @Override
    public void comparison(String volume, Consumer<Optional<VolumeCheck>> told) {
        control.post(() -> comparisons.look(volume, told));
    }

    @Override
    public void endComparison(String volume, Runnable done) {
        control.post(() -> {
            comparisons.end(volume);
            done.run();
        });
    }

    /** Has the control log know what pools have and it does not; {@code told} a line for each. */
    public void adopt(Consumer<List<String>> told) {
        control.post(() -> new Adoption(control, world.entropy(), controller, pools).run(told));
    }

    @Override
    public void twin(String name, Twinned twinned, boolean dryRun, Consumer<TwinTold> done) {
        control.post(() -> {
            Optional<Pool> pool = state().pool(name).flatMap(info -> pools.get(info.id()));
            String refused = pool.isEmpty() ? "pool " + name + " is not open here" : refusal(twinned);
            if (refused.isEmpty() && dryRun) {
                pool.orElseThrow().twin().exists(control, exists -> {
                    boolean fits = !(twinned instanceof Twinned.Rpo) || exists;
                    done.accept(new TwinTold(fits ? "" : NO_TWIN, peers.proves()));
                });
            } else if (refused.isEmpty()) {
                tell(pool.orElseThrow(), twinned, done);
            } else {
                done.accept(new TwinTold(refused, peers.proves()));
            }
        });
    }

    /** What proves nothing stays on the machine. */
    private String refusal(Twinned twinned) {
        boolean isNear = !(twinned instanceof Twinned.At at) || at.host().matches("localhost|127[.][0-9.]+");
        return isNear || peers.proves()
                ? ""
                : "this node has no certificate, so a twin can only be on this machine: 127.0.0.1, for instance the end"
                        + " of a tunnel. A node that was begun with --address has one";
    }

    private void tell(Pool pool, Twinned twinned, Consumer<TwinTold> done) {
        switch (twinned) {
            case Twinned.At at -> {
                Network.Address there = new Network.Address.Tcp(at.host(), at.port());
                pool.twin().mirrorTo(pools.toTwins(), there, PoolTwin.MOST_QUEUED_BYTES);
            }
            case Twinned.Rpo rpo -> {
                pool.twin().rpo(rpo.zero(), control, known -> {
                    String refused = known ? "" : NO_TWIN;
                    done.accept(new TwinTold(refused, peers.proves()));
                });
                return;
            }
            case Twinned.StartOver _ -> pool.twin().giveUp();
        }
        done.accept(new TwinTold("", peers.proves()));
    }

    @Override
    public void changes(String volume, String snapshot, int limit, Pool.Changes answer) {
        control.post(() -> {
            Optional<Runnable> ask = state().volume(volume)
                    .flatMap(info -> state().snapshot(info.id(), snapshot)
                            .flatMap(since -> info.pools().stream()
                                    .flatMap(id -> pools.get(id).stream())
                                    .findFirst()
                                    .map(pool -> () ->
                                            pool.changesSince(info.shard(), since.id(), limit, control, answer))));
            ask.ifPresentOrElse(Runnable::run, () -> answer.changes(false, List.of(), true));
        });
    }
}
