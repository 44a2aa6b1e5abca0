package dev.holdfast.cli.serve;

import dev.holdfast.base.Id128;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.cluster.control.RecoveredLog;
import dev.holdfast.device.Label;
import dev.holdfast.host.HostOrderedLog;
import dev.holdfast.host.HostWorld;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** What it takes to begin a control log from disks alone: their labels are read, the log's first records written. */
public final class ControlRecovery {
    private static final String CONTROL = "control";

    private ControlRecovery() {}

    /** A disk, by its absolute path, and what it says of itself. */
    public record Labelled(String path, Label label) {}

    /** The labels of {@code paths}; a disk without one is a {@link Failure}. */
    public static List<Labelled> read(List<String> paths) {
        List<Labelled> found = new ArrayList<>();
        for (String path : paths) {
            Path absolute = Path.of(path).toAbsolutePath().normalize();
            ByteBuffer bytes = ByteBuffer.allocate(2 * Label.BYTES);
            try (FileChannel disk = FileChannel.open(absolute, StandardOpenOption.READ)) {
                while (bytes.hasRemaining() && disk.read(bytes) >= 0) {}
            } catch (IOException failed) {
                throw new Failure("can't read " + absolute + ": " + failed);
            }
            found.add(new Labelled(absolute.toString(), label(absolute, bytes)));
        }
        return found;
    }

    /** Either of the two will do. */
    private static Label label(Path path, ByteBuffer bytes) {
        for (int at = 0; at < bytes.capacity(); at += Label.BYTES) {
            if (Label.decode(bytes, at) instanceof Label.Reading.Found found) {
                return found.label();
            }
        }
        throw new Failure(path + " has no label of a Holdfast disk");
    }

    /** The cluster that all of them are of; a new one of promoted twins, which have none. */
    public static Id128 cluster(Map<Id128, List<Labelled>> byPool) {
        List<Id128> clusters = byPool.values().stream()
                .flatMap(List::stream)
                .map(disk -> disk.label().ids().cluster())
                .distinct()
                .toList();
        if (clusters.size() > 1) {
            throw new Failure("the disks are of " + clusters.size() + " clusters: recover those of one at a time");
        }
        SecureRandom random = new SecureRandom();
        boolean wasTwin = clusters.getFirst().equals(Label.TWIN);
        return wasTwin ? new Id128(random.nextLong(), random.nextLong()) : clusters.getFirst();
    }

    /** Writes the beginning of a log of the node in {@code directory}, which has none. */
    public static void write(Path directory, Id128 cluster, String node, List<RecoveredLog.Found> pools) {
        SecureRandom random = new SecureRandom();
        Id128 id = new Id128(random.nextLong(), random.nextLong());
        List<byte[]> records = RecoveredLog.records(cluster, id, node, pools);
        try (HostWorld world = HostWorld.start()) {
            Loop loop = world.newLoop("recover");
            HostOrderedLog log = HostOrderedLog.open(directory.resolve(CONTROL));
            CompletableFuture<OrderedLog.Outcome> last = new CompletableFuture<>();
            loop.post(() -> log.start(loop, (index, bytes) -> {}, () -> append(log, records, 0, last)));
            OrderedLog.Outcome outcome = last.get();
            log.close();
            if (outcome != OrderedLog.Outcome.APPENDED) {
                throw new Failure("the control log can't be written in " + directory + ": " + outcome);
            }
        } catch (WorldException failed) {
            throw new Failure(String.valueOf(failed.getMessage()));
        } catch (InterruptedException | ExecutionException end) {
            throw new Failure("interrupted");
        }
    }

    private static void append(
            OrderedLog log, List<byte[]> records, int index, CompletableFuture<OrderedLog.Outcome> last) {
        log.append(records.get(index), outcome -> {
            if (outcome == OrderedLog.Outcome.APPENDED && index + 1 < records.size()) {
                append(log, records, index + 1, last);
            } else {
                last.complete(outcome);
            }
        });
    }
}
