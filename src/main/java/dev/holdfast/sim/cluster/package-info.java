/** Whole nodes under simulation: control plane, volumes and clients, and what people ask of them meanwhile. */
@NullMarked
package dev.holdfast.sim.cluster;

import org.jspecify.annotations.NullMarked;
