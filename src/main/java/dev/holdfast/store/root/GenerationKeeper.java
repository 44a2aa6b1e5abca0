package dev.holdfast.store.root;

/**
 * Remembers, apart from the pool's devices, the newest generation that a root of it had: so that a device on which
 * nothing says that others went on without it is not taken for current. It judges nothing.
 */
public interface GenerationKeeper {
    /** Told how keeping ended. */
    @FunctionalInterface
    interface Kept {
        /** True if the generation is remembered whatever happens from now on; false if that can't be said. */
        void kept(boolean durable);
    }

    /** Remembers nothing: for pools that nobody but their devices knows of. */
    GenerationKeeper NONE = new GenerationKeeper() {
        @Override
        public long newest() {
            return 0;
        }

        @Override
        public void keep(long generation, Kept kept) {
            kept.kept(true);
        }
    };

    /** The greatest generation kept so far; 0 if none was. It does not change while a pool is open. */
    long newest();

    /** Keeps {@code generation}; {@code kept} runs on the committer's loop, as this call does, perhaps within it. */
    void keep(long generation, Kept kept);
}
