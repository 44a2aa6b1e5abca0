package dev.holdfast.array;

import dev.holdfast.io.Disk;
import dev.holdfast.io.Disks;
import dev.holdfast.io.WorldException;
import java.util.ArrayList;
import java.util.List;

/** Disks where one may be opened by a second name at the same time: two device nodes of one device, say. */
final class AliasedDisks implements Disks {
    private final Disks disks;
    private final String path;
    private final String alias;
    private final List<Disk> open = new ArrayList<>();

    AliasedDisks(Disks disks, String path, String alias) {
        this.disks = disks;
        this.path = path;
        this.alias = alias;
    }

    @Override
    public Disk open(String name) throws WorldException {
        if (name.equals(alias) && !open.isEmpty()) {
            return open.getFirst();
        }
        Disk disk = disks.open(name.equals(alias) ? path : name);
        if (name.equals(path)) {
            open.add(disk);
        }
        return disk;
    }

    @Override
    public Disk create(String name, long lengthBytes) throws WorldException {
        return disks.create(name, lengthBytes);
    }

    @Override
    public boolean exists(String name) {
        return name.equals(alias) || disks.exists(name);
    }
}
