package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.frontend.http.Json;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Loop;
import dev.holdfast.store.PoolCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Checks everything in a pool: the disks themselves while no node serves them, or a served pool by its name. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Reads and checks everything in a pool. Names with a slash, or of files, are the disks of a pool that no",
            "node serves; another name is a pool of a node that runs."
        },
        footer = {"", "Examples:", "  holdfast verify holdfast-data/disk0", "  holdfast verify main"})
final class VerifyCommand implements Runnable {
    private static final long POLL_MILLIS = 200;
    private static final long PROGRESS_NANOS = 2_000_000_000L;

    @Mixin
    private Remote remote = new Remote();

    @Parameters(paramLabel = "PATH|POOL", arity = "1..*", description = "disks, or one pool")
    private List<String> names = List.of();

    @Override
    public void run() {
        remote.isJson();
        boolean onePool =
                names.size() == 1 && !names.getFirst().contains("/") && !Files.exists(Path.of(names.getFirst()));
        if (onePool) {
            online(remote, names.getFirst());
        } else {
            offline();
        }
    }

    private void offline() {
        CompletableFuture<Map<String, Object>> told = new CompletableFuture<>();
        try (HostWorld world = HostWorld.start()) {
            Loop loop = world.newLoop("verify");
            loop.post(() -> PoolCheck.check(
                    world, names, loop, (problems, checked) -> told.complete(outcome(problems, checked))));
            report(remote, told.get());
        } catch (InterruptedException | ExecutionException end) {
            throw new Failure("interrupted");
        }
    }

    private static Map<String, Object> outcome(List<String> problems, long checked) {
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("checkedBlocks", checked);
        outcome.put("problems", new ArrayList<Object>(problems));
        return outcome;
    }

    static void online(Remote remote, String pool) {
        String path = "pools/" + Remote.part(pool) + "/verify";
        Map<String, Object> state = Remote.object(remote.request("POST", path, Map.of()));
        long begun = System.nanoTime();
        long told = begun;
        while (Boolean.TRUE.equals(state.get("running"))) {
            pause();
            state = Remote.object(remote.get(path));
            long now = System.nanoTime();
            if (!remote.isJson() && now - told >= PROGRESS_NANOS) {
                told = now;
                progress(state, now - begun).ifPresent(System.err::println);
            }
        }
        report(remote, state);
    }

    /** How far it is and how long it will take, if that can be told. */
    static Optional<String> progress(Map<String, Object> state, long nanos) {
        if (!(state.get("checkedBlocks") instanceof Long checked) || !(state.get("usedBlocks") instanceof Long used)) {
            return Optional.empty();
        }
        if (checked <= 0 || used <= 0) {
            return Optional.empty();
        }
        long all = Math.max(used, checked);
        long seconds = (long) ((all - checked) * (nanos / 1e9 / checked));
        return Optional.of(checked + " of about " + all + " blocks checked, about " + seconds + " s to go");
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }

    private static void report(Remote remote, Map<String, Object> outcome) {
        List<?> problems = outcome.get("problems") instanceof List<?> list ? list : List.of();
        if (remote.isJson()) {
            System.out.println(Json.write(outcome));
        } else {
            problems.forEach(System.out::println);
            boolean isEmpty = Long.valueOf(0).equals(outcome.get("checkedBlocks")) && problems.isEmpty();
            System.out.println(
                    isEmpty
                            ? "nothing is stored in the volumes: 0 blocks checked, 0 problems"
                            : outcome.get("checkedBlocks") + " blocks checked, " + problems.size() + " problems");
        }
        if (!problems.isEmpty()) {
            throw new Failure("the pool is not sound");
        }
    }
}
