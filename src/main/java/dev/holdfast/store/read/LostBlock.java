package dev.holdfast.store.read;

/**
 * A block of data of which no device of the pool has the bytes that its pointer names.
 *
 * @param shard of which it is a block
 * @param block number in the shard
 * @param address where its bytes should be
 * @param birth with the address one content for ever
 * @param checksum CRC32C of its bytes, by which whoever has them proves it
 */
public record LostBlock(int shard, long block, long address, long birth, int checksum) {}
