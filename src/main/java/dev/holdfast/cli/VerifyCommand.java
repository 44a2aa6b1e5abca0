package dev.holdfast.cli;

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
        while (Boolean.TRUE.equals(state.get("running"))) {
            pause();
            state = Remote.object(remote.get(path));
        }
        report(remote, state);
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
            System.out.println(outcome.get("checkedBlocks") + " blocks checked, " + problems.size() + " problems");
        }
        if (!problems.isEmpty()) {
            throw new Failure("the pool is not sound");
        }
    }
}
