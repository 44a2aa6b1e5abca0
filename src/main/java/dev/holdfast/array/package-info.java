/** Protection over devices: one address space of checksummed blocks, a log region and a root ring, whatever is lost beneath. */
package dev.holdfast.array;
