/** A copy-on-write store on one array: lanes take changes and serve reads, one committer makes them durable. */
package dev.holdfast.store;
