package dev.holdfast.host.raft;

import dev.holdfast.host.HostDriver;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.OrderedLogContract;
import dev.holdfast.io.WorldDriver;
import dev.holdfast.io.WorldException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** One member keeps the contract, alone and among three. */
@ParameterizedClass
@ValueSource(ints = {1, 3})
final class RaftOrderedLogContractTest extends OrderedLogContract {
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    @Parameter
    private int size;

    private final Map<String, RaftGroupUnderTest> groups = new LinkedHashMap<>();
    private final List<OrderedLog> opened = new ArrayList<>();

    @Override
    protected WorldDriver newDriver() {
        return HostDriver.tcp();
    }

    @Override
    protected OrderedLog open(WorldDriver driver, String place) throws WorldException {
        if (!groups.containsKey(place)) {
            groups.put(place, new RaftGroupUnderTest(size, Path.of(place), PATIENCE_NANOS));
            for (int other = 1; other < size; other++) {
                OrderedLog log = groups.get(place).open(other);
                opened.add(log);
                log.start(driver.world().newLoop("other"), (index, bytes) -> {}, () -> {});
            }
        }
        OrderedLog mine = groups.get(place).open(0);
        opened.add(mine);
        return mine;
    }

    @AfterEach
    void closeAll() {
        opened.parallelStream().forEach(OrderedLog::close);
    }
}
