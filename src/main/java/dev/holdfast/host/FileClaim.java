package dev.holdfast.host;

import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A file or block device that this process has locked for itself, and the descriptor that holds the lock. The lock is
 * of the kind that belongs to the descriptor ({@code flock}), so nothing else that the process opens and closes can
 * lose it, and the same process is refused too. A process that dies lets go of it.
 */
public final class FileClaim implements AutoCloseable {
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_BLOCK_DEVICE = 0x6000;

    /** A process that was just killed may take a moment to let go. */
    private static final int ATTEMPTS = 20;

    private static final long ATTEMPT_NANOS = 25_000_000L;

    private static final int MOST_ASIDE = 99;

    private final Path path;
    private final int fd;
    private final String identity;
    private boolean closed;

    private FileClaim(Path path, int fd) throws IOException {
        this.path = path;
        this.fd = fd;
        this.identity = identityOf(Path.of("/proc/self/fd/" + fd));
    }

    /** Claims an existing file or block device. */
    static FileClaim existing(Path path) throws WorldException {
        return take(path, Posix.O_RDWR | (isBlockDevice(path) ? Posix.O_EXCL : 0));
    }

    /**
     * Claims a file, making an empty one if none is there; nobody but its owner may read it.
     *
     * @throws WorldException if it is claimed already (the message says by whom), or can't be made
     */
    public static FileClaim existingOrNew(Path path) throws WorldException {
        return take(path, Posix.O_RDWR | Posix.O_CREAT);
    }

    private static FileClaim take(Path path, int flags) throws WorldException {
        for (int attempt = 1; ; attempt++) {
            int fd = Posix.open(path, flags);
            if (fd == -Posix.EBUSY) {
                throw new WorldException(
                        path + " is in use by the system: unmount it, or take it out of what holds it");
            }
            if (fd < 0) {
                throw new WorldException("can't open " + path + ": " + Posix.message(-fd));
            }
            try {
                FileClaim claim = new FileClaim(path, fd);
                int failure = Posix.tryLock(fd);
                if (failure == 0 && claim.isAtPath()) {
                    return claim;
                }
                String holder = failure == 0 ? "" : claim.holder();
                Posix.close(fd);
                if (attempt == ATTEMPTS || !holder.isEmpty()) {
                    throw refused(path, failure, holder);
                }
                LockSupport.parkNanos(ATTEMPT_NANOS);
            } catch (IOException failed) {
                Posix.close(fd);
                throw new WorldException("can't open " + path + ": " + failed.getMessage(), failed);
            }
        }
    }

    private static WorldException refused(Path path, int failure, String holder) {
        if (failure != 0 && failure != -Posix.EAGAIN) {
            return new WorldException("can't lock " + path + ": " + Posix.message(-failure));
        }
        String who = holder.isEmpty() ? "another process" : holder;
        return new WorldException(path + " is in use by " + who + ": stop that first");
    }

    int fd() {
        return fd;
    }

    Path path() {
        return path;
    }

    /** True while the path still leads to the claimed file. */
    boolean isAtPath() {
        try {
            return identity.equals(identityOf(path));
        } catch (IOException gone) {
            return false;
        }
    }

    /** Takes the file's name away, if it still is this file's. */
    void removeName() {
        try {
            if (isAtPath()) {
                Files.delete(path);
            }
        } catch (IOException stays) {
            return; // A file too many does no harm.
        }
    }

    /** Gives the file another name beside its own, one that is not taken. */
    Path rename() throws WorldException {
        for (int number = 1; number <= MOST_ASIDE; number++) {
            Path aside = path.resolveSibling(path.getFileName() + ".aside-" + number);
            try {
                Files.createLink(aside, path);
                Files.delete(path);
                return aside;
            } catch (FileAlreadyExistsException taken) {
                continue;
            } catch (IOException failed) {
                throw new WorldException("can't rename " + path + ": " + failed.getMessage(), failed);
            }
        }
        throw new WorldException("can't rename " + path + ": too many " + path.getFileName() + ".aside-N are there");
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Posix.close(fd);
        }
    }

    static boolean isBlockDevice(Path path) {
        try {
            return ((int) Files.getAttribute(path, "unix:mode") & TYPE_MASK) == TYPE_BLOCK_DEVICE;
        } catch (IOException unknown) {
            return false;
        }
    }

    private static String identityOf(Path path) throws IOException {
        return Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
    }

    /** The living process that holds the lock, from the kernel's list; empty if it can't be told. */
    private String holder() {
        try {
            String inode = String.valueOf(Files.getAttribute(Path.of("/proc/self/fd/" + fd), "unix:ino"));
            for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
                List<String> words = List.of(line.trim().split("\\s+"));
                if (words.size() > 5
                        && words.get(1).equals("FLOCK")
                        && words.get(5).endsWith(":" + inode)) {
                    return process(words.get(4));
                }
            }
        } catch (IOException unreadable) {
            return "";
        }
        return "";
    }

    private static String process(String pid) throws IOException {
        if (pid.equals(String.valueOf(ProcessHandle.current().pid()))) {
            return "this very process";
        }
        Path directory = Path.of("/proc", pid);
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
                || Files.readAllBytes(directory.resolve("cmdline")).length == 0) {
            return "";
        }
        return "process " + pid + " ("
                + Files.readString(directory.resolve("comm")).trim() + ")";
    }
}
