package dev.holdfast.cli;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
import dev.holdfast.device.Protection;
import dev.holdfast.host.HostWorld;
import dev.holdfast.host.tls.KeyFiles;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.TwinCopy;
import dev.holdfast.store.twin.TwinDoor;
import dev.holdfast.store.twin.TwinOpen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A process that serves the twin of a pool, until it is ended by a signal, at any moment: what it said is durable is,
 * and nothing else matters. It makes files where there are none. It ends by itself when the twin has become the pool.
 */
final class TwinServer {
    /** What to serve, and what to make of it if it is not there. */
    record Wanted(List<String> disks, long diskBytes, long logBytes, String pool, String listen, String directory) {
        /** Of disks that are there. */
        Wanted(List<String> disks, String listen, String directory) {
            this(disks, 0, 0, "", listen, directory);
        }
    }

    private final HostWorld world;
    private final Wanted wanted;
    private final Loop loop;
    private final CompletableFuture<TwinCopy> opened = new CompletableFuture<>();
    private final CompletableFuture<Root> promoted = new CompletableFuture<>();

    private TwinServer(HostWorld world, Wanted wanted) {
        this.world = world;
        this.wanted = wanted;
        this.loop = world.newLoop("twin");
    }

    /** Serves; returns when the twin is the pool. */
    static void run(Wanted wanted) {
        Network.Address.Tcp address = address(wanted);
        try (HostWorld world = HostWorld.start()) {
            TwinServer server = new TwinServer(world, wanted);
            boolean isNew = server.makeFiles();
            server.loop.post(() -> server.start(isNew));
            TwinCopy copy = await(server.opened);
            await(server.listen(copy, address, false));
            System.out.println("ready");
            System.out.flush();
            printPromoted(await(server.promoted), wanted);
        }
    }

    /** What is on disks that may be promoted. */
    static Root look(List<String> disks) {
        Wanted wanted = new Wanted(disks, "", "");
        try (HostWorld world = HostWorld.start()) {
            return newest(new TwinServer(world, wanted).open());
        }
    }

    /** True if the disks are a twin's, or of a side that ended; false also if they can't be opened. Writes nothing. */
    static boolean isTwin(List<String> disks) {
        try (HostWorld world = HostWorld.start()) {
            Loop loop = world.newLoop("twin");
            CompletableFuture<Boolean> told = new CompletableFuture<>();
            loop.post(() -> TwinOpen.look(world, disks, loop, told::complete));
            return await(told);
        }
    }

    /** Makes the disks the pool without asking anybody. */
    static void force(List<String> disks) {
        Wanted wanted = new Wanted(disks, "", "");
        try (HostWorld world = HostWorld.start()) {
            TwinServer server = new TwinServer(world, wanted);
            TwinCopy copy = server.open();
            newest(copy);
            server.loop.post(() -> copy.force(server.new Wish()));
            printPromoted(await(server.promoted), wanted);
        }
    }

    /** Lets the source hand the pool over, if it comes within {@code seconds}. */
    static void takeOver(List<String> disks, String listen, String directory, long seconds) {
        Wanted wanted = new Wanted(disks, listen, directory);
        Network.Address.Tcp address = address(wanted);
        try (HostWorld world = HostWorld.start()) {
            TwinServer server = new TwinServer(world, wanted);
            TwinCopy copy = server.open();
            await(server.listen(copy, address, true));
            printPromoted(server.promoted.get(seconds, TimeUnit.SECONDS), wanted);
        } catch (TimeoutException late) {
            throw new Failure("the source has not handed over in " + seconds + " s, and nothing has changed but what it"
                    + " sent: `holdfast pool receive` goes on as its twin, --force goes on without it");
        } catch (ExecutionException refused) {
            throw refusal(refused);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }

    private static Root newest(TwinCopy copy) {
        return copy.newest()
                .orElseThrow(
                        () -> new Failure("the disks hold no consistency point yet: there is nothing to go on from"));
    }

    private static void printPromoted(Root root, Wanted wanted) {
        System.out.println("the pool is here now, from consistency point "
                + root.number().cp() + " on, in reign " + root.twin().reign() + ": a node serves "
                + String.join(", ", wanted.disks));
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException refused) {
            throw refusal(refused);
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }

    private static Failure refusal(ExecutionException refused) {
        return refused.getCause() instanceof Failure why ? why : new Failure(String.valueOf(refused.getMessage()));
    }

    private TwinCopy open() {
        loop.post(() -> start(false));
        return await(opened);
    }

    private CompletableFuture<Boolean> listen(TwinCopy copy, Network.Address.Tcp address, boolean asks) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        loop.post(() -> {
            try {
                TwinDoor.open(network(), address, copy, loop);
                copy.tell(new Wish(), asks);
                done.complete(true);
            } catch (WorldException e) {
                done.completeExceptionally(new Failure(String.valueOf(e.getMessage())));
            }
        });
        return done;
    }

    /** With the certificate of the node whose directory was named, if one was. */
    private Network network() throws WorldException {
        if (wanted.directory.isEmpty()) {
            return world.network();
        }
        try {
            return world.network(new KeyFiles(Path.of(wanted.directory).resolve("tls")).load()::over);
        } catch (IOException none) {
            throw new WorldException(wanted.directory + " has no certificate: " + none.getMessage());
        }
    }

    private static Network.Address.Tcp address(Wanted wanted) {
        String text = wanted.listen;
        int colon = text.lastIndexOf(':');
        if (colon < 1 || !text.substring(colon + 1).matches("[0-9]{1,5}")) {
            throw new Failure("--listen is HOST:PORT, not " + text, 2);
        }
        String host = text.substring(0, colon);
        if (wanted.directory.isEmpty() && !host.matches("localhost|127[.][0-9.]+")) {
            throw new Failure(
                    "without --dir what comes is not encrypted: --listen 127.0.0.1:PORT, the end of a tunnel perhaps",
                    2);
        }
        return new Network.Address.Tcp(host, Integer.parseInt(text.substring(colon + 1)));
    }

    /** True if there was none. */
    private boolean makeFiles() {
        long there = wanted.disks.stream().filter(world.disks()::exists).count();
        if (there > 0) {
            return false;
        }
        boolean fits = wanted.logBytes >= Geometry.LEAST_LOG_BYTES
                && wanted.logBytes % Disk.BLOCK_BYTES == 0
                && Geometry.fit(wanted.diskBytes, wanted.logBytes).isPresent();
        if (!fits || !wanted.pool.matches("[0-9a-f]{32}") || wanted.disks.size() > Protection.MIRROR_LIMIT) {
            throw new Failure("there is no disk at " + wanted.disks.getFirst() + ": `holdfast pool mirror` prints with"
                    + " which --pool, --disk-size and --log-size to make it");
        }
        for (String path : wanted.disks) {
            try (Disk made = world.disks().create(path, wanted.diskBytes)) {
                System.err.println("made " + made.path());
            } catch (WorldException e) {
                throw new Failure(String.valueOf(e.getMessage()));
            }
        }
        return true;
    }

    private void start(boolean isNew) {
        if (!isNew) {
            openDisks();
            return;
        }
        int copies = wanted.disks.size();
        Protection protection = copies == 1 ? Protection.SINGLE : Protection.mirror(copies);
        Id128 pool = new Id128(half(0), half(16));
        ArrayFormat.Plan plan = new ArrayFormat.Plan(
                Label.TWIN, pool, protection, wanted.logBytes, world.clock().wallMillis(), false);
        ArrayFormat.format(world.disks(), wanted.disks, plan, world.entropy(), loop, outcome -> {
            switch (outcome) {
                case ArrayFormat.Outcome.Refused refused -> opened.completeExceptionally(new Failure(refused.reason()));
                case ArrayFormat.Outcome.Formatted _ -> openDisks();
            }
        });
    }

    private long half(int from) {
        return Long.parseUnsignedLong(wanted.pool.substring(from, from + 16), 16);
    }

    private void openDisks() {
        TwinOpen.open(world, wanted.disks, loop, found -> {
            switch (found) {
                case TwinOpen.Opened.Refused refused -> opened.completeExceptionally(new Failure(refused.why()));
                case TwinOpen.Opened.Twin twin -> opened.complete(twin.copy());
            }
        });
    }

    private final class Wish implements TwinCopy.Wish {
        @Override
        public void promoted(Root root) {
            promoted.complete(root);
        }

        @Override
        public void refused(String why) {
            promoted.completeExceptionally(new Failure("the source does not hand over: " + why));
        }
    }
}
