/** Random numbers that are the same on every machine. */
package dev.holdfast.sim.random;
