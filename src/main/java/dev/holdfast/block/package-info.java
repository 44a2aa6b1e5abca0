/** The words between front ends and volumes: a block request, its outcome, and the disk it is for. */
package dev.holdfast.block;
