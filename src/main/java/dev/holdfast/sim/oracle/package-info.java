/**
 * Judges of what a simulated storage server did: each remembers what clients were promised and says what it does not
 * check. None of them looks inside the product.
 */
package dev.holdfast.sim.oracle;
