package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** A plain model of a store: a {@link Medium}, and a {@link ModelLog} for each process. */
final class ModelStore implements ShardStore, ModelLog.Listener {
    private final Medium medium = new Medium();
    private final Judge judge;
    private final TreeMap<Long, LongConsumer> writes = new TreeMap<>();
    private final List<Flush> flushes = new ArrayList<>();
    private Optional<ModelLog> log = Optional.empty();
    private Optional<Replica> replica = Optional.empty();

    private record Flush(long upTo, LongConsumer done) {}

    ModelStore(Judge judge) {
        this.judge = judge;
    }

    @Override
    public void open(SimProcess process, SimLoop loop, Runnable ready) {
        endEpoch();
        replica = Optional.empty();
        log = Optional.of(
                new ModelLog(medium, loop, process.machine().world().random().split(), this));
        loop.post(ready);
    }

    @Override
    public Decision.Found found() {
        return new Decision.Found(medium.memory, medium.ringEnd());
    }

    @Override
    public ShardLog log() {
        return log.orElseThrow();
    }

    @Override
    public void attach(Replica told) {
        replica = Optional.of(told);
    }

    @Override
    public void write(int register, long value, LongConsumer done) {
        writes.put(log.orElseThrow().write(register, value), done);
        replica.orElseThrow().numbered();
    }

    @Override
    public void read(int register, LongConsumer done) {
        done.accept(log.orElseThrow().read(register));
    }

    @Override
    public void flush(LongConsumer done) {
        flushes.add(new Flush(log().visible(), done));
        replica.orElseThrow().flush();
    }

    @Override
    public void flushed(long seq) {
        List<Flush> done = flushes.stream().filter(flush -> flush.upTo <= seq).toList();
        flushes.removeAll(done);
        for (Flush flush : done) {
            Checks.that(flush.upTo <= medium.held(), "what was flushed is held", flush.upTo);
            judge.flushed(medium.history().at(flush.upTo));
            flush.done.accept(flush.upTo);
        }
    }

    @Override
    public void opened(long upTo) {
        while (!writes.isEmpty() && writes.firstKey() <= upTo) {
            long seq = writes.firstKey();
            LongConsumer done = writes.remove(seq);
            judge.acknowledged(medium.at(seq).position());
            done.accept(seq);
        }
    }

    @Override
    public void endEpoch() {
        writes.clear();
        flushes.clear();
    }

    @Override
    public void progressed() {
        replica.ifPresent(Replica::logged);
    }

    @Override
    public void held(Change change) {
        judge.held(change.position(), change, medium.history().at(change.seq() - 1));
    }

    @Override
    public void makeRoot() {
        log.orElseThrow().makeRoot();
    }

    @Override
    public void powerCut() {
        medium.powerCut();
    }

    @Override
    public long held() {
        return medium.held();
    }

    @Override
    public long logged() {
        return medium.logged();
    }

    @Override
    public long rooted() {
        return medium.rooted();
    }

    @Override
    public History history() {
        return medium.history();
    }

    @Override
    public void contents(Consumer<Object> then) {
        then.accept(List.of(log.orElseThrow().state(), medium.image(Long.MAX_VALUE)));
    }
}
