package dev.holdfast.cli.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this machine has, and what a block cache takes of it. */
public final class Memory {
    private static final long MOST_CACHE_BYTES = 4L << 30;
    private static final long LEAST_CACHE_BYTES = 64L << 20;
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private Memory() {}

    /** {@code askedBytes}, or a quarter of the machine's memory if that is 0. */
    static long cacheBytes(long askedBytes) {
        return askedBytes > 0
                ? Math.max(askedBytes, 16 << 20)
                : Math.clamp(totalBytes() / 4, LEAST_CACHE_BYTES, MOST_CACHE_BYTES);
    }

    private static long totalBytes() {
        try {
            String first = Files.readAllLines(MEMINFO).getFirst();
            return Long.parseLong(first.replaceAll("[^0-9]", "")) << 10;
        } catch (IOException | NumberFormatException unknown) {
            return Runtime.getRuntime().maxMemory() * 4;
        }
    }
}
