/** Protection over devices: one address space of checksummed blocks, log region, root ring, whatever is lost. */
package dev.holdfast.array;
