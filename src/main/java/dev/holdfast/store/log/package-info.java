/**
 * The write log: entries in memory that outlives the process, their records in the array's ring, and finding both
 * again.
 */
package dev.holdfast.store.log;
