package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Workers;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * TCP and Unix-domain sockets of this machine, non-blocking, each on one {@link HostLoop}. It knows nothing of what
 * transports say to each other.
 */
final class HostNetwork implements Network {
    private static final int BACKLOG = 1024;
    private static final int MAX_PORT = 65_535;
    private static final long CONNECT_NANOS = 10_000_000_000L;

    private final Optional<Greeters> greeters;

    /** What makes transports that greet each other before there is a connection, and who computes for them. */
    record Greeters(Transport.Maker maker, Workers workers) {}

    /** Without {@code greeters} sockets are what they are. */
    HostNetwork(Optional<Greeters> greeters) {
        this.greeters = greeters;
    }

    @Override
    public Listener listen(Address address, Loop loop, Acceptor acceptor) throws WorldException {
        HostLoop hostLoop = hostLoop(loop);
        HostListener listener = switch (address) {
            case Address.Tcp tcp -> listenTcp(tcp, hostLoop, acceptor);
            case Address.Unix unix -> listenUnix(unix, hostLoop, acceptor);
        };
        loop.post(listener::begin);
        return listener;
    }

    private HostListener listenTcp(Address.Tcp tcp, HostLoop loop, Acceptor acceptor) throws WorldException {
        String name = tcp.host() + ":" + tcp.port();
        InetSocketAddress wanted = resolve(tcp);
        if (wanted.isUnresolved()) {
            throw new WorldException("can't listen on " + name + ": no such host or port");
        }
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                HostListener.configure(channel);
                channel.bind(wanted, BACKLOG);
                Address bound = HostListener.boundAddress(channel, tcp);
                return new HostListener(channel, bound, Optional.empty(), loop, welcome(loop, acceptor));
            } catch (IOException failed) {
                channel.close();
                throw failed;
            }
        } catch (BindException failed) {
            throw new WorldException("can't listen on " + name + ": " + failed.getMessage() + "; pick another", failed);
        } catch (IOException failed) {
            throw new WorldException("can't listen on " + name + ": " + failed.getMessage(), failed);
        }
    }

    private HostListener listenUnix(Address.Unix unix, HostLoop loop, Acceptor acceptor) throws WorldException {
        Path path = pathOf(unix);
        UnixSocketFile.makeFree(path);
        try {
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                HostListener.configure(channel);
                channel.bind(UnixDomainSocketAddress.of(path), BACKLOG);
                UnixSocketFile file = UnixSocketFile.bound(path);
                return new HostListener(channel, unix, Optional.of(file), loop, welcome(loop, acceptor));
            } catch (IOException failed) {
                channel.close();
                throw failed;
            }
        } catch (IOException failed) {
            throw new WorldException("can't listen on " + path + ": " + failed.getMessage(), failed);
        }
    }

    /** What becomes of a socket that a listener took; on its loop. */
    private HostListener.Welcome welcome(HostLoop loop, Acceptor acceptor) {
        AtomicInteger greeting = new AtomicInteger();
        return socket -> {
            String peer = nameOf(socket);
            if (greeters.isEmpty()) {
                HostConnection.begin(new Transport.Plain(socket), loop, peer, acceptor);
            } else if (greeting.get() >= HostGreeting.MOST) {
                socket.close();
            } else {
                Transport transport = greeters.get().maker().over(socket, false);
                greeting.incrementAndGet();
                Runnable done = () -> {
                    greeting.decrementAndGet();
                    HostConnection.begin(transport, loop, peer, acceptor);
                };
                HostGreeting.begin(
                        transport, loop, greeters.get().workers(), done, reason -> greeting.decrementAndGet());
            }
        };
    }

    private static Path pathOf(Address.Unix unix) throws WorldException {
        try {
            return Path.of(unix.path());
        } catch (InvalidPathException failed) {
            throw new WorldException("no socket can be at " + unix.path() + ": " + failed.getMessage(), failed);
        }
    }

    @Override
    public void connect(Address address, Loop loop, Acceptor acceptor, ConnectFailed failed) {
        Connecting connecting = new Connecting(hostLoop(loop), nameOf(address), acceptor, failed);
        switch (address) {
            case Address.Unix unix -> loop.post(() -> connecting.toUnix(unix));
            case Address.Tcp tcp when isNumeric(tcp.host()) -> loop.post(() -> connecting.toTcp(resolve(tcp)));
            case Address.Tcp tcp ->
                // Looking a name up may take seconds and can't be done without a thread.
                Thread.ofPlatform().daemon(true).name("look-up").start(() -> {
                    InetSocketAddress target = resolve(tcp);
                    loop.post(() -> connecting.toTcp(target));
                });
        }
    }

    private static boolean isNumeric(String host) {
        try {
            return !InetAddress.ofLiteral(host).getHostAddress().isEmpty();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }

    private static InetSocketAddress resolve(Address.Tcp tcp) {
        if (tcp.port() < 0 || tcp.port() > MAX_PORT) {
            return InetSocketAddress.createUnresolved(tcp.host(), 0);
        }
        return new InetSocketAddress(tcp.host(), tcp.port());
    }

    /** Options that every stream has. */
    static void configure(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
    }

    /** The peer of a connected channel, for people. */
    static String nameOf(SocketChannel channel) {
        try {
            SocketAddress remote = channel.getRemoteAddress();
            return switch (remote) {
                case InetSocketAddress inet -> inet.getAddress().getHostAddress() + ":" + inet.getPort();
                case UnixDomainSocketAddress unix
                when unix.getPath().toString().isEmpty() -> "unix:" + channel.getLocalAddress();
                case UnixDomainSocketAddress unix -> "unix:" + unix.getPath();
                default -> remote.toString();
            };
        } catch (IOException gone) {
            return "a peer that is gone";
        }
    }

    private static String nameOf(Address address) {
        return switch (address) {
            case Address.Tcp tcp -> tcp.host() + ":" + tcp.port();
            case Address.Unix unix -> "unix:" + unix.path();
        };
    }

    /** The loop of the real machine behind {@code loop}: worlds are not mixed. */
    static HostLoop hostLoop(Loop loop) {
        if (loop instanceof HostLoop hostLoop) {
            return hostLoop;
        }
        throw Checks.unreachable("a connection of the real machine is on a loop of the real machine");
    }

    /** One attempt to connect, until it has become a connection or has failed. On its loop. */
    private final class Connecting implements HostLoop.Ready {
        private final HostLoop loop;
        private final String name;
        private final Acceptor acceptor;
        private final ConnectFailed failed;
        private boolean over;

        Connecting(HostLoop loop, String name, Acceptor acceptor, ConnectFailed failed) {
            this.loop = loop;
            this.name = name;
            this.acceptor = acceptor;
            this.failed = failed;
        }

        void toTcp(InetSocketAddress target) {
            if (target.isUnresolved()) {
                failed.failed("can't connect to " + name + ": no such host or port");
                return;
            }
            try {
                to(SocketChannel.open(), target);
            } catch (IOException | UnsupportedAddressTypeException thrown) {
                failed.failed("can't connect to " + name + ": " + thrown.getMessage());
            }
        }

        void toUnix(Address.Unix unix) {
            try {
                to(SocketChannel.open(StandardProtocolFamily.UNIX), UnixDomainSocketAddress.of(pathOf(unix)));
            } catch (IOException | WorldException thrown) {
                failed.failed("can't connect to " + name + ": " + thrown.getMessage());
            }
        }

        private void to(SocketChannel channel, SocketAddress target) throws IOException {
            try {
                configure(channel);
                if (channel.connect(target)) {
                    over = true;
                    connected(channel);
                    return;
                }
                if (target instanceof UnixDomainSocketAddress) {
                    throw new IOException("the server has too many waiting");
                }
                loop.register(channel, SelectionKey.OP_CONNECT, this);
                loop.after(CONNECT_NANOS, () -> fail(channel, "no answer in ten seconds"));
            } catch (IOException thrown) {
                channel.close();
                throw thrown;
            }
        }

        @Override
        public void ready(SelectionKey key) {
            if (!(key.channel() instanceof SocketChannel channel)) {
                throw Checks.unreachable("what connects is a stream");
            }
            try {
                if (!channel.finishConnect()) {
                    return;
                }
            } catch (IOException thrown) {
                fail(channel, String.valueOf(thrown.getMessage()));
                return;
            }
            over = true;
            key.interestOps(0);
            try {
                connected(channel);
            } catch (IOException thrown) {
                over = false;
                fail(channel, String.valueOf(thrown.getMessage()));
            }
        }

        private void connected(SocketChannel channel) throws IOException {
            String peer = nameOf(channel);
            if (greeters.isEmpty()) {
                HostConnection.begin(new Transport.Plain(channel), loop, peer, acceptor);
                return;
            }
            Transport transport = greeters.get().maker().over(channel, true);
            HostGreeting.begin(
                    transport,
                    loop,
                    greeters.get().workers(),
                    () -> HostConnection.begin(transport, loop, peer, acceptor),
                    reason -> failed.failed("can't connect to " + name + ": " + reason));
        }

        private void fail(SocketChannel channel, String reason) {
            if (over) {
                return;
            }
            over = true;
            try {
                channel.close();
            } catch (IOException ignored) {
                // It never was a connection; the failure told is the one that matters.
                over = true;
            }
            failed.failed("can't connect to " + name + ": " + reason);
        }
    }
}
