package dev.holdfast.frontend.http;

import java.util.List;
import java.util.Map;

/**
 * How a comparison of a volume's copies is, or how it ended.
 *
 * @param running it has not ended
 * @param comparedBlocks so much of the volume was compared, of {@code allBlocks}; 0 before all have the same moment
 * @param why it came to no end, in words; empty if it did, or runs
 * @param summary one sentence, if it came to its end
 * @param differences ranges that differ, at most 100, in order
 * @param differingBlocks all blocks that do
 */
public record VolumeCheck(
        boolean running,
        long comparedBlocks,
        long allBlocks,
        String why,
        String summary,
        List<Difference> differences,
        long differingBlocks) {
    /** Bytes of a volume that are not the same at the node that compares and at {@code nodes}. */
    public record Difference(long offset, long lengthBytes, List<String> nodes) {}

    /** One that has just begun. */
    public static VolumeCheck begun() {
        return new VolumeCheck(true, 0, 0, "", "", List.of(), 0);
    }

    Map<String, Object> view() {
        return Views.map(
                "running", running,
                "comparedBlocks", comparedBlocks,
                "allBlocks", allBlocks,
                "why", why,
                "summary", summary,
                "differingBlocks", differingBlocks,
                "differences", differences.stream().map(VolumeCheck::view).toList());
    }

    private static Map<String, Object> view(Difference range) {
        return Views.map("offset", range.offset, "lengthBytes", range.lengthBytes, "nodes", range.nodes);
    }
}
