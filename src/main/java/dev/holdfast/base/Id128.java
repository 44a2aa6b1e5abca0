package dev.holdfast.base;

/**
 * The name of something for ever (a cluster, a pool, a device): 128 random bits, so that two never meet. It says
 * nothing of what it names.
 *
 * @param high upper half
 * @param low lower half
 */
public record Id128(long high, long low) {
    /** 32 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        return hex(high) + hex(low);
    }

    /** Its first eight digits, for messages to people. */
    public String brief() {
        return toString().substring(0, 8);
    }

    private static String hex(long half) {
        String digits = Long.toHexString(half);
        return "0".repeat(16 - digits.length()) + digits;
    }
}
