package dev.holdfast.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Network.Address;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the NBD clients that people use make of the server: libnbd's tools, qemu's, and fio. */
@Tag("interop")
final class NbdInteropTest {
    private static final long SIZE_BYTES = 64 << 20;
    private static final int MEBIBYTE = 1 << 20;

    @TempDir
    Path directory;

    private RamServer server;
    private String tcp;
    private String unix;

    @BeforeEach
    void start() throws Exception {
        server = new RamServer(SIZE_BYTES);
        Address address = server.listen(new Address.Tcp("127.0.0.1", 0));
        tcp = "nbd://127.0.0.1:" + ((Address.Tcp) address).port() + "/demo";
        Path socket = directory.resolve("nbd.sock");
        server.listen(new Address.Unix(socket.toString()));
        unix = "nbd+unix:///demo?socket=" + socket;
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void nbdinfoSeesTheDiskAsItIs() throws Exception {
        for (String uri : List.of(tcp, unix)) {
            String info = run("nbdinfo", "--json", uri).replaceAll("\\s", "");
            for (String claim : List.of(
                    "\"protocol\":\"newstyle-fixed\"",
                    "\"structured\":true",
                    "\"export-name\":\"demo\"",
                    "\"export-size\":" + SIZE_BYTES,
                    "\"description\":\"adiskinmemory\"",
                    "\"base:allocation\"",
                    "\"is_read_only\":false",
                    "\"is_rotational\":false",
                    "\"can_cache\":true",
                    "\"can_df\":true",
                    "\"can_fast_zero\":true",
                    "\"can_flush\":true",
                    "\"can_fua\":true",
                    "\"can_multi_conn\":true",
                    "\"can_trim\":true",
                    "\"can_zero\":true",
                    "\"block_size_minimum\":1",
                    "\"block_size_preferred\":4096",
                    "\"block_size_maximum\":33554432")) {
                assertTrue(info.contains(claim), claim + " in " + info);
            }
        }
    }

    @Test
    void nbdinfoListsTheExportsAndTakesTheDefault() throws Exception {
        String list = run("nbdinfo", "--list", tcp.replace("/demo", ""));
        assertTrue(list.contains("export=\"demo\""), list);
        assertEquals(SIZE_BYTES + "\n", run("nbdinfo", "--size", tcp.replace("/demo", "")));
    }

    @Test
    void nbdcopyBringsEveryByteThereAndBack() throws Exception {
        Path source = randomFile(SIZE_BYTES);
        Path back = directory.resolve("back");
        run("nbdcopy", "--connections=4", source.toString(), tcp);
        run("nbdcopy", unix, back.toString());
        assertEquals(-1, Files.mismatch(source, back));
        run("nbdcopy", "--connections=1", "--requests=4", "--request-size=33554432", tcp, back.toString());
        assertEquals(-1, Files.mismatch(source, back));
    }

    @Test
    void theMapShowsHolesWhereNothingWasWritten() throws Exception {
        run("qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", "-c", "write -P 8 60M 4k", tcp);
        run("qemu-io", "-f", "raw", "-c", "write -P 9 2M 64k", "-c", "write -z -u 2M 64k", tcp);
        List<String> map = run("nbdinfo", "--map", tcp)
                .lines()
                .map(line -> line.replaceAll(" +", " "))
                .toList();
        List<String> expected = List.of(
                " 0 1048576 3 hole,zero",
                " 1048576 65536 0 data",
                " 1114112 61800448 3 hole,zero",
                " 62914560 4096 0 data",
                " 62918656 4190208 3 hole,zero");
        assertEquals(expected, map);
        String json = run("qemu-img", "map", "--output=json", "-f", "raw", tcp);
        assertTrue(json.contains("\"start\": 1048576, \"length\": 65536"), json);
    }

    @Test
    void qemuImgConvertsAndFindsNoDifference() throws Exception {
        Path source = randomFile(SIZE_BYTES);
        run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source.toString(), tcp);
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), unix);
        Path image = directory.resolve("image.qcow2");
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", tcp, image.toString());
        run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image.toString(), tcp);
    }

    @Test
    void qemuIoReadsTheBackPatternsOfEveryKindOfWrite() throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
        for (String step : List.of(
                "write -P 0x11 0 64k",
                "write -P 0x22 -f 511 1025",
                "read -P 0x11 0 511",
                "read -P 0x22 511 1025",
                "read -P 0x11 1536 4096",
                "write -P 0x33 3M 17M",
                "read -P 0x33 3M 17M",
                "write -z 4M 1M",
                "read -P 0 4M 1M",
                "read -P 0x33 5M 1M",
                "write -z -u 64k 1M",
                "write -z -n 5M 64k",
                "read -P 0 5M 64k",
                "discard 0 64k",
                "read -P 0 0 64k",
                "aio_write -P 0x44 8M 1M",
                "aio_write -P 0x55 9M 1M",
                "aio_flush",
                "read -P 0x44 8M 1M",
                "read -P 0x55 9M 1M",
                "flush")) {
            command.add("-c");
            command.add(step);
        }
        command.add(tcp);
        String output = run(command.toArray(String[]::new));
        assertEquals(-1, output.indexOf("failed"), output);
        assertEquals(-1, output.indexOf("error"), output);
    }

    @Test
    void qemuIoIsToldWhatIsOutside() throws Exception {
        Result result = start("qemu-io", "-f", "raw", "-c", "read " + SIZE_BYTES + " 512", tcp);
        assertNotEquals(0, result.exitCode, result.output);
        assertEquals(SIZE_BYTES + "\n", run("nbdinfo", "--size", tcp));
    }

    @Test
    void fioVerifiesWhatItWroteAtDepth() throws Exception {
        run(
                "fio",
                "--name=verify",
                "--thread=1",
                "--ioengine=nbd",
                "--uri=" + tcp,
                "--rw=randwrite",
                "--bsrange=512-128k",
                "--bs_unaligned=0",
                "--size=48m",
                "--iodepth=32",
                "--verify=crc32c",
                "--do_verify=1",
                "--verify_fatal=1",
                "--randseed=4711");
    }

    @Test
    void aClientKilledInFullLoadLeavesNothingBehind() throws Exception {
        for (String rw : List.of("randwrite", "randread")) {
            Process load = new ProcessBuilder(
                            "fio",
                            "--name=load",
                            "--thread=1",
                            "--ioengine=nbd",
                            "--uri=" + tcp,
                            "--rw=" + rw,
                            "--bs=128k",
                            "--size=" + SIZE_BYTES,
                            "--iodepth=32",
                            "--time_based=1",
                            "--runtime=100")
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("load").toFile())
                    .start();
            server.awaitRequests(5000);
            load.destroyForcibly().waitFor();
            assertEquals(SIZE_BYTES + "\n", run("nbdinfo", "--size", unix));
            server.awaitConnections(0);
        }
    }

    @Test
    void anUnknownExportIsRefused() throws Exception {
        Result result = start("nbdinfo", "--size", tcp.replace("demo", "nothere"));
        assertNotEquals(0, result.exitCode);
        assertTrue(result.output.contains("nothere") || result.output.contains("no such export"), result.output);
    }

    private record Result(int exitCode, String output) {}

    private Path randomFile(long sizeBytes) throws IOException {
        Path file = directory.resolve("source");
        Random random = new Random(42);
        byte[] block = new byte[MEBIBYTE];
        try (var out = Files.newOutputStream(file)) {
            for (long at = 0; at < sizeBytes; at += MEBIBYTE) {
                random.nextBytes(block);
                out.write(block);
            }
        }
        return file;
    }

    private String run(String... command) throws Exception {
        Result result = start(command);
        assertEquals(0, result.exitCode, () -> String.join(" ", command) + "\n" + result.output);
        return result.output;
    }

    private Result start(String... command) throws Exception {
        Path output = Files.createTempFile(directory, "output", "");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertTrue(ended, () -> String.join(" ", command) + " hangs\n" + text);
        return new Result(process.exitValue(), text);
    }
}
