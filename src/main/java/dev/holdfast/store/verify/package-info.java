/** Checks of everything a root reaches; nothing here writes. */
package dev.holdfast.store.verify;
