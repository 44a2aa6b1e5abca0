/** Checks, checksums, codecs, units, limits and typed numbers: what every package may use. Nothing here does I/O. */
package dev.holdfast.base;
