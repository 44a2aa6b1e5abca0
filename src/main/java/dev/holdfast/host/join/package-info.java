/**
 * How another node becomes a member of a cluster: tokens, and the one request and one answer that turn a token into a
 * certificate; what is promised and stored is in {@code docs/internals/security.md}.
 */
package dev.holdfast.host.join;
