package dev.holdfast.frontend.http;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** stub. */
public final class HttpApi {
    private final HttpServer server;

    private HttpApi(HttpServer server) {
        this.server = server;
    }

    public static HttpApi start(int port, Service service) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 64);
        server.start();
        return new HttpApi(server);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public void stop() {
        server.stop(0);
    }
}
