package dev.holdfast.frontend.http;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Protocol;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Protection;
import dev.holdfast.store.Pool;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** What each path of the API means. It waits for the node's answer in the thread of the request. */
final class Routes {
    private static final long PATIENCE_SECONDS = 60;
    private static final long LOG_BYTES = 256L << 20;
    private static final int MOST_REPLICAS = 4;
    private static final int MOST_WHO = 64;
    private static final int MOST_RANGES = 100_000;
    private static final int MOST_TWIN_ADDRESS = 94;
    private static final long BLOCK_BYTES = 4096;

    private final Service service;
    private final HttpApi.Tokens tokens;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Verification> verifications = new ConcurrentHashMap<>();

    /** How far a verification is. */
    private record Verification(boolean running, long checkedBlocks, long usedBlocks, List<String> problems) {
        Map<String, Object> view() {
            return Views.map(
                    "running", running, "checkedBlocks", checkedBlocks, "usedBlocks", usedBlocks, "problems", problems);
        }
    }

    Routes(Service service, HttpApi.Tokens tokens) {
        this.service = service;
        this.tokens = tokens;
    }

    Answer answer(Call call) throws Call.Wrong {
        List<String> path = call.path();
        String noun = path.isEmpty() ? "" : path.getFirst();
        boolean isCheck =
                path.size() == 3 && noun.equals("volumes") && path.get(2).equals("verify");
        String rest = isCheck ? "/*/verify" : "/*".repeat(Math.max(0, path.size() - 1));
        return switch (call.method() + " " + noun + rest) {
            case "GET status" -> Answer.json(new Views(status()).all());
            case "GET nodes" -> Answer.json(new Views(status()).nodes());
            case "GET pools" -> Answer.json(new Views(status()).pools());
            case "GET mirrors" -> Answer.json(new Views(status()).mirrors());
            case "GET disks" -> Answer.json(new Views(status()).disks());
            case "GET volumes" -> Answer.json(new Views(status()).volumes());
            case "GET exports" -> Answer.json(new Views(status()).exports());
            case "GET snapshots" -> Answer.json(new Views(status()).snapshots());
            case "GET pools/*" -> pool(path.get(1));
            case "GET volumes/*" -> volume(path.get(1));
            case "GET events" -> events(call);
            case "GET whatif/*/*" -> whatIf(path);
            case "GET explain/*" -> explanation(path.get(1));
            case "GET pools/*/*" -> verification(path);
            case "POST pools/*/*" -> path.get(2).equals("twin") ? twin(call, path.get(1)) : verify(path);
            case "GET snapshots/*/*" -> changes(call);
            case "GET volumes/*/verify" -> comparison(path.get(1));
            case "POST volumes/*/verify" -> compare(call, path.get(1));
            case "DELETE volumes/*/verify" -> endComparison(path.get(1));
            case "POST tokens" -> token();
            default -> change(call, operation(call));
        };
    }

    private Answer token() throws Call.Wrong {
        try {
            return Answer.json(Views.map("token", tokens.issue()));
        } catch (IOException none) {
            throw new Call.Wrong(409, String.valueOf(none.getMessage()));
        }
    }

    private static Operation operation(Call call) throws Call.Wrong {
        List<String> path = call.path();
        return switch (call.method() + " " + String.join("/", path.isEmpty() ? List.of() : List.of(path.getFirst()))
                + "/*".repeat(Math.max(0, path.size() - 1))) {
            case "POST pools" ->
                new Operation.CreatePool(
                        call.text("name"),
                        call.text("node", ""),
                        call.texts("disks"),
                        Protection.parse(call.text("protection", "single"))
                                .orElseThrow(() -> new Call.Wrong(400, "a protection is single, mirror:2 or mirror:3")),
                        call.number("logBytes", LOG_BYTES),
                        call.number("createBytes", 0));
            case "POST volumes" -> newVolume(call);
            case "PUT volumes/*" ->
                new Operation.ResizeVolume(path.get(1), call.number("sizeBytes"), call.flag("shrink"));
            case "POST volumes/*/*" ->
                path.get(2).equals("accept-loss") ? acceptance(call, path.get(1)) : newCopy(call, path);
            case "DELETE volumes/*/*/*" -> copyRemoval(path);
            case "DELETE volumes/*" -> new Operation.DeleteVolume(path.get(1));
            case "POST nodes/*/*" -> new Operation.DrainNode(drained(path), call.flag("sameDomain"));
            case "DELETE nodes/*/*" -> new Operation.EndDrain(drained(path));
            case "DELETE nodes/*" -> new Operation.RemoveNode(path.get(1), call.flag("loseVolumes"));
            case "POST exports" ->
                new Operation.AddExport(
                        call.text("volume"),
                        Protocol.parse(call.text("protocol", "nbd"))
                                .orElseThrow(() -> new Call.Wrong(400, "a protocol is nbd; others come later")));
            case "DELETE exports/*" -> new Operation.RemoveExport(path.get(1), Protocol.NBD);
            case "POST snapshots" -> {
                String[] parts = split(call.text("name"));
                yield new Operation.CreateSnapshot(parts[0], parts[1]);
            }
            case "DELETE snapshots/*" -> {
                String[] parts = split(path.get(1));
                yield new Operation.DeleteSnapshot(parts[0], parts[1]);
            }
            default -> throw new Call.Wrong(404, "there is no " + call.method() + " /api/v1/" + String.join("/", path));
        };
    }

    /** In one pool, or one copy in each of several. */
    private static Operation newVolume(Call call) throws Call.Wrong {
        String name = call.text("name");
        long sizeBytes = call.number("sizeBytes");
        List<String> pools = call.body().containsKey("pools") ? call.texts("pools") : List.of();
        long replicas = call.number("replicas", Math.max(1, pools.size()));
        if (replicas < 1 || replicas > MOST_REPLICAS) {
            throw new Call.Wrong(400, "replicas are 1 to " + MOST_REPLICAS);
        }
        if (!pools.isEmpty() && pools.size() != replicas) {
            throw new Call.Wrong(400, replicas + " replicas are kept in as many pools: name " + replicas + ", or none");
        }
        if (replicas > 1) {
            return new Operation.CreateMirrored(name, pools, (int) replicas, sizeBytes, call.flag("sameDomain"));
        }
        return new Operation.CreateVolume(name, pools.isEmpty() ? call.text("pool", "") : pools.getFirst(), sizeBytes);
    }

    private static Operation newCopy(Call call, List<String> path) throws Call.Wrong {
        if (!path.get(2).equals("copies")) {
            throw new Call.Wrong(404, "copies are made at volumes/VOLUME/copies");
        }
        return new Operation.AddCopy(path.get(1), call.text("pool", ""), call.flag("sameDomain"), 0);
    }

    private static Operation acceptance(Call call, String volume) throws Call.Wrong {
        String who = call.text("who", "?");
        if (who.length() > MOST_WHO) {
            throw new Call.Wrong(400, "\"who\" has " + MOST_WHO + " characters at most");
        }
        return new Operation.AcceptLoss(
                volume,
                call.text("from"),
                call.texts("gone"),
                call.flag("evenIfReached"),
                new Change.Audit(who, System.currentTimeMillis()));
    }

    private static Operation copyRemoval(List<String> path) throws Call.Wrong {
        if (!path.get(2).equals("copies")) {
            throw new Call.Wrong(404, "a copy is volumes/VOLUME/copies/POOL");
        }
        return new Operation.RemoveCopy(path.get(1), path.get(3));
    }

    private static String drained(List<String> path) throws Call.Wrong {
        if (!path.get(2).equals("drain")) {
            throw new Call.Wrong(404, "a node is drained at nodes/NODE/drain");
        }
        return path.get(1);
    }

    private static String[] split(String name) throws Call.Wrong {
        String[] parts = name.split("@", -1);
        if (parts.length != 2) {
            throw new Call.Wrong(400, "a snapshot is volume@snapshot, not '" + name + "'");
        }
        if (parts[1].startsWith(".")) {
            throw new Call.Wrong(400, name + " is Holdfast's own, and goes when it is not needed");
        }
        return parts;
    }

    private Answer change(Call call, Operation operation) throws Call.Wrong {
        if (call.isDryRun()) {
            Controller.DryRun plan = await(done -> service.dryRun(operation, done));
            return Answer.of(plan.result(), plan.lines());
        }
        Id128 id = operationId(call.operationId());
        Result result = await(done -> service.submit(id, operation, done));
        return Answer.of(result, List.of());
    }

    private Id128 operationId(String given) throws Call.Wrong {
        if (given.isEmpty()) {
            return new Id128(random.nextLong(), random.nextLong());
        }
        if (!given.matches("[0-9a-f]{32}")) {
            throw new Call.Wrong(400, "an Operation-Id has 32 hexadecimal digits");
        }
        return new Id128(
                Long.parseUnsignedLong(given.substring(0, 16), 16), Long.parseUnsignedLong(given.substring(16), 16));
    }

    NodeStatus status() throws Call.Wrong {
        return await(service::status);
    }

    private Answer pool(String name) throws Call.Wrong {
        NodeStatus status = status();
        Optional<NodeStatus.PoolState> pool = status.pool(name);
        return pool.isPresent()
                ? Answer.json(new Views(status).pool(pool.get()))
                : Answer.error(404, "there is no pool " + name + ": `holdfast pool ls` lists them");
    }

    private Answer explanation(String name) throws Call.Wrong {
        return new Explain(status())
                .volume(name)
                .map(lines -> Answer.json(Views.map("name", name, "lines", lines)))
                .orElseGet(() -> Answer.error(404, "there is no volume " + name + ": `holdfast volume ls` lists them"));
    }

    /** What happened after the event of a number, with all or with one volume. */
    private Answer events(Call call) throws Call.Wrong {
        String after = call.query().getOrDefault("after", "0");
        if (!after.matches("[0-9]{1,18}")) {
            throw new Call.Wrong(400, "after is the number of an event");
        }
        List<Event> events =
                await(done -> service.events(Long.parseLong(after), call.query().getOrDefault("volume", ""), done));
        return Answer.json(events.stream().map(Views::event).toList());
    }

    private Answer whatIf(List<String> path) throws Call.Wrong {
        if (!path.get(1).equals("node-down")) {
            throw new Call.Wrong(404, "what can be asked is whatif/node-down/NODE");
        }
        return WhatIf.nodeDown(status(), path.get(2))
                .map(outlook -> Answer.json(Views.outlook(outlook)))
                .orElseGet(
                        () -> Answer.error(404, "there is no node " + path.get(2) + ": `holdfast node ls` lists them"));
    }

    private Answer volume(String name) throws Call.Wrong {
        NodeStatus status = status();
        return status.volumes().stream()
                .filter(volume -> volume.name().equals(name))
                .findFirst()
                .map(volume -> Answer.json(new Views(status).volume(volume)))
                .orElseGet(() -> Answer.error(404, "there is no volume " + name + ": `holdfast volume ls` lists them"));
    }

    private Answer verification(List<String> path) throws Call.Wrong {
        Verification found = verifications.get(path.get(1));
        if (!path.get(2).equals("verify") || found == null) {
            throw new Call.Wrong(404, "no verification of " + path.get(1) + " was started");
        }
        return Answer.json(found.view());
    }

    /** Starts one, unless one is under way; progress and outcome are asked for with GET. */
    private Answer verify(List<String> path) throws Call.Wrong {
        String name = path.get(1);
        Optional<NodeStatus.PoolState> pool = status().pool(name);
        if (!path.get(2).equals("verify") || pool.isEmpty()) {
            throw new Call.Wrong(404, "there is no pool " + name + ": `holdfast pool ls` lists them");
        }
        if (pool.get().measured().isEmpty()) {
            throw new Call.Wrong(409, "pool " + name + " is not open here: ask the node that has it");
        }
        boolean[] begun = new boolean[1];
        Verification now = verifications.compute(name, (key, before) -> {
            begun[0] = before == null || !before.running();
            return begun[0] ? new Verification(true, 0, 0, List.of()) : before;
        });
        if (begun[0]) {
            Pool.VerifyProgress progress =
                    (checked, used) -> verifications.put(name, new Verification(true, checked, used, List.of()));
            service.verify(
                    name,
                    progress,
                    (found, problems, checked) ->
                            verifications.put(name, new Verification(false, checked, checked, problems)));
        }
        return Answer.json(now.view());
    }

    private Answer compare(Call call, String volume) throws Call.Wrong {
        boolean reads = call.flag("data");
        Optional<Result.Refused> refused = await(begun -> service.compare(volume, reads, begun));
        return refused.isPresent() ? Answer.of(refused.get(), List.of()) : comparison(volume);
    }

    private Answer comparison(String volume) throws Call.Wrong {
        Optional<VolumeCheck> found = await(told -> service.comparison(volume, told));
        return found.map(check -> Answer.json(check.view()))
                .orElseGet(() -> Answer.error(404, "no verification of volume " + volume + " was started here"));
    }

    private Answer endComparison(String volume) throws Call.Wrong {
        boolean done = await(told -> service.endComparison(volume, () -> told.accept(true)));
        return Answer.json(Views.map("done", done));
    }

    private static Service.Twinned twinned(Call call) throws Call.Wrong {
        if (call.flag("startOver")) {
            return new Service.Twinned.StartOver();
        }
        String rpo = call.text("rpo", "");
        if (!rpo.isEmpty()) {
            if (!rpo.equals("0") && !rpo.equals("off")) {
                throw new Call.Wrong(400, "\"rpo\" is \"0\" or \"off\"");
            }
            return new Service.Twinned.Rpo(rpo.equals("0"));
        }
        String to = call.text("to");
        int colon = to.lastIndexOf(':');
        boolean fits = colon > 0 && to.substring(colon + 1).matches("[0-9]{1,5}") && to.length() <= MOST_TWIN_ADDRESS;
        int port = fits ? Integer.parseInt(to.substring(colon + 1)) : 0;
        if (port < 1 || port > 65_535) {
            throw new Call.Wrong(400, "a twin is at HOST:PORT, in 94 characters at most");
        }
        return new Service.Twinned.At(to.substring(0, colon), port);
    }

    /** Where a pool's twin is, or that it begins with nothing; answers what its devices must be like. */
    private Answer twin(Call call, String name) throws Call.Wrong {
        Optional<Pool.PoolStatus> pool = status().pool(name).flatMap(NodeStatus.PoolState::measured);
        if (pool.isEmpty()) {
            throw new Call.Wrong(404, "there is no pool " + name + " that is open here: `holdfast pool ls` lists them");
        }
        Service.Twinned twinned = twinned(call);
        Service.TwinTold told = await(done -> service.twin(name, twinned, call.isDryRun(), done));
        if (!told.refused().isEmpty()) {
            throw new Call.Wrong(400, told.refused());
        }
        Pool.SpaceStatus space = pool.get().space();
        long diskBytes = Geometry.leastLengthBytes(space.logBytes())
                + (space.totalBlocks() - Geometry.LEAST_DATA_BLOCKS) * BLOCK_BYTES;
        return Answer.json(Views.map(
                "done",
                !call.isDryRun(),
                "proves",
                told.proves(),
                "pool",
                pool.get().poolId().toString(),
                "diskBytes",
                diskBytes,
                "logBytes",
                space.logBytes()));
    }

    private record Changed(boolean found, List<Pool.ByteRange> ranges, boolean complete) {}

    private Answer changes(Call call) throws Call.Wrong {
        String[] parts = split(call.path().get(1));
        if (!call.path().get(2).equals("changes")) {
            throw new Call.Wrong(404, "a snapshot has changes");
        }
        Changed changed = await(done -> service.changes(
                parts[0],
                parts[1],
                MOST_RANGES,
                (found, ranges, complete) -> done.accept(new Changed(found, ranges, complete))));
        if (!changed.found()) {
            throw new Call.Wrong(404, "there is no snapshot " + call.path().get(1));
        }
        List<Map<String, Object>> ranges = changed.ranges().stream()
                .map(range -> Views.map("offset", range.offset(), "lengthBytes", range.lengthBytes()))
                .toList();
        return Answer.json(Views.map("complete", changed.complete(), "ranges", ranges));
    }

    private static <T> T await(Consumer<Consumer<T>> task) throws Call.Wrong {
        CompletableFuture<T> told = new CompletableFuture<>();
        task.accept(told::complete);
        try {
            return told.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new Call.Wrong(504, "the node has not answered yet; it may still do it");
        } catch (InterruptedException | ExecutionException end) {
            throw new Call.Wrong(503, "the node is stopping");
        }
    }
}
