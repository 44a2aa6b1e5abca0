package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Blocks that rot on the platter or cannot be read there. */
final class PoolFaultTest {
    private static final long DISK = 256 << 20;
    private static final int BLOCKS = 300;
    private static final int VICTIM = 40;

    private static int valueOf(int block) {
        return 1 + block % 120;
    }

    /** A pool whose volume 1 has BLOCKS blocks of known contents, cleanly stopped. */
    private static PoolBench filled(long seed, int copies) {
        return filled(seed, copies, DISK);
    }

    private static PoolBench filled(long seed, int copies, long diskBytes) {
        PoolBench bench = new PoolBench(seed, copies, diskBytes);
        assertTrue(bench.open(), bench.refused);
        bench.create(1, 64 << 20);
        for (int block = 0; block < BLOCKS; block++) {
            bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
        }
        bench.stop();
        return bench;
    }

    private static List<Integer> errors(PoolBench bench, BlockVolume volume) {
        List<Integer> errors = new ArrayList<>();
        for (int block = 0; block < BLOCKS; block++) {
            Optional<byte[]> bytes = bench.read(volume, block * 4096L, 4096);
            if (bytes.isEmpty()) {
                errors.add(block);
            } else {
                assertEquals(valueOf(block), bytes.get()[0], "block " + block);
                assertEquals(valueOf(block), bytes.get()[4095], "block " + block);
            }
        }
        return errors;
    }

    /** Copies of the victim; the value recurs every 120 blocks, so the leaf tells which one it is. */
    private static long dataBlock(PoolDamage damage) {
        for (long block : damage.filledWith(valueOf(VICTIM))) {
            if (!damage.leavesOver(block, VICTIM).isEmpty()) {
                return block;
            }
        }
        throw new IllegalStateException("the victim is stored");
    }

    private static void isHealedAndRepaired(BiConsumer<PoolDamage, List<Long>> how, boolean leaf) {
        PoolBench bench = filled(leaf ? 11 : 12, 2);
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        long data = dataBlock(damage);
        List<Long> victims = leaf ? damage.leavesOver(data, VICTIM) : List.of(data);
        how.accept(damage, victims);
        assertTrue(bench.open(), bench.refused);
        assertEquals(List.of(), errors(bench, bench.volume(1)));
        bench.world.runFor(10_000_000_000L);
        MemberHealth health = bench.status().members().getFirst();
        assertTrue(health.present() && health.readErrors() > 0 && health.repaired() > 0, health.toString());
        PoolDamage other = new PoolDamage(bench, "/disk1");
        assertArrayEquals(other.medium.read(victims.getFirst()), damage.medium.read(victims.getFirst()));
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aCheckReadsEveryCopyWithNobodyServingAndWhileThePoolServes() {
        for (int disk = 0; disk < 2; disk++) {
            PoolBench bench = filled(16, 2);
            PoolDamage damage = new PoolDamage(bench, "/disk" + disk);
            PoolDamage other = new PoolDamage(bench, "/disk" + (1 - disk));
            long data = dataBlock(damage);
            List<Long> victims = new ArrayList<>(damage.leavesOver(data, VICTIM));
            victims.add(data);
            damage.rot(victims);
            assertEquals(
                    List.of(victims.size() + " blocks have a wrong copy and a good one: repaired when the pool serves"),
                    bench.check());
            assertTrue(bench.open(), bench.refused);
            List<String> problems = PoolBench.await(
                    bench.world,
                    bench.committer,
                    answer -> bench.pool.verify(
                            bench.committer, (checked, used) -> {}, (found, checked) -> answer.accept(found)));
            assertEquals(List.of(), problems);
            bench.world.runFor(10_000_000_000L);
            for (long victim : victims) {
                assertArrayEquals(other.medium.read(victim), damage.medium.read(victim), "disk " + disk);
            }
            assertEquals(victims.size(), bench.status().members().get(disk).repaired());
            bench.stop();
            assertEquals(List.of(), bench.check());
        }
    }

    @Test
    void aRepairThatFailsLeavesTheDeviceBehindAndIsNoRepair() {
        PoolBench bench = filled(14, 2);
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(List.of(dataBlock(damage)));
        assertTrue(bench.open(), bench.refused);
        long generation = bench.status().numbers().generation();
        bench.world.machine().device("/disk0").faults().writeErrorPerMillion = 1_000_000;
        assertEquals(List.of(), errors(bench, bench.volume(1)));
        bench.world.runFor(1_000_000_000L);
        Pool.PoolStatus status = bench.status();
        assertFalse(status.members().getFirst().present(), status.toString());
        assertEquals(0, status.members().getFirst().repaired());
        assertTrue(status.numbers().generation() > generation, status.toString());
        assertTrue(status.notes().toString().contains("left behind"), status.toString());
    }

    @Test
    void aDeadListWhoseLastBlockIsLostStopsThePoolAndIsNeverTakenForAnother() {
        PoolBench bench = filled(15, 1);
        assertTrue(bench.open(), bench.refused);
        assertTrue(bench.snapshot(1, 1) instanceof Pool.Result.Done);
        for (int block = 0; block < 20; block++) {
            bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
        }
        bench.stop();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        List<Long> lists = damage.find(PoolDamage.DATA, damage.medium.blocks(), PoolFaultTest::isListOfDead);
        assertEquals(1, lists.size());
        damage.rot(lists);
        assertTrue(bench.open(), bench.refused);
        bench.write(bench.volume(1), 30 * 4096L, 4096, valueOf(30));
        bench.world.runFor(20_000_000_000L);
        String notes = bench.status().notes().toString();
        assertTrue(notes.contains("takes no changes: a dead list cannot be read"), notes);
        assertEquals(List.of(), errors(bench, bench.volume(1)));
        assertEquals(Status.READ_ONLY, bench.write(bench.volume(1), 0, 4096, 1));
    }

    /** Twenty blocks and the two nodes above them, each an address and a birth, then zeroes. */
    private static boolean isListOfDead(ByteBuffer page) {
        for (int entry = 0; entry < 256; entry++) {
            long address = page.getLong(entry * 16);
            long birth = page.getLong(entry * 16 + 8);
            boolean isEntry = address > 0 && address < DISK / 4096 && birth > 0 && birth < 100;
            if (entry < 22 ? !isEntry : address != 0 || birth != 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aRottenDataBlockIsHealedFromTheOtherCopyAndRepaired() {
        isHealedAndRepaired(PoolDamage::rot, false);
    }

    @Test
    void aRottenTreeBlockIsHealedFromTheOtherCopyAndRepaired() {
        isHealedAndRepaired(PoolDamage::rot, true);
    }

    @Test
    void aDataBlockThatOneDeviceCannotReadIsHealedAndRepaired() {
        isHealedAndRepaired(PoolDamage::spoil, false);
    }

    @Test
    void aTreeBlockThatOneDeviceCannotReadIsHealedAndRepaired() {
        isHealedAndRepaired(PoolDamage::spoil, true);
    }

    @Test
    void aRottenDataBlockWithoutACopyIsAnErrorForItselfOnlyUntilItIsWrittenWhole() {
        PoolBench bench = filled(13, 1);
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(List.of(dataBlock(damage)));
        assertFalse(bench.check().isEmpty());
        assertTrue(bench.open(), bench.refused);
        BlockVolume volume = bench.volume(1);
        assertEquals(List.of(VICTIM), errors(bench, volume));
        Pool.PoolStatus status = bench.status();
        assertEquals(1, status.shards().getFirst().unreadableBlocks());
        assertTrue(status.notes().toString().contains("offset " + VICTIM * 4096), status.toString());
        assertEquals(Status.OK, bench.write(volume, VICTIM * 4096L + 512, 512, 9));
        assertEquals(Status.OK, bench.run(volume, Request.Kind.FLUSH, 0, 0));
        bench.world.runFor(10_000_000_000L);
        assertEquals(List.of(VICTIM), errors(bench, volume), "a part says nothing of the rest");
        bench.write(volume, VICTIM * 4096L, 4096, valueOf(VICTIM));
        assertEquals(List.of(), errors(bench, volume));
        bench.stop();
        assertTrue(bench.open());
        assertEquals(List.of(), errors(bench, bench.volume(1)));
        bench.stop();
        assertEquals(List.of(), bench.check());
    }

    @Test
    void aRottenLeafIsAnErrorForItsOwnBlocksOnlyAndWritesGoOn() {
        PoolBench bench = filled(14, 1);
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(damage.leavesOver(dataBlock(damage), VICTIM));
        assertTrue(bench.open(), bench.refused);
        BlockVolume volume = bench.volume(1);
        List<Integer> under = new ArrayList<>();
        for (int block = 0; block < 128; block++) {
            under.add(block);
        }
        assertEquals(under, errors(bench, volume));
        bench.write(volume, VICTIM * 4096L, 4096, valueOf(VICTIM));
        bench.write(volume, 200 * 4096L, 4096, valueOf(200));
        assertEquals(Status.OK, bench.run(volume, Request.Kind.FLUSH, 0, 0));
        under.remove(VICTIM);
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(under, errors(bench, bench.volume(1)));
        for (int block : under) {
            bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
        }
        bench.stop();
        assertTrue(bench.open(), bench.refused);
        assertEquals(List.of(), errors(bench, bench.volume(1)));
        bench.snapshot(1, 1);
        assertTrue(bench.status().notes().isEmpty(), bench.status().notes().toString());
    }

    @Test
    void anAddressThatWasLostIsGoodAgainOnceItHoldsSomethingElse() {
        PoolBench bench = filled(15, 1, 40 << 20);
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(List.of(dataBlock(damage)));
        assertTrue(bench.open(), bench.refused);
        BlockVolume volume = bench.volume(1);
        assertEquals(Status.OK, bench.write(volume, VICTIM * 4096L + 512, 512, 9));
        bench.world.runFor(10_000_000_000L);
        bench.create(2, 16 << 20);
        BlockVolume other = bench.volume(2);
        for (int round = 0; round < 2; round++) {
            for (long offset = 0; offset < 12L << 20; offset += 1 << 20) {
                assertEquals(Status.OK, bench.write(other, offset, 1 << 20, 7 + round));
            }
        }
        bench.world.runFor(20_000_000_000L);
        for (long offset = 0; offset < 12L << 20; offset += 4096) {
            bench.write(other, offset + 512, 512, 3);
        }
        bench.world.runFor(20_000_000_000L);
        for (long offset = 0; offset < 12L << 20; offset += 1 << 20) {
            assertTrue(bench.read(other, offset, 1 << 20).isPresent(), "offset " + offset);
        }
    }

    @Test
    void anOnlineCheckFindsRotWhileWritesGoOnAndNothingElse() {
        PoolBench bench = filled(16, 1);
        assertTrue(bench.open(), bench.refused);
        assertEquals(List.of(), verifyBesideWrites(bench));
        bench.stop();
        PoolDamage damage = new PoolDamage(bench, "/disk0");
        damage.rot(List.of(dataBlock(damage)));
        assertTrue(bench.open(), bench.refused);
        List<String> problems = verifyBesideWrites(bench);
        assertEquals(1, problems.size(), problems.toString());
        assertTrue(problems.getFirst().contains("offset " + VICTIM * 4096), problems.toString());
    }

    private static List<String> verifyBesideWrites(PoolBench bench) {
        List<List<String>> answers = new ArrayList<>();
        bench.world.run(
                bench.committer,
                () -> bench.pool.verify(
                        bench.committer, (checked, used) -> {}, (problems, checked) -> answers.add(problems)));
        for (int i = 0; i < 500 || answers.isEmpty(); i++) {
            int block = 150 + i % 100;
            bench.write(bench.volume(1), block * 4096L, 4096, valueOf(block));
        }
        return answers.getFirst();
    }
}
