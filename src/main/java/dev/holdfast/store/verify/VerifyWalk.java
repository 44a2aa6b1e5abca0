package dev.holdfast.store.verify;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import dev.holdfast.store.tree.PointerSlot;
import dev.holdfast.store.tree.TreeVerifier;
import dev.holdfast.store.tree.TreeWalk;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks one object for the verifier, some blocks a slice: every pointer is checked and shown, every node and, if
 * wanted,
 * every data block is read and verified (S3). What may be shared is its visitor's business.
 */
public final class VerifyWalk implements Work {
    private static final int BATCH = 512;

    private record Read(PointerSlot pointer, long ticket) {}

    private final Core core;
    private final ObjectRoot object;
    private final TreeVerifier.Visitor visitor;
    private final boolean readsData;
    private final TreeWalk walk;
    private final List<Read> batch = new ArrayList<>();

    public VerifyWalk(Core core, ObjectRoot object, boolean readsData, TreeVerifier.Visitor visitor) {
        this.core = core;
        this.object = object;
        this.readsData = readsData;
        this.visitor = visitor;
        this.walk = new TreeWalk(object);
    }

    @Override
    public Progress slice(Runner runner) {
        for (Read read : batch) {
            use(read);
        }
        batch.clear();
        core.blocks.trim();
        while (batch.size() < BATCH) {
            PointerSlot pointer = new PointerSlot();
            long ticket = walk.next(pointer);
            if (ticket < 0) {
                break;
            }
            look(pointer, ticket);
        }
        if (core.loadMissing(runner)) {
            return Progress.WAITING;
        }
        return batch.isEmpty() && walk.done() ? Progress.DONE : Progress.MORE;
    }

    private void look(PointerSlot pointer, long ticket) {
        int level = TreeWalk.level(ticket);
        boolean sound = TreeVerifier.checkPointer(object, ticket, pointer, visitor);
        boolean wanted = visitor.pointer(pointer, level, TreeWalk.first(ticket)) && sound && pointer.isPresent();
        if (wanted && (level > 0 || readsData)) {
            batch.add(new Read(pointer, ticket));
            if (core.blocks.find(pointer.address(), pointer.birth()) < 0) {
                core.miss(pointer);
            }
        } else if (level > 0) {
            walk.skip(ticket);
        }
    }

    private void use(Read read) {
        Checks.that(read.ticket >= 0, "what was read was asked for", read.ticket);
        PointerSlot pointer = read.pointer;
        long handle = core.blocks.find(pointer.address(), pointer.birth());
        boolean isNode = TreeWalk.level(read.ticket) > 0;
        if (core.isLost(pointer.address(), pointer.birth())) {
            visitor.problem("no copy verifies: " + pointer + ", block " + TreeWalk.first(read.ticket));
            if (isNode) {
                walk.skip(read.ticket);
            }
        } else if (isNode) {
            boolean good = TreeVerifier.checkNode(
                    pointer, read.ticket, core.blocks.bytes(handle), core.blocks.offset(handle), visitor);
            if (good) {
                walk.node(read.ticket, core.blocks.bytes(handle), core.blocks.offset(handle));
            } else {
                walk.skip(read.ticket);
            }
        }
    }
}
