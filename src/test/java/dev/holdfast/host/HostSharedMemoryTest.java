package dev.holdfast.host;

import dev.holdfast.io.SharedMemoryContract;
import dev.holdfast.io.WorldDriver;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Mapped files keep the contract. */
final class HostSharedMemoryTest extends SharedMemoryContract {
    @TempDir
    private Path directory;

    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }

    @Override
    protected String place() {
        return directory.toString();
    }
}
