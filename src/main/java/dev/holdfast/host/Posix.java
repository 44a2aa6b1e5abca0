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
 *
 * <p>All go through one handle of five 64-bit arguments: on the 64-bit machines that Linux runs on, a function that
 * takes fewer or narrower ones finds them in the same registers. A handle per function would cost the start of the
 * process 25 ms each.
 */
@SuppressWarnings("restricted")
final class Posix {
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;
    static final int WRITE_DSYNC = 2;
    static final int READ_NOWAIT = 8;

    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int ENOSPC = 28;
    static final int EOPNOTSUPP = 95;
    static final int EDQUOT = 122;

    private static final int O_CLOEXEC = 0x80000;
    private static final int OWNER_ONLY = 0600;
    private static final int LOCK_EXCLUSIVE = 2;
    private static final int LOCK_NOT_BLOCKING = 4;
    private static final int FALLOCATE_KEEP_SIZE = 1;
    private static final int FALLOCATE_PUNCH_HOLE = 2;
    private static final int MADVISE_POPULATE_WRITE = 23;
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long MESSAGE_BYTES = 256;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle CALL = LINKER.downcallHandle(
            FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG), Linker.Option.captureCallState("errno"));

    private static final MemorySegment OPEN = symbol("open");
    private static final MemorySegment CLOSE = symbol("close");
    private static final MemorySegment FLOCK = symbol("flock");
    private static final MemorySegment FALLOCATE = symbol("fallocate");
    private static final MemorySegment FTRUNCATE = symbol("ftruncate");
    private static final MemorySegment PREADV2 = symbol("preadv2");
    private static final MemorySegment PWRITEV2 = symbol("pwritev2");
    private static final MemorySegment MADVISE = symbol("madvise");
    private static final MemorySegment CLOCK_GETTIME = symbol("clock_gettime");
    private static final MemorySegment STRERROR = symbol("strerror");

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::make);

    private Posix() {}

    /** Memory of one thread for what calls read and write besides their arguments. */
    private record Scratch(MemorySegment state, MemorySegment time, IoVector vector) {
        static Scratch make() {
            Arena arena = Arena.ofAuto();
            long vectorBytes = (long) IoVector.MAX_PIECES * IoVector.PIECE_BYTES;
            return new Scratch(
                    arena.allocate(STATE),
                    arena.allocate(2 * Long.BYTES, Long.BYTES),
                    new IoVector(arena.allocate(vectorBytes, Long.BYTES)));
        }
    }

    /** The pieces of memory that one read or write is about. */
    record IoVector(MemorySegment pieces) {
        /** The most pieces the kernel takes at once. */
        static final int MAX_PIECES = 1024;

        private static final int PIECE_BYTES = 16;

        void put(int index, long address, long lengthBytes) {
            pieces.set(LONG, (long) index * PIECE_BYTES, address);
            pieces.set(LONG, (long) index * PIECE_BYTES + Long.BYTES, lengthBytes);
        }
    }

    /** The calling thread's vector, for {@link #read} and {@link #write}. */
    static IoVector vector() {
        return SCRATCH.get().vector;
    }

    /** Opens {@code path} (never inherited by child processes); the descriptor, or the negated error number. */
    static int open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            return narrow(call(OPEN, name.address(), flags | O_CLOEXEC, OWNER_ONLY, 0, 0));
        }
    }

    static void close(int fd) {
        call(CLOSE, fd, 0, 0, 0, 0);
    }

    /** Takes the exclusive lock on an open file without waiting; 0 or the negated error number. */
    static int tryLock(int fd) {
        return narrow(call(FLOCK, fd, LOCK_EXCLUSIVE | LOCK_NOT_BLOCKING, 0, 0, 0));
    }

    /** Reads into the first {@code count} pieces; bytes read, or the negated error number. */
    static long read(int fd, IoVector vector, int count, long offset, int flags) {
        return call(PREADV2, fd, vector.pieces.address(), count, offset, flags);
    }

    /** Writes the first {@code count} pieces; bytes written, or the negated error number. */
    static long write(int fd, IoVector vector, int count, long offset, int flags) {
        return call(PWRITEV2, fd, vector.pieces.address(), count, offset, flags);
    }

    /** Gives the blocks of a range back; 0 or the negated error number. */
    static int punchHole(int fd, long offset, long lengthBytes) {
        int mode = FALLOCATE_PUNCH_HOLE | FALLOCATE_KEEP_SIZE;
        return narrow(call(FALLOCATE, fd, mode, offset, lengthBytes, 0));
    }

    /** Takes room for the first {@code lengthBytes} of a file; 0 or the negated error number. */
    static int reserve(int fd, long lengthBytes) {
        return narrow(call(FALLOCATE, fd, 0, 0, lengthBytes, 0));
    }

    /** Sets a file's length; 0 or the negated error number. */
    static int setLength(int fd, long lengthBytes) {
        return narrow(call(FTRUNCATE, fd, lengthBytes, 0, 0, 0));
    }

    /** Maps the pages of a range now instead of at first touch; false where the kernel can't (before 5.14). */
    static boolean populate(MemorySegment range) {
        return narrow(call(MADVISE, range.address(), range.byteSize(), MADVISE_POPULATE_WRITE, 0, 0)) == 0;
    }

    /** Nanoseconds since the machine started, time suspended included; negative if there is no such clock. */
    static long bootNanos() {
        MemorySegment time = SCRATCH.get().time;
        int result = narrow(call(CLOCK_GETTIME, CLOCK_BOOTTIME, time.address(), 0, 0, 0));
        return result == 0 ? time.get(LONG, 0) * NANOS_PER_SECOND + time.get(LONG, Long.BYTES) : result;
    }

    /** The C library's text for an error number, in the language that the JDK's exceptions carry it in. */
    static String message(int error) {
        long text = call(STRERROR, error, 0, 0, 0, 0);
        return MemorySegment.ofAddress(text).reinterpret(MESSAGE_BYTES).getString(0);
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    /** What the function answers, or the negated error number if that is -1; of 32-bit answers the low half counts. */
    private static long call(MemorySegment function, long a, long b, long c, long d, long e) {
        MemorySegment state = SCRATCH.get().state;
        long result;
        try {
            result = (long) CALL.invokeExact(function, state, a, b, c, d, e);
        } catch (Throwable thrown) {
            throw new IllegalStateException("a system call could not be made", thrown);
        }
        if ((int) result != -1) {
            return result;
        }
        int error = (int) ERRNO.get(state, 0L);
        Checks.that(error > 0, "a failed call leaves its error number", error);
        return -error;
    }

    private static int narrow(long result) {
        return (int) result;
    }
}
