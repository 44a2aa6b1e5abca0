package dev.holdfast.host;

import dev.holdfast.io.Network;
import dev.holdfast.io.Network.Address;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open door: turns what knocks into connections on its loop. When the process can't take one (no file descriptors
 * left) it stops asking for a moment instead of being told of the same knock in every turn.
 */
final class HostListener implements Network.Listener, HostLoop.Ready {
    private static final int ACCEPTED_PER_TURN = 64;
    private static final long REST_NANOS = 100_000_000L;

    private final ServerSocketChannel channel;
    private final Address address;
    private final Optional<UnixSocketFile> file;
    private final HostLoop loop;
    private final Welcome welcome;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** What becomes of what was accepted. */
    @FunctionalInterface
    interface Welcome {
        /** On the listener's loop. */
        void accepted(SocketChannel socket) throws IOException;
    }

    HostListener(
            ServerSocketChannel channel,
            Address address,
            Optional<UnixSocketFile> file,
            HostLoop loop,
            Welcome welcome) {
        this.channel = channel;
        this.address = address;
        this.file = file;
        this.loop = loop;
        this.welcome = welcome;
    }

    /** Starts accepting. On the listener's loop. */
    void begin() {
        if (closed.get()) {
            return;
        }
        try {
            loop.register(channel, SelectionKey.OP_ACCEPT, this);
        } catch (IOException failed) {
            close();
        }
    }

    @Override
    public Address address() {
        return address;
    }

    @Override
    public void ready(SelectionKey key) {
        try {
            for (int i = 0; i < ACCEPTED_PER_TURN && !closed.get(); i++) {
                SocketChannel accepted = channel.accept();
                if (accepted == null) {
                    return;
                }
                begin(accepted);
            }
        } catch (IOException noneToBeHad) {
            rest(key);
        }
    }

    private void begin(SocketChannel accepted) throws IOException {
        try {
            HostNetwork.configure(accepted);
            welcome.accepted(accepted);
        } catch (IOException goneAlready) {
            accepted.close();
        }
    }

    private void rest(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        key.interestOps(0);
        loop.after(REST_NANOS, () -> {
            if (key.isValid()) {
                key.interestOps(SelectionKey.OP_ACCEPT);
            }
        });
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        try {
            channel.close();
            if (file.isPresent()) {
                file.get().remove();
            }
        } catch (IOException ignored) {
            // Nothing more can be done about a door that does not close; it accepts nothing any more.
            closed.set(true);
        }
        // The selector lets go of the socket in the loop's next turn.
        loop.post(() -> {});
    }

    /** The address really bound. */
    static Address boundAddress(ServerSocketChannel channel, Address asked) throws IOException {
        SocketAddress bound = channel.getLocalAddress();
        return switch (asked) {
            case Address.Tcp tcp
            when bound instanceof java.net.InetSocketAddress inet -> new Address.Tcp(tcp.host(), inet.getPort());
            default -> asked;
        };
    }

    /** Options that every listening socket has. */
    static void configure(ServerSocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        if (channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEADDR)) {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        }
    }
}
