package dev.holdfast.cluster.control;

import java.util.List;

/**
 * Who keeps a mirrored volume, as the control plane knows it; all by name.
 *
 * @param epoch of the newest set; the volume was made in epoch 1
 * @param primary who serves, or will in a moment; empty if there is none, or its copy was started anew since
 * @param inSync in the newest set, and not started anew since
 * @param missing the others that have a copy
 */
public record MirrorInfo(int epoch, String primary, List<String> inSync, List<String> missing) {}
