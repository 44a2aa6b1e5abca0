/** What all commands share: how they fail, and how people write sizes. */
package dev.holdfast.cli.line;
