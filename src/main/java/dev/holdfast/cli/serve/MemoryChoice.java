package dev.holdfast.cli.serve;

import dev.holdfast.cli.line.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * Where and how much memory a node holds changes in. Chosen at the first start and kept in a file of the node's
 * directory, because memory of another place is not found again after a crash. Until something else is asked for it
 * stays; what is asked for is kept only once a start has succeeded with it.
 *
 * @param former the place it was in before, if another is wanted now
 * @param isKept false if it is not what the file says
 */
public record MemoryChoice(Path place, int bytesPerLane, String note, Optional<Path> former, boolean isKept) {
    static final Path DEFAULT_PLACE = Path.of("/dev/shm");

    private static final String FILE = "memory";
    private static final int MOST_BYTES = 128 << 20;
    private static final int LEAST_BYTES = 16 << 20;
    private static final int LIMIT_BYTES = 1 << 30;
    private static final int PAGE_BYTES = 4096;

    /** What is asked for: empty or 0 where nothing is. */
    record Asked(String place, long totalBytes) {}

    /** What is asked for, beyond that the kept choice; or a first one for {@code lanes} lanes, kept from now on. */
    static MemoryChoice of(Path directory, Asked asked, int lanes) {
        Path file = directory.resolve(FILE);
        try {
            if (Files.exists(file)) {
                return kept(Files.readAllLines(file), file, asked, lanes);
            }
            MemoryChoice chosen = choose(directory, asked, lanes);
            keep(file, chosen.place(), chosen.bytesPerLane());
            return chosen;
        } catch (IOException failed) {
            throw new Failure("can't use " + file + ": " + failed.getMessage());
        }
    }

    /** The place is the one to look in after a crash: there are changes in it from now on, of this length. */
    void settle(Path directory) {
        if (!isKept) {
            try {
                keep(directory.resolve(FILE), place, bytesPerLane);
            } catch (IOException failed) {
                throw new Failure("can't write " + directory.resolve(FILE) + ": " + failed.getMessage());
            }
        }
    }

    /** All of it or nothing, whenever the process dies. */
    private static void keep(Path file, Path place, int bytesPerLane) throws IOException {
        Path next = file.resolveSibling(FILE + ".new");
        Files.writeString(next, place + "\n" + bytesPerLane + "\n");
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static MemoryChoice kept(List<String> lines, Path file, Asked asked, int lanes) throws IOException {
        int bytes;
        try {
            bytes = Integer.parseInt(lines.get(1));
        } catch (NumberFormatException | IndexOutOfBoundsException damaged) {
            throw new Failure(file + " is damaged: it holds a directory and a number of bytes, a line each");
        }
        Path before = Path.of(lines.getFirst());
        Path place = asked.place().isEmpty() ? before : absolute(asked.place());
        Optional<Path> former = place.equals(before) ? Optional.empty() : Optional.of(before);
        if (former.isPresent()) {
            Files.createDirectories(place);
        }
        int wanted = asked.totalBytes() == 0 ? bytes : perLane(asked.totalBytes(), lanes);
        return new MemoryChoice(place, wanted, "", former, former.isEmpty() && wanted == bytes);
    }

    private static MemoryChoice choose(Path directory, Asked asked, int lanes) throws IOException {
        boolean isDefault = asked.place().isEmpty();
        Path place = isDefault ? DEFAULT_PLACE : absolute(asked.place());
        if (!isDefault) {
            Files.createDirectories(place);
        }
        if (asked.totalBytes() != 0) {
            return new MemoryChoice(place, perLane(asked.totalBytes(), lanes), "", Optional.empty(), true);
        }
        int bytes = Files.isWritable(place) ? fitting(place, lanes) : 0;
        if (bytes >= LEAST_BYTES) {
            return new MemoryChoice(place, bytes, "", Optional.empty(), true);
        }
        if (!isDefault) {
            return new MemoryChoice(place, LEAST_BYTES, "", Optional.empty(), true);
        }
        Path instead = Files.createDirectories(directory.resolve("memory-log")).toAbsolutePath();
        return new MemoryChoice(
                instead,
                MOST_BYTES / 2,
                place + " is too small or not writable: unflushed changes are held in " + instead
                        + ", which the page cache keeps; --memory-dir picks another place",
                Optional.empty(),
                true);
    }

    private static int fitting(Path place, int lanes) throws IOException {
        long freeBytes = Files.getFileStore(place).getUsableSpace();
        int bytes = MOST_BYTES;
        while (bytes >= LEAST_BYTES && 2L * bytes * lanes > freeBytes) {
            bytes /= 2;
        }
        return bytes;
    }

    private static int perLane(long totalBytes, int lanes) {
        long bytes = totalBytes / lanes / PAGE_BYTES * PAGE_BYTES;
        return Math.clamp(bytes, LEAST_BYTES, LIMIT_BYTES);
    }

    private static Path absolute(String place) {
        return Path.of(place).toAbsolutePath().normalize();
    }
}
