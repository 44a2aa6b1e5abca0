package dev.holdfast.cli.serve;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.io.WorldException;
import dev.holdfast.node.FirstVolume;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Nodes in the foreground of this process, nearly always one, until a signal ends them: exit code 0 if they stopped
 * cleanly. The first one speaks for all.
 */
public final class Server {
    private static final PrintStream QUIET = new PrintStream(OutputStream.nullOutputStream());

    private final List<LocalNode.Plan> plans;
    private final FirstVolume.Wanted wanted;
    private final PrintStream out;
    private final PrintStream notes;
    private final ArrayDeque<LocalNode> nodes = new ArrayDeque<>();

    public Server(LocalNode.Plan plan, PrintStream out, PrintStream notes) {
        this(List.of(plan), FirstVolume.Wanted.NOTHING, out, notes);
    }

    /** Several nodes; {@code wanted} is what they are to have together, once all of them have started. */
    public Server(List<LocalNode.Plan> plans, FirstVolume.Wanted wanted, PrintStream out, PrintStream notes) {
        this.plans = List.copyOf(plans);
        this.wanted = wanted;
        this.out = out;
        this.notes = notes;
    }

    /** Serves until a signal comes; does not return but by a {@link Failure}. */
    public void run() {
        plans.getFirst().options().check();
        boolean served = false;
        try {
            start();
            nodes.forEach(LocalNode::serve);
            Runtime.getRuntime().addShutdownHook(new Thread(this::stopAndHalt));
            served = true;
        } finally {
            if (!served) {
                close();
            }
        }
        // Whoever sees this may send a signal at once: what answers it is in place.
        out.println("ready");
        out.flush();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts, has the control log know what the pools have, and stops again; a line for each thing. */
    public List<String> adoptAndStop() {
        List<String> lines = new ArrayList<>();
        whileStarted(() -> lines.addAll(nodes.getFirst().adopt()));
        return lines;
    }

    /** Starts, which may accept a loss, and stops again. */
    public void startAndStop() {
        whileStarted(() -> {});
    }

    /** Serves while {@code work} runs, which gets the first NBD endpoint, and stops cleanly. */
    public void serveWhile(Consumer<String> work) {
        whileStarted(() -> {
            LocalNode first = nodes.getFirst();
            first.serve();
            try {
                work.accept(first.status().clients().endpoints().getFirst());
            } finally {
                first.stopHttp();
            }
        });
    }

    private void whileStarted(Runnable work) {
        try {
            start();
            work.run();
        } finally {
            close();
        }
    }

    private void start() {
        if (plans.stream().anyMatch(plan -> !plan.options().members.address().isEmpty()) && plans.size() > 1) {
            joinOneByOne();
            return;
        }
        try {
            for (LocalNode.Plan plan : plans) {
                nodes.add(new LocalNode(plan, nodes.isEmpty() ? out : QUIET, notes));
            }
        } catch (WorldException refused) {
            throw new Failure(String.valueOf(refused.getMessage()));
        }
        if (nodes.size() == 1) {
            nodes.getFirst().start();
        } else {
            together(LocalNode::start);
            nodes.getFirst().ensure(wanted);
        }
    }

    /** The first one begins a cluster, and lets in every other one when that starts. */
    private void joinOneByOne() {
        try {
            for (LocalNode.Plan plan : plans) {
                boolean isFirst = nodes.isEmpty();
                LocalNode.Plan known =
                        isFirst ? plan : plan.joining(nodes.getFirst().newToken());
                LocalNode node = new LocalNode(known, isFirst ? out : QUIET, notes);
                nodes.add(node);
                node.start();
                node.serve();
            }
        } catch (WorldException | IOException refused) {
            throw new Failure(String.valueOf(refused.getMessage()));
        }
        nodes.getFirst().ensure(wanted);
    }

    /** Nodes wait for each other, so each starts on a thread of its own. */
    private void together(Consumer<LocalNode> task) {
        List<CompletableFuture<Void>> tasks = new ArrayList<>();
        for (LocalNode node : nodes) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            tasks.add(done);
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    task.accept(node);
                    done.complete(null);
                } catch (RuntimeException failed) {
                    done.completeExceptionally(failed);
                }
            });
        }
        try {
            tasks.forEach(CompletableFuture::join);
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof Failure why ? why : failed;
        }
    }

    private void close() {
        together(LocalNode::close);
    }

    private void stopAndHalt() {
        List<LocalNode> unclean = new ArrayList<>();
        together(node -> {
            if (!node.stop()) {
                synchronized (unclean) {
                    unclean.add(node);
                }
            }
        });
        nodes.forEach(LocalNode::close);
        out.flush();
        Runtime.getRuntime().halt(unclean.isEmpty() ? 0 : 1);
    }
}
