package dev.holdfast.store.work;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.tree.FreeMapLoad;
import dev.holdfast.store.tree.PointerSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Brings the free map of a root into memory. */
public final class FreeMapRead implements Work {
    private static final int SLICE = 256;

    private record Ticket(long number, PointerSlot pointer) {}

    private final Core core;
    private final FreeMapLoad load;
    private final Consumer<FreeMap> result;
    private final List<Ticket> tickets = new ArrayList<>();

    public FreeMapRead(Core core, Root.Objects objects, Consumer<FreeMap> result) {
        this.core = core;
        this.load = new FreeMapLoad(objects.freeMap(), objects.deferred(), core.array.dataBlocks());
        this.result = result;
    }

    @Override
    public Progress slice(Runner runner) {
        Checks.that(tickets.size() <= SLICE, "a slice is bounded", tickets.size());
        for (Ticket ticket : tickets) {
            PointerSlot pointer = ticket.pointer;
            if (core.isLost(pointer.address(), pointer.birth())) {
                core.trouble.failed("the free map of the pool cannot be read");
                return Progress.WAITING;
            }
            long handle = core.blocks.find(pointer.address(), pointer.birth());
            load.supply(ticket.number, pointer, core.blocks.bytes(handle), core.blocks.offset(handle));
        }
        tickets.clear();
        core.blocks.trim();
        while (tickets.size() < SLICE) {
            PointerSlot pointer = new PointerSlot();
            long number = load.next(pointer);
            if (number < 0) {
                break;
            }
            tickets.add(new Ticket(number, pointer));
            if (core.blocks.find(pointer.address(), pointer.birth()) < 0) {
                core.miss(pointer);
            }
        }
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        if (!tickets.isEmpty() || !load.done()) {
            return Progress.MORE;
        }
        Optional<FreeMap> map = load.result();
        if (map.isEmpty()) {
            core.trouble.failed("the free map of the pool is not one");
            return Progress.WAITING;
        }
        result.accept(map.get());
        return Progress.DONE;
    }
}
