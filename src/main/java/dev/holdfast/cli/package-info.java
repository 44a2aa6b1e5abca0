/** The command line: parses words, calls the API of a node or starts one, prints. It decides nothing about data. */
package dev.holdfast.cli;
