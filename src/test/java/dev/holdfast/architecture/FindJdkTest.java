package dev.holdfast.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code .mvn/find-jdk}, on which launcher and build stand: which of several installed JDKs it takes. */
final class FindJdkTest {
    @TempDir
    Path directory;

    @Test
    void javaHomeWinsIfItIsNewEnough() throws Exception {
        Path jdk = jdk("mine", "26.0.1");
        assertEquals(jdk.toString(), find(Map.of("JAVA_HOME", jdk.toString())));
    }

    @Test
    void anOldJavaHomeAndAnOldJavaOnThePathArePassedOver() throws Exception {
        Path old = jdk("old", "17.0.15");
        Path home = Files.createDirectories(directory.resolve("home/.jdks"));
        Files.createSymbolicLink(home.resolve("new"), jdk("new", "25"));
        String found = find(Map.of(
                "JAVA_HOME", old.toString(),
                "PATH", old.resolve("bin") + ":/usr/bin:/bin",
                "HOME", directory.resolve("home").toString()));
        assertNotEquals(old.toString(), found);
        assertTrue(Files.isExecutable(Path.of(found, "bin/javac")), found);
    }

    @Test
    void theJavaOnThePathIsFollowedToItsHome() throws Exception {
        Path jdk = jdk("linked", "25.0.3");
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("java"), jdk.resolve("bin/java"));
        assertEquals(jdk.toString(), find(Map.of("PATH", bin + ":/usr/bin:/bin")));
    }

    @Test
    void aRuntimeWithoutACompilerIsNotAJdk() throws Exception {
        Path runtime = jdk("runtime", "25");
        Files.delete(runtime.resolve("bin/javac"));
        assertNotEquals(runtime.toString(), find(Map.of("JAVA_HOME", runtime.toString())));
    }

    /** Something that looks like a JDK to whoever does not start it. */
    private Path jdk(String name, String version) throws IOException {
        Path home = Files.createDirectories(directory.toRealPath().resolve(name));
        Files.createDirectory(home.resolve("bin"));
        for (String program : new String[] {"java", "javac"}) {
            Files.writeString(home.resolve("bin").resolve(program), "#!/bin/sh\n")
                    .toFile()
                    .setExecutable(true);
        }
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static String find(Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(".mvn/find-jdk").redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.strip();
    }
}
