package dev.holdfast.store.log;

/** Whether a region of memory may be believed after a start (L6), and what it holds then. */
public sealed interface MemoryVerdict {
    /** One line for people. */
    String message();

    /** Everything held by this lane when the process ended is here. */
    record Trusted(MemoryScan entries) implements MemoryVerdict {
        @Override
        public String message() {
            return "memory of lane " + entries.lane() + " is trusted: entries " + entries.firstEntry() + " to "
                    + (entries.endEntry() - 1);
        }
    }

    /** A power cut, as far as this lane is concerned: nothing in it is used. */
    record Foreign(Why why, String message) implements MemoryVerdict {
        /** True if it was not simply overtaken by history: somebody may want to look at what is there. */
        public boolean isUnknown() {
            return switch (why) {
                case DAMAGED, OTHER_VERSION, OTHER_POOL -> true;
                case ABSENT, OTHER_BOOT, OTHER_COUNTER -> false;
            };
        }
    }

    /** Why memory is not believed. */
    enum Why {
        /** There is no header: new, or its labelling was cut off. */
        ABSENT,
        /** The header's checksum is wrong, or it says what cannot be. */
        DAMAGED,
        /** A newer program wrote it. */
        OTHER_VERSION,
        /** It belongs to another pool. */
        OTHER_POOL,
        /** The machine was started again since. */
        OTHER_BOOT,
        /** The newest root is of another open: this memory was covered, or never was of this history. */
        OTHER_COUNTER
    }
}
