/**
 * The real machine: threads, sockets, files, clocks and shared memory behind the ports of {@code io}. It decides
 * nothing: what the ports promise is written there, and the contract suites hold this package to it.
 */
package dev.holdfast.host;
