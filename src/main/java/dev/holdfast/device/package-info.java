/** One disk as a member of an array: its label, its layout, its health. What the blocks mean is not known here. */
package dev.holdfast.device;
