/**
 * The only door to anything unpredictable: time, threads, disks, memory that survives a process, network, randomness,
 * and the ordered log. Each interface states the weakest promise its users may build on; {@code host} and {@code sim}
 * are its two implementers, and the contract suites in the tests hold both to this text.
 */
package dev.holdfast.io;
