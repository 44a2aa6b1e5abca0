package dev.holdfast.cli;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.follow.FollowTerms;
import dev.holdfast.follow.Followed;
import dev.holdfast.follow.FollowedVolume;
import dev.holdfast.follow.Places;
import dev.holdfast.follow.SessionName;
import dev.holdfast.frontend.nbd.NbdExports;
import dev.holdfast.frontend.nbd.NbdLimits;
import dev.holdfast.frontend.nbd.NbdServer;
import dev.holdfast.frontend.nbd.client.Opening;
import dev.holdfast.frontend.nbd.client.RemoteDisk;
import dev.holdfast.host.HostWorld;
import dev.holdfast.host.tls.NodeKeys;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One followed volume on one Unix socket, in this process. It asks for addresses again while nobody leads. */
final class Attachment {
    private static final long REFRESH_NANOS = 2_000_000_000L;
    private static final long SIZE_MILLIS = 5_000;
    private static final long STOP_MILLIS = 4_500;

    private final String volume;
    private final String socket;
    private final NodeAddresses addresses;
    private final HostWorld world = HostWorld.start();
    private final Network nodes;
    private final Loop loop = world.newLoop("attach");

    /** Its tasks wait for answers of an API, and nothing else runs there. */
    private final Loop asking = world.newLoop("asking");

    private Optional<FollowedVolume> followed = Optional.empty();
    private Optional<NbdServer> server = Optional.empty();

    /** {@code keys} are what nodes believe, if they ask for any. */
    Attachment(String volume, String socket, NodeAddresses addresses, Optional<NodeKeys> keys) {
        this.volume = volume;
        this.socket = socket;
        this.addresses = addresses;
        this.nodes = keys.map(own -> world.network(own::over)).orElseGet(world::network);
    }

    /** Serves from now on, or fails. */
    void start() {
        boolean starts = false;
        try {
            addresses.find();
            long sizeBytes = size();
            CompletableFuture<String> listens = new CompletableFuture<>();
            loop.post(() -> listens.complete(listen(sizeBytes)));
            String failure = answer(listens, STOP_MILLIS);
            if (!failure.isEmpty()) {
                throw new Failure(failure + "; --socket picks another path");
            }
            asking.post(this::ask);
            starts = true;
        } finally {
            if (!starts) {
                world.close();
            }
        }
    }

    private String listen(long sizeBytes) {
        Followed what = new Followed(volume, sizeBytes, newSession(), FollowTerms.DEFAULTS);
        Places places = new Places(Optional::empty, nodes, addresses);
        FollowedVolume disk = new FollowedVolume(what, places, loop, world.clock());
        followed = Optional.of(disk);
        server = Optional.of(new NbdServer(loop, new OneExport(volume, disk), NbdLimits.DEFAULTS));
        try {
            server.get().listen(world.network(), new Address.Unix(socket));
            return "";
        } catch (WorldException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private Id128 newSession() {
        return new Id128(world.entropy().nextLong(), world.entropy().nextLong());
    }

    /** What the first node says that has a copy. */
    private long size() {
        String reason = "no address of a node is known";
        for (Address address : addresses.get()) {
            String export = new SessionName(volume, newSession(), 1).toString();
            CompletableFuture<Long> size = new CompletableFuture<>();
            loop.post(() -> Opening.begin(loop, nodes, address, export, new SizeAsked(size)));
            try {
                return answer(size, SIZE_MILLIS);
            } catch (Failure failed) {
                reason = address + ": " + failed.getMessage();
            }
        }
        throw new Failure("no node serves " + volume + " with several copies (" + reason + ")");
    }

    private void ask() {
        addresses.refresh();
        asking.after(REFRESH_NANOS, this::ask);
    }

    /** Answers what is under way, as far as somebody leads, and ends. */
    void stop() {
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        loop.post(() -> {
            Runnable last = () -> {
                followed.ifPresent(FollowedVolume::stop);
                stopped.complete(true);
            };
            server.ifPresentOrElse(running -> running.stop(last), last);
        });
        answer(stopped, STOP_MILLIS);
        world.close();
    }

    private static <T> T answer(CompletableFuture<T> told, long millis) {
        try {
            return told.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new Failure("no answer");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Failure cause ? cause : new Failure(failed.toString());
        } catch (InterruptedException end) {
            throw new Failure("interrupted");
        }
    }

    /** Learns how long a disk is, and leaves it. */
    private record SizeAsked(CompletableFuture<Long> size) implements Opening.Told {
        @Override
        public void opened(RemoteDisk disk) {
            size.complete(disk.sizeBytes());
            disk.close();
        }

        @Override
        public void failed(String reason) {
            size.completeExceptionally(new Failure(reason));
        }
    }

    /** One disk by its name. */
    private record OneExport(String name, BlockVolume disk) implements NbdExports {
        @Override
        public Optional<BlockVolume> find(String asked) {
            return asked.equals(name) || asked.isEmpty() ? Optional.of(disk) : Optional.empty();
        }

        @Override
        public List<String> names() {
            return List.of(name);
        }
    }
}
