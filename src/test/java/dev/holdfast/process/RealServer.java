package dev.holdfast.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real server process that has said {@code ready}. Closing it kills it with SIGKILL. */
final class RealServer implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Home home;
    private final Process process;
    private final Path errors;
    private final List<String> lines = new ArrayList<>();

    private RealServer(Home home, List<String> command) throws IOException {
        this.home = home;
        this.errors = Files.createTempFile(home.directory(), "server", "");
        this.process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
    }

    /** Starts {@code quickstart} with {@code more} options. */
    static RealServer start(Home home, String... more) throws IOException {
        return startVerb(home, "quickstart", more);
    }

    /** Starts another command that serves. */
    static RealServer startVerb(Home home, String verb, String... more) throws IOException {
        return startCommand(home, home.serving(verb, more));
    }

    /** Starts {@code command}, whatever it is, that says {@code ready}. */
    static RealServer startCommand(Home home, List<String> command) throws IOException {
        RealServer server = new RealServer(home, command);
        BufferedReader out =
                new BufferedReader(new InputStreamReader(server.process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            server.lines.add(line);
            if (line.equals("ready")) {
                return server;
            }
        }
        server.close();
        throw new IOException("the server did not become ready: " + server.errors());
    }

    /** The process; of the program itself, for its launcher has become it. */
    Process process() {
        return process;
    }

    /** What it printed until it was ready. */
    List<String> lines() {
        return lines;
    }

    /** What it has said on standard error until now. */
    String errors() throws IOException {
        return Files.readString(errors, StandardCharsets.UTF_8);
    }

    /** The address of a volume. */
    String uri(String volume) {
        return "nbd://127.0.0.1:" + nbdPort() + "/" + volume;
    }

    int nbdPort() {
        return Integer.parseInt(line("nbd://").replaceAll("nbd://[^:]*:([0-9]+).*", "$1"));
    }

    /** A client of a volume. */
    NbdClient client(String volume) throws IOException {
        return new NbdClient(nbdPort(), volume);
    }

    /** Runs a command against this server. */
    Home.Ended run(String... words) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--server", api()));
        return home.run(all.toArray(String[]::new));
    }

    /** Where its API is. */
    String api() {
        return line("http://").replaceAll("/$", "");
    }

    private String line(String start) {
        return lines.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line " + start + " in " + lines));
    }

    /** Sends a signal, {@code TERM} or {@code INT}. */
    void signal(String name) throws IOException, InterruptedException {
        int sent = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .start()
                .waitFor();
        if (sent != 0) {
            throw new IOException("no signal " + name + " was sent");
        }
    }

    /** Waits for its end; returns its exit code. */
    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the server does not end");
        }
        return process.exitValue();
    }

    /** Stops it cleanly with SIGTERM; returns its exit code. */
    int stop() throws IOException, InterruptedException {
        signal("TERM");
        return awaitEnd();
    }

    /** SIGKILL. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }
}
