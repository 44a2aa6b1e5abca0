package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Regions as mapped files {@code holdfast-NAME} in a directory, by default the machine's memory file system. Room is
 * taken when a region is opened, so that a full file system is an error then and no crash later.
 */
final class HostSharedMemory implements SharedMemory {
    static final String DEFAULT_PLACE = "/dev/shm";

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final int PAGE_BYTES = 4096;
    private static final int MAX_BYTES = 1 << 30;
    private static final long MEBIBYTE = 1 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    private final Path place;
    private final UUID bootId;

    private HostSharedMemory(Path place, UUID bootId) {
        this.place = place;
        this.bootId = bootId;
    }

    /** The memory at {@code place}; the empty string is the default place. */
    static HostSharedMemory at(String place) {
        return new HostSharedMemory(Path.of(place.isEmpty() ? DEFAULT_PLACE : place), readBootId());
    }

    /**
     * Where the machine does not say which boot this is, every process takes it for another one: memory is lost then.
     */
    private static UUID readBootId() {
        try {
            return UUID.fromString(Files.readString(BOOT_ID).trim());
        } catch (IOException | IllegalArgumentException unknown) {
            return UUID.randomUUID();
        }
    }

    @Override
    public long bootIdHigh() {
        return bootId.getMostSignificantBits();
    }

    @Override
    public long bootIdLow() {
        return bootId.getLeastSignificantBits();
    }

    @Override
    public String place() {
        return place.toString();
    }

    @Override
    public MemoryRegion open(String name, int lengthBytes) throws WorldException {
        Checks.that(NAME.matcher(name).matches(), "a region has a plain name");
        Checks.that(lengthBytes > 0 && lengthBytes % PAGE_BYTES == 0, "a region is pages long", lengthBytes);
        Checks.that(lengthBytes <= MAX_BYTES, "a region is a gibibyte at most", lengthBytes);
        Path path = place.resolve("holdfast-" + name);
        refuseForeign(path);
        FileClaim claim = FileClaim.existingOrNew(path);
        try {
            return open(claim, lengthBytes);
        } catch (WorldException refused) {
            claim.close();
            throw refused;
        } catch (IOException failed) {
            claim.close();
            throw new WorldException("can't use " + path + ": " + failed.getMessage(), failed);
        }
    }

    private MemoryRegion open(FileClaim claim, int lengthBytes) throws WorldException, IOException {
        boolean isNew = Files.size(claim.path()) != lengthBytes;
        if (isNew && !isZero(claim.path())) {
            throw unknown(claim.path());
        }
        takeRoom(claim, isNew, lengthBytes);
        return map(claim, isNew, lengthBytes);
    }

    @Override
    public Optional<MemoryRegion> find(String name) throws WorldException {
        Checks.that(NAME.matcher(name).matches(), "a region has a plain name");
        Path path = place.resolve("holdfast-" + name);
        refuseForeign(path);
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        FileClaim claim = FileClaim.existing(path);
        try {
            long lengthBytes = Files.size(path);
            boolean isRegion = lengthBytes > 0 && lengthBytes <= MAX_BYTES && lengthBytes % PAGE_BYTES == 0;
            if (isRegion) {
                return Optional.of(open(claim, (int) lengthBytes));
            }
            if (lengthBytes > 0) {
                throw unknown(path);
            }
            claim.close();
            return Optional.empty();
        } catch (WorldException refused) {
            claim.close();
            throw refused;
        } catch (IOException failed) {
            claim.close();
            throw new WorldException("can't use " + path + ": " + failed.getMessage(), failed);
        }
    }

    private static WorldException unknown(Path path) throws IOException {
        return new WorldException(path + " has " + Files.size(path) + " bytes and is no memory of a pool: move it away,"
                + " or pick another memory directory");
    }

    private static boolean isZero(Path path) throws IOException {
        byte[] chunk = new byte[1 << 16];
        byte[] zeros = new byte[chunk.length];
        try (InputStream in = Files.newInputStream(path)) {
            for (int count = in.read(chunk); count > 0; count = in.read(chunk)) {
                if (!Arrays.equals(chunk, 0, count, zeros, 0, count)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** In a directory that everybody may write to, somebody else may have put something under the name. */
    private void refuseForeign(Path path) throws WorldException {
        try {
            if (!Files.isDirectory(place)) {
                throw new WorldException("the memory directory " + place + " does not exist: make it or pick another");
            }
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || !owner.equals(self)) {
                throw new WorldException(path + " belongs to somebody else or is no plain file: remove it, or pick"
                        + " another memory directory");
            }
        } catch (IOException failed) {
            throw new WorldException("can't look at " + path + ": " + failed.getMessage(), failed);
        }
    }

    /** A region of another length holds nothing for us; nobody has it mapped, for we hold the lock. */
    private void takeRoom(FileClaim claim, boolean isNew, int lengthBytes) throws WorldException, IOException {
        int failure = isNew ? Posix.setLength(claim.fd(), 0) : 0;
        if (failure == 0) {
            failure = Posix.reserve(claim.fd(), lengthBytes);
        }
        if (failure == 0) {
            return;
        }
        if (isNew) {
            Posix.setLength(claim.fd(), 0);
        }
        if (failure == -Posix.ENOSPC) {
            long freeBytes = Files.getFileStore(place).getUsableSpace();
            throw new WorldException(place + " is too small: " + lengthBytes / MEBIBYTE + " MiB are needed, "
                    + freeBytes / MEBIBYTE + " MiB are free; make room or pick another memory directory");
        }
        throw new WorldException("can't take room in " + place + ": " + Posix.message(-failure));
    }

    private static MemoryRegion map(FileClaim claim, boolean isNew, int lengthBytes) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(claim.path(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, lengthBytes, arena);
            return new HostMemoryRegion(claim, arena, memory, isNew);
        } catch (IOException failed) {
            arena.close();
            throw failed;
        }
    }
}
