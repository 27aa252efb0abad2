/**
 * How Node.js is started for a processor. A small young generation keeps the collector's pauses short while much survives,
 * as when ten thousand rules are compiled between events (longest stall 4–6 ms instead of 6–9); in steady state, where
 * next to nothing survives, it costs within the noise of what the engine takes.
 */
export const PROCESSOR_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=2'];
