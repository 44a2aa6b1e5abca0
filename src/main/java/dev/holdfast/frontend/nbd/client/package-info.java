/** A client of one NBD export: the handshake, and a disk whose requests go over the wire. */
@org.jspecify.annotations.NullMarked
package dev.holdfast.frontend.nbd.client;
