package dev.holdfast.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A ban that has never caught its offender is not a ban: every kind of reference, seen in compiled code. */
final class PurityTest {
    @Test
    void everyWayToTheRealWorldIsSeenInCompiledCode() throws IOException {
        String complaints = String.join("\n", complaintsAbout(Offender.class));
        for (String offence : List.of(
                "java.lang.Thread;",
                "java.util.concurrent.ConcurrentHashMap,",
                "java.net.Socket,",
                "java.nio.file.Path,",
                "java.nio.channels.FileChannel,",
                "java.io.RandomAccessFile;",
                "java.lang.System#nanoTime",
                "java.lang.System#out",
                "java.lang.Math#random",
                "java.util.Random;",
                "java.util.UUID#randomUUID",
                "java.time.Instant#now",
                "java.util.HashMap;",
                "java.util.Map#of",
                "java.util.stream.Collectors#toSet",
                "java.util.List#parallelStream",
                "java.lang.Class#forName",
                "#notifyAll()V",
                "java.lang.ProcessBuilder;")) {
            assertTrue(complaints.contains(offence), () -> offence + " was not seen in\n" + complaints);
        }
    }

    @Test
    void aLockIsSeenInCompiledCode() throws IOException {
        assertTrue(BuiltClass.of(Offender.class).locks());
        assertTrue(BuiltClass.of(OffenderByMethod.class).locks());
    }

    @Test
    void ordinaryCodeIsPure() throws IOException {
        assertEquals(List.of(), complaintsAbout(Ordinary.class));
        assertTrue(!BuiltClass.of(Ordinary.class).locks());
    }

    private static List<String> complaintsAbout(Class<?> type) throws IOException {
        BuiltClass built = BuiltClass.of(type);
        return Stream.concat(
                        built.types().stream().flatMap(found -> Purity.complaintAboutType(found).stream()),
                        built.members().stream().flatMap(found -> Purity.complaintAboutMember(found).stream()))
                .toList();
    }

    /** Reached through fields, parameters, generic types, calls and constants; never run. */
    static class Offender {
        Map<String, java.net.Socket> sockets = Map.of();
        ConcurrentHashMap<String, String> shared = new ConcurrentHashMap<>();
        java.nio.channels.FileChannel[] channels = {};

        double roll(java.nio.file.Path path, java.io.RandomAccessFile file) {
            new Thread(() -> System.out.println(System.nanoTime())).start();
            new ProcessBuilder("true").command();
            return Math.random() + new Random(1).nextInt() + UUID.randomUUID().hashCode();
        }

        void collect() throws ClassNotFoundException {
            new HashMap<>(Map.of(Instant.now(), List.of(1).parallelStream().collect(Collectors.toSet())));
            synchronized (Class.forName("x")) {
                sockets.notifyAll();
            }
        }
    }

    static class OffenderByMethod {
        synchronized void locked() {}
    }

    /** What pure code is made of. */
    static class Ordinary {
        enum Colour {
            RED,
            BLUE
        }

        sealed interface Shape permits Square, Circle {}

        record Square(long side) implements Shape {}

        record Circle(long radius, Colour colour) implements Shape {}

        String area(Shape shape, java.nio.ByteBuffer buffer) {
            long area = switch (shape) {
                case Square(long side) -> side * side;
                case Circle(long radius, Colour colour) when colour == Colour.RED -> 3 * radius * radius;
                case Circle circle -> 4 * circle.radius();
            };
            byte[] bytes = new byte[4];
            System.arraycopy(buffer.array(), 0, bytes, 0, 4);
            return "area " + area + List.of(1, 2).stream().map(n -> n + 1).toList();
        }
    }
}
