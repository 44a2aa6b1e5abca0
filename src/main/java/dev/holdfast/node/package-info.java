/** The composition root: builds one node from a world. It decides nothing about data. */
package dev.holdfast.node;
