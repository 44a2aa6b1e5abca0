package dev.holdfast.host;

import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The file by which a Unix-domain socket is found. It outlives a server that dies, so whoever listens next must tell a
 * dead server's file from a living one's.
 */
record UnixSocketFile(Path path, Object inode) {
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_SOCKET = 0xc000;

    /** Makes {@code path} free for a new socket: what a dead server left there is removed, anything else refused. */
    static void makeFree(Path path) throws WorldException {
        try {
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & TYPE_MASK) != TYPE_SOCKET) {
                throw new WorldException(path + " exists and is not a socket: pick another path or remove it");
            }
            if (isAnswered(path)) {
                throw new WorldException(path + " is in use: another server listens there");
            }
            Files.deleteIfExists(path);
        } catch (IOException failed) {
            throw new WorldException("can't use " + path + ": " + failed.getMessage(), failed);
        }
    }

    private static boolean isAnswered(Path path) {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** Remembers the file that a bind has just made. */
    static UnixSocketFile bound(Path path) throws IOException {
        return new UnixSocketFile(path, Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    }

    /** Removes the file, unless somebody else's has taken its place. */
    void remove() throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                && inode.equals(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))) {
            Files.deleteIfExists(path);
        }
    }
}
