/**
 * How Node.js is started for the parts. V8 counts bytes outside its heap (frames, request bodies, blocks) towards the limit at
 * which it collects the whole heap, and raises that limit by little more than the young generation when a program allocates
 * slowly: with a live heap of 25 MB, each 24 MB that arrived cost a full collection, some three a second in every part. A heap
 * that may grow fourfold before that costs at most some 100 MB and saves a sixth of the whole path's time (docs/performance.md).
 */
export const NODE_FLAGS: readonly string[] = ['--heap-growing-percent=300'];

/**
 * For a processor: its young generation is half of the default, so that the collector's pauses stay short while much survives, as when ten
 * thousand rules are compiled between events; and the compiler may put more of the engine's small functions into their callers.
 */
export const PROCESSOR_NODE_FLAGS: readonly string[] = [
  ...NODE_FLAGS,
  '--max-semi-space-size=8',
  '--max-inlined-bytecode-size-cumulative=2000',
];
