/**
 * The NBD server: the fixed newstyle handshake and the transmission phase over {@code io.Network}, serving
 * {@code block.BlockVolume}. It opens no sockets, starts no threads and keeps no data of its own.
 *
 * <p>Source of every number and rule: "The NBD protocol", doc/proto.md of the NetworkBlockDevice project.
 */
package dev.holdfast.frontend.nbd;
