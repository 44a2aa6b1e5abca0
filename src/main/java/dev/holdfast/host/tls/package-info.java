/**
 * Keys and certificates of a cluster's nodes, and the encrypted transport on which they prove them to each other; what
 * is promised, stored and tested is in {@code docs/internals/security.md}.
 */
package dev.holdfast.host.tls;
