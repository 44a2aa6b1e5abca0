/** The HTTP API of a node: REST and JSON, metrics, health. It decides nothing; every change is the controller's. */
package dev.holdfast.frontend.http;
