package dev.holdfast.sim.shard;

import dev.holdfast.sim.oracle.RegisterOracle;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;

/**
 * Clients of one shard, each with one request at a time at whichever node serves. A client that hears nothing for a
 * while goes on with another request; what the first one did, nobody knows.
 */
final class Clients {
    private static final int BLOCKS = 6;

    private final SimWorld world;
    private final SimRandom random;
    private final List<ShardNode> nodes;
    private final RegisterOracle oracle;
    private final long thinkNanos;
    private long lastValue;
    private long answered;
    private long abandoned;
    private long patienceNanos = 400_000_000L;
    private long remaining;

    Clients(SimWorld world, List<ShardNode> nodes, RegisterOracle oracle) {
        this.world = world;
        this.random = world.random().split();
        this.nodes = nodes;
        this.oracle = oracle;
        this.thinkNanos = random.oneIn(3) ? 2_000_000 : 40_000_000;
    }

    /** Requests that were answered so far. */
    long answered() {
        return answered;
    }

    /** Requests that a replica took and did not answer in time. */
    long abandoned() {
        return abandoned;
    }

    /** From now on a client waits for {@code nanos} before it goes on. */
    void bePatient(long nanos) {
        patienceNanos = nanos;
    }

    /** Lets {@code count} clients send {@code requests} requests in all. */
    void begin(int count, long requests) {
        remaining = requests;
        for (int client = 0; client < count; client++) {
            new Client().later(random.below(1_000_000));
        }
    }

    /** Ends every client after its present request. */
    void end() {
        remaining = 0;
    }

    private final class Client {
        private long request;

        void later(long nanos) {
            long present = request;
            world.at(nanos, () -> {
                if (present == request && remaining > 0) {
                    List<ShardNode> there =
                            nodes.stream().filter(node -> !node.isGone()).toList();
                    ask(there.get(random.below(there.size())));
                }
            });
        }

        private void ask(ShardNode node) {
            long present = ++request;
            world.at(patienceNanos, () -> {
                abandoned += present == request ? 1 : 0;
                ended(present);
            });
            node.ask(() -> {
                if (present == request && node.serves()) {
                    submit(node, present);
                } else {
                    ended(present);
                }
            });
        }

        /** The request is over, answered or not. */
        private void ended(long present) {
            if (present == request) {
                request++;
                later(random.below(random.oneIn(20) ? 400_000_000 : thinkNanos));
            }
        }

        private void answered(long present) {
            answered++;
            remaining--;
            ended(present);
        }

        private void submit(ShardNode node, long present) {
            int block = random.below(BLOCKS);
            switch (random.below(8)) {
                case 0, 1, 2 -> {
                    RegisterOracle.Begun read = oracle.beginRead(block);
                    node.read(block, value -> {
                        oracle.saw(read, value);
                        answered(present);
                    });
                }
                case 3 -> {
                    RegisterOracle.Begun flush = oracle.beginFlush();
                    node.flush(seq -> {
                        oracle.flushed(flush);
                        answered(present);
                    });
                }
                default -> {
                    long value = ++lastValue;
                    node.scribble();
                    RegisterOracle.Write write = oracle.beginWrite(block, value);
                    node.write(block, value, seq -> {
                        oracle.acknowledged(write);
                        answered(present);
                    });
                }
            }
        }
    }
}
