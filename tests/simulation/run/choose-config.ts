/** The limits of a simulated Weir's parts: small, and other ones in each world. */
import { type Config, parseConfig } from '../../../core/config.ts';
import type { SinkOptions } from '../../../storage/sink/run-sink.ts';
import type { Random } from '../world/random.ts';

const BASE_CONFIG = parseConfig({});
/** Often so short that both write, each as far as the other lets it. */
const SINK_STANDBY_MAX_MS = 150;

/** Each sink its own: where their batches end is nothing that two could agree on by themselves. */
export function chooseSinkLimits(random: Random): SinkOptions['limits'] {
  const lingerMs = random.below(random.chance(0.5) ? 12 : 300);
  return { rowsMax: 1 + random.below(60), lingerMs, standbyMs: random.between(10, SINK_STANDBY_MAX_MS) };
}

/** Small limits, so that few events reach them. */
export function chooseConfig(random: Random): Config {
  return {
    ...BASE_CONFIG,
    WEIR_FRAME_ENTRIES_MAX: 1 + random.below(6),
    WEIR_FRAME_BYTES_MAX: 4_096,
    WEIR_FRAME_LINGER_MS: random.below(4),
    WEIR_DECISION_LINGER_MS: random.below(4),
    WEIR_APPEND_IN_FLIGHT_MAX: 1 + random.below(16),
    WEIR_OUTCOMES_IN_FLIGHT_MAX: 1 + random.below(8),
    WEIR_CHECKPOINT_INTERVAL_MS: 300 + random.below(2_000),
    WEIR_CHECKPOINT_EVENTS_MAX: 10 + random.below(1_000),
    WEIR_CHECKPOINTS_KEPT: 1 + random.below(3),
    WEIR_LEASE_MS: 150 + random.below(900),
    WEIR_RESUME_OFFERS_MAX: 1 + random.below(5),
  };
}
