package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Disks;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Files and block devices as disks, faulty where a {@link FaultPlan} says so. Closing it closes those that are still
 * open.
 */
final class HostDisks implements Disks, AutoCloseable {
    private final int threadsPerDisk;
    private final String faults;
    private final Fatal fatal;
    private final List<Disk> opened = new ArrayList<>();

    HostDisks(int threadsPerDisk, String faults, Fatal fatal) {
        this.threadsPerDisk = threadsPerDisk;
        this.faults = faults;
        this.fatal = fatal;
    }

    @Override
    public Disk open(String path) throws WorldException {
        Path file = pathOf(path);
        if (!Files.exists(file)) {
            throw new WorldException(path + " does not exist");
        }
        if (!Files.isRegularFile(file) && !FileClaim.isBlockDevice(file)) {
            throw new WorldException(path + " is neither a file nor a block device");
        }
        FaultPlan itsFaults = FaultPlan.parse(faults).of(path);
        FileClaim claim = FileClaim.existing(file);
        try {
            Disk disk = new HostDisk(DiskFile.open(claim), threadsPerDisk, fatal);
            remember(disk);
            return itsFaults.isEmpty() ? disk : new FaultyDisk(disk, itsFaults);
        } catch (WorldException refused) {
            claim.close();
            throw refused;
        }
    }

    @Override
    public Disk create(String path, long lengthBytes) throws WorldException {
        Checks.that(lengthBytes > 0 && lengthBytes % Disk.BLOCK_BYTES == 0, "a disk is blocks long", lengthBytes);
        Path file = pathOf(path);
        Path unnamed = Path.of(path + ".new");
        try {
            Files.deleteIfExists(unnamed);
            makeSized(unnamed, lengthBytes);
            Files.createLink(file, unnamed);
            Files.delete(unnamed);
            syncName(file);
        } catch (FileAlreadyExistsException exists) {
            throw abandon(unnamed, path + " exists already", exists);
        } catch (IOException failed) {
            throw abandon(unnamed, "can't make " + path + ": " + failed, failed);
        }
        return open(path);
    }

    /** It gets its own name when it has its length: a process that dies in between leaves nothing under that name. */
    private static void makeSized(Path file, long lengthBytes) throws IOException {
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(lengthBytes);
            sized.getFD().sync();
        }
    }

    @Override
    public boolean exists(String path) {
        try {
            return Files.exists(Path.of(path));
        } catch (InvalidPathException noPath) {
            return false;
        }
    }

    @Override
    public void close() {
        List<Disk> closing;
        synchronized (opened) {
            closing = List.copyOf(opened);
            opened.clear();
        }
        closing.forEach(Disk::close);
    }

    private void remember(Disk disk) {
        synchronized (opened) {
            opened.add(disk);
        }
    }

    /** Makes the name of a file durable, which the file's own flush does not. */
    static void syncName(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static WorldException abandon(Path file, String message, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException stays) {
            cause.addSuppressed(stays);
        }
        return new WorldException(message, cause);
    }

    private static Path pathOf(String path) throws WorldException {
        try {
            return Path.of(path);
        } catch (InvalidPathException failed) {
            throw new WorldException("no disk can be at " + path + ": " + failed.getMessage(), failed);
        }
    }
}
