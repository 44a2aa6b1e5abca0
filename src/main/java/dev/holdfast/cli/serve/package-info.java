/** Nodes in this process: from a directory and what a person asked for to a node that serves, and to its end. */
package dev.holdfast.cli.serve;
