package dev.holdfast.process;

import dev.holdfast.frontend.http.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * fio, which writes a range of a volume and reads back what it wrote a little before, with checksums, until it is told
 * to stop. It is somebody else's oracle. Closing it kills it.
 */
final class FioVerify implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final int INTERRUPTED = 128;

    private final Path output;
    private final Process process;

    /** Begins, on the volume that {@code socket} serves. */
    FioVerify(Path socket, String volume, long offset, long length) throws IOException {
        this.output = socket.resolveSibling("fio.json");
        List<String> words = new ArrayList<>(List.of("fio", "--name=verify", "--thread=1", "--ioengine=nbd"));
        words.add("--uri=nbd+unix:///" + volume + "?socket=" + socket);
        words.addAll(List.of("--offset=" + offset, "--size=" + length, "--rw=randwrite", "--bs=4k", "--iodepth=8"));
        words.addAll(List.of("--verify=crc32c", "--verify_backlog=128", "--verify_fatal=1", "--verify_state_save=0"));
        words.addAll(List.of("--time_based=1", "--runtime=86400", "--rate_iops=,400"));
        words.addAll(List.of("--output-format=json", "--output=" + output));
        this.process = new ProcessBuilder(words)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectErrorStream(true)
                .start();
    }

    /** Ends it; what it has to complain of. */
    List<String> stop() throws IOException, InterruptedException {
        boolean ran = process.isAlive();
        new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                .start()
                .waitFor();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            return List.of("fio does not end");
        }
        String said = Files.readString(output, StandardCharsets.UTF_8);
        int code = process.exitValue();
        if (!ran || code != 0 && code != INTERRUPTED || said.indexOf('{') < 0) {
            return List.of("fio ended with " + code + ": " + said);
        }
        Map<String, Object> job = job(said.substring(said.indexOf('{')));
        long read = job.get("read") instanceof Map<?, ?> reads && reads.get("total_ios") instanceof Long ios ? ios : 0;
        System.out.println("fio has read back " + read + " blocks");
        boolean isGood = job.get("error") instanceof Long error && error == 0 && read > 0;
        return isGood ? List.of() : List.of("fio: " + job.get("error") + ", " + read + " blocks read back");
    }

    private static Map<String, Object> job(String said) throws IOException {
        try {
            return Json.object(((List<?>) Json.object(Json.parse(said)).get("jobs")).getFirst());
        } catch (Json.Malformed malformed) {
            throw new IOException(said, malformed);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
