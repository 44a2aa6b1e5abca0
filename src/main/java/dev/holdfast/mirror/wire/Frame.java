package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Message;

/** What stands at the beginning of some bytes. */
public sealed interface Frame {
    /** Not all of a frame has come. */
    record Incomplete() implements Frame {}

    /** No frame, whatever may follow; {@code reason} is for people. */
    record Malformed(String reason) implements Frame {}

    /** Somebody is there. */
    record Beat() implements Frame {}

    /** A message for a shard; the payloads of its batch lie in the bytes it was read from. */
    record Told(int shard, Message message) implements Frame {}
}
