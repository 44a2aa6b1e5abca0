package dev.holdfast.host;

import dev.holdfast.base.Checks;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * The few system calls of Linux that the JDK does not offer. It is no general binding: each method is one call, and a
 * failure is the negated error number.
 */
@SuppressWarnings("restricted")
final class Posix {
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;
    static final int WRITE_DSYNC = 2;

    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int ENOSPC = 28;
    static final int EDQUOT = 122;

    private static final int O_CLOEXEC = 0x80000;
    private static final int LOCK_EXCLUSIVE = 2;
    private static final int LOCK_NOT_BLOCKING = 4;
    private static final int FALLOCATE_KEEP_SIZE = 1;
    private static final int FALLOCATE_PUNCH_HOLE = 2;
    private static final int MADVISE_POPULATE_WRITE = 23;
    private static final int CLOCK_BOOTTIME = 7;
    private static final long MESSAGE_BYTES = 256;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MethodHandle OPEN = LINKER.downcallHandle(
            symbol("open"),
            FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT, INT),
            Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = plain("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FLOCK = capturing("flock", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle FALLOCATE =
            capturing("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
    private static final MethodHandle PREADV2 =
            capturing("preadv2", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, INT, LONG, INT));
    private static final MethodHandle PWRITEV2 =
            capturing("pwritev2", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, INT, LONG, INT));
    private static final MethodHandle FTRUNCATE = capturing("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
    private static final MethodHandle MADVISE =
            plain("madvise", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, LONG, INT));
    private static final MethodHandle CLOCK_GETTIME =
            plain("clock_gettime", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS));
    private static final MethodHandle STRERROR = plain("strerror", FunctionDescriptor.of(ValueLayout.ADDRESS, INT));

    private static final ThreadLocal<MemorySegment> TIMESPEC =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private Posix() {}

    /** Opens {@code path} (never inherited by child processes); the descriptor, or the negated error number. */
    static int open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            MemorySegment name = arena.allocateFrom(path.toString());
            int fd = (int) OPEN.invokeExact(state, name, flags | O_CLOEXEC, 0600);
            return fd >= 0 ? fd : -error(state);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    static void close(int fd) {
        try {
            int ignored = (int) CLOSE.invokeExact(fd);
            Checks.that(ignored <= 0, "close answers zero or a failure", ignored);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Takes the exclusive lock on an open file without waiting; 0 or the negated error number. */
    static int tryLock(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) FLOCK.invokeExact(state, fd, LOCK_EXCLUSIVE | LOCK_NOT_BLOCKING);
            return result == 0 ? 0 : -error(state);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Reads into the {@code count} pieces of {@code vector}; bytes read, or the negated error number. */
    static long read(int fd, IoVector vector, int count, long offset, int flags) {
        try {
            long result = (long) PREADV2.invokeExact(vector.state(), fd, vector.pieces(), count, offset, flags);
            return result >= 0 ? result : -error(vector.state());
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Writes the {@code count} pieces of {@code vector}; bytes written, or the negated error number. */
    static long write(int fd, IoVector vector, int count, long offset, int flags) {
        try {
            long result = (long) PWRITEV2.invokeExact(vector.state(), fd, vector.pieces(), count, offset, flags);
            return result >= 0 ? result : -error(vector.state());
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Gives the blocks of a range back; 0 or the negated error number. */
    static int punchHole(int fd, long offset, long lengthBytes) {
        return fallocate(fd, FALLOCATE_PUNCH_HOLE | FALLOCATE_KEEP_SIZE, offset, lengthBytes);
    }

    /**
     * Makes sure that the first {@code lengthBytes} of a file have room of their own; 0 or the negated error number.
     */
    static int reserve(int fd, long lengthBytes) {
        return fallocate(fd, 0, 0, lengthBytes);
    }

    private static int fallocate(int fd, int mode, long offset, long lengthBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) FALLOCATE.invokeExact(state, fd, mode, offset, lengthBytes);
            return result == 0 ? 0 : -error(state);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Sets a file's length; 0 or the negated error number. */
    static int setLength(int fd, long lengthBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) FTRUNCATE.invokeExact(state, fd, lengthBytes);
            return result == 0 ? 0 : -error(state);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Maps the pages of a range now instead of at first touch; false where the kernel can't (before 5.14). */
    static boolean populate(MemorySegment range) {
        try {
            return (int) MADVISE.invokeExact(range, range.byteSize(), MADVISE_POPULATE_WRITE) == 0;
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Nanoseconds since the machine started, time suspended included; -1 if there is no such clock. */
    static long bootNanos() {
        MemorySegment time = TIMESPEC.get();
        try {
            int result = (int) CLOCK_GETTIME.invokeExact(CLOCK_BOOTTIME, time);
            return result == 0 ? time.get(LONG, 0) * 1_000_000_000L + time.get(LONG, 8) : -1;
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** The C library's text for an error number, in the language that the JDK's exceptions carry it in. */
    static String message(int error) {
        try {
            MemorySegment text = (MemorySegment) STRERROR.invokeExact(error);
            return text.reinterpret(MESSAGE_BYTES).getString(0);
        } catch (Throwable thrown) {
            throw broken(thrown);
        }
    }

    /** Where calls that take a vector find their pieces and leave their error. */
    record IoVector(MemorySegment state, MemorySegment pieces) {
        /** The most pieces the kernel takes at once. */
        static final int MAX_PIECES = 1024;

        private static final int PIECE_BYTES = 16;

        static IoVector make() {
            Arena arena = Arena.ofAuto();
            return new IoVector(arena.allocate(STATE), arena.allocate((long) MAX_PIECES * PIECE_BYTES, 8));
        }

        void put(int index, long address, long lengthBytes) {
            pieces.set(LONG, (long) index * PIECE_BYTES, address);
            pieces.set(LONG, (long) index * PIECE_BYTES + 8, lengthBytes);
        }
    }

    private static MethodHandle plain(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(symbol(name), type);
    }

    private static MethodHandle capturing(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(symbol(name), type, Linker.Option.captureCallState("errno"));
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    private static int error(MemorySegment state) {
        int error = (int) ERRNO.get(state, 0L);
        Checks.that(error > 0, "a failed call leaves its error number", error);
        return error;
    }

    private static IllegalStateException broken(Throwable thrown) {
        return new IllegalStateException("a system call could not be made", thrown);
    }
}
