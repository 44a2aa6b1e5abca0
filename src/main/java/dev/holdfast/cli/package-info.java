/** The command line: parses words, calls the API of a node or starts one, prints. No decision about data is made here. */
package dev.holdfast.cli;
