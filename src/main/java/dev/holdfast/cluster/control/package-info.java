/** The control plane: operations become records of one ordered log, and state changes only by replaying them. */
package dev.holdfast.cluster.control;
