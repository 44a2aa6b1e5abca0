package dev.holdfast.host.raft;

import dev.holdfast.host.tls.NodeKeys;
import dev.holdfast.io.Network.Address;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** How Ratis is set up here: small buffers, few threads, short elections, durable before acknowledged, no snapshots. */
final class RaftSettings {
    private static final String NETTY = "org.apache.ratis.thirdparty.io.netty.";

    /** Held, because the level goes with the logger. */
    private static final Logger GRPC_WORDS = Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");

    /** A member that hears nothing for this long to that long asks for votes. */
    private static final int ELECTION_LEAST_MILLIS = 500;

    private static final int ELECTION_MOST_MILLIS = 800;

    /** A member that just started has nobody to be loyal to yet. */
    private static final int FIRST_ELECTION_LEAST_MILLIS = 50;

    private static final int FIRST_ELECTION_MOST_MILLIS = 250;

    /** One attempt to hand something to a leader; the sender makes another one. */
    private static final int REQUEST_MILLIS = 1_000;

    private static final int THREADS = 8;
    private static final int WAITING_ELEMENTS = 256;

    private RaftSettings() {}

    static RaftProperties of(Address.Tcp address, Path directory) {
        RaftProperties settings = new RaftProperties();
        RaftConfigKeys.Rpc.setType(settings, SupportedRpcType.GRPC);
        RaftServerConfigKeys.setStorageDir(settings, List.of(directory.toFile()));
        File removed = directory.resolve("removed").toFile();
        RaftServerConfigKeys.setRemovedGroupsDir(settings, removed);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(settings, false);
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(settings, false);
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(settings, false);
        network(settings, address);
        times(settings);
        memory(settings);
        threads(settings);
        return settings;
    }

    /** How members prove themselves to each other, for all that they say. */
    static Parameters proofs(Optional<NodeKeys> keys) {
        Parameters parameters = new Parameters();
        keys.ifPresent(own -> GrpcConfigKeys.TLS.setConf(
                parameters,
                GrpcTlsConfig.newBuilder()
                        .setMutualTls(true)
                        .setKeyManager(own.showing())
                        .setTrustManager(own.believing())
                        .setSslProvider(SslProvider.JDK)
                        .setProtocols("TLSv1.3")
                        .build()));
        return parameters;
    }

    private static void network(RaftProperties settings, Address.Tcp address) {
        GrpcConfigKeys.Server.setHost(settings, address.host());
        GrpcConfigKeys.Server.setPort(settings, address.port());
        GrpcConfigKeys.setUseEpoll(settings, false);
        GrpcConfigKeys.setMessageSizeMax(settings, SizeInBytes.valueOf("8MB"));
    }

    private static void times(RaftProperties settings) {
        RaftServerConfigKeys.Rpc.setTimeoutMin(settings, millis(ELECTION_LEAST_MILLIS));
        RaftServerConfigKeys.Rpc.setTimeoutMax(settings, millis(ELECTION_MOST_MILLIS));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(settings, millis(FIRST_ELECTION_LEAST_MILLIS));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(settings, millis(FIRST_ELECTION_MOST_MILLIS));
        RaftServerConfigKeys.Rpc.setRequestTimeout(settings, millis(REQUEST_MILLIS));
        RaftClientConfigKeys.Rpc.setRequestTimeout(settings, millis(REQUEST_MILLIS));
        // A paused machine's member goes on afterwards; it is not closed behind its user's back.
        RaftServerConfigKeys.setCloseThreshold(settings, TimeDuration.ONE_DAY);
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(settings, "10ms,10, 200ms,1000000000");
    }

    private static void memory(RaftProperties settings) {
        RaftServerConfigKeys.Log.setSegmentSizeMax(settings, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(settings, SizeInBytes.valueOf("256KB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(settings, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(settings, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(settings, SizeInBytes.valueOf("2MB"));
        RaftServerConfigKeys.Log.setQueueByteLimit(settings, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.setQueueElementLimit(settings, WAITING_ELEMENTS);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(settings, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Write.setByteLimit(settings, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Write.setElementLimit(settings, WAITING_ELEMENTS);
    }

    private static void threads(RaftProperties settings) {
        RaftServerConfigKeys.ThreadPool.setProxySize(settings, THREADS);
        RaftServerConfigKeys.ThreadPool.setServerSize(settings, THREADS);
        RaftServerConfigKeys.ThreadPool.setClientSize(settings, THREADS);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolSize(settings, THREADS);
        // Event loops are gRPC's own, shared by the process: loops of one's own take two seconds each to close.
        GrpcConfigKeys.Server.setBossGroupSize(settings, 0);
        GrpcConfigKeys.Server.setWorkerGroupSize(settings, 0);
        GrpcConfigKeys.Client.setWorkerGroupSize(settings, 0);
    }

    /**
     * Before Ratis is first used: it must not end the process when it fails, nor catch what other threads throw, nor
     * unpack native code into a temporary directory, nor print.
     */
    static void tame() {
        System.setProperty(NETTY + "transport.noNative", "true");
        System.setProperty(NETTY + "noUnsafe", "true");
        System.setProperty(NETTY + "handler.ssl.noOpenSsl", "true");
        GRPC_WORDS.setLevel(Level.OFF);
        Thread.UncaughtExceptionHandler others = Thread.getDefaultUncaughtExceptionHandler();
        ExitUtils.disableSystemExit();
        Thread.setDefaultUncaughtExceptionHandler(others);
    }

    private static TimeDuration millis(int millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
