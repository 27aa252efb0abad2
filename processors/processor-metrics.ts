/** The processor's figures for Prometheus. Counters of the engine live in its state: they survive a restart. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EngineStats } from './engine/engine-stats.ts';

export interface ProcessorMetrics {
  readonly stepSeconds: Histogram;
  readonly lagFrames: Gauge;
  readonly suppressed: Counter;
  readonly replayMismatches: Counter;
  readonly compared: Counter;
  readonly leading: Gauge;
  readonly leaseEpoch: Gauge;
  readonly standbyLag: Gauge;
  readonly checkpoints: Counter<'result'>;
  readonly checkpointSeconds: Histogram;
  readonly snapshotSeconds: Histogram;
  readonly checkpointBytes: Gauge;
  readonly checkpointShards: Counter<'result'>;
  readonly undoBytes: Gauge;
  readonly checkpointsPassedOver: Counter;
  readonly quarantineFailures: Counter;
}

const STEP_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const CHECKPOINT_BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** `stats` is asked when metrics are collected, not before. */
export function createProcessorMetrics(registry: Registry, stats: () => EngineStats): ProcessorMetrics {
  const registers = [registry];
  registerEngineCounters(registry, stats);
  registerEngineGauges(registry, stats);
  const counter = (name: string, help: string) => new Counter({ name: `weir_processor_${name}`, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `weir_processor_${name}`, help, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `weir_processor_${name}`, help, buckets, registers });
  return {
    stepSeconds: histogram('step_seconds', 'Time the engine takes for one frame', STEP_BUCKETS),
    lagFrames: gauge('lag_frames', 'Frames in the log behind the one being processed'),
    suppressed: counter('suppressed_parts_total', 'Outcome parts not published again on replay'),
    replayMismatches: counter('replay_mismatches_total', 'Replayed outcomes that differ from the published ones'),
    compared: counter('standby_compared_parts_total', 'Published outcome parts that the standby compared with its own'),
    leading: gauge('leading', '1 where this processor publishes, 0 where it stands by'),
    leaseEpoch: gauge('lease_epoch', 'How many processors have led so far'),
    standbyLag: gauge('standby_lag_frames', 'Input frames that the standby is behind the leader'),
    checkpoints: new Counter({
      name: 'weir_processor_checkpoints_total',
      help: 'Checkpoints by result',
      labelNames: ['result'],
      registers,
    }),
    checkpointSeconds: histogram('checkpoint_seconds', 'Time from snapshot to saved', CHECKPOINT_BUCKETS),
    snapshotSeconds: histogram(
      'snapshot_seconds',
      'Longest time the engine stood still for a slice of a snapshot',
      CHECKPOINT_BUCKETS,
    ),
    checkpointBytes: gauge('checkpoint_bytes', 'Size of the newest checkpoint'),
    checkpointShards: new Counter({
      name: 'weir_processor_checkpoint_shards_total',
      help: 'Shards of saved checkpoints: written, or kept since they had not changed',
      labelNames: ['result'],
      registers,
    }),
    undoBytes: gauge('checkpoint_undo_bytes', 'Most memory that changes under the newest checkpoint took at once'),
    checkpointsPassedOver: counter('checkpoints_passed_over_total', 'Checkpoints that could not be used at start'),
    quarantineFailures: counter(
      'quarantine_failures_total',
      'Poison entries that the quarantine did not take; OUTCOMES still holds them',
    ),
  };
}

function registerEngineCounters(registry: Registry, stats: () => EngineStats): void {
  const counters: [name: string, help: string, read: (s: EngineStats) => number][] = [
    ['frames_total', 'Frames processed', (s) => s.frames],
    ['events_total', 'Events that counted', (s) => s.accepted],
    ['duplicates_total', 'Events recognised as repeated', (s) => s.duplicates],
    ['late_events_total', 'Events behind the allowed lateness: recorded, in no window', (s) => s.late],
    ['late_for_key_total', 'Entries of events in one series that came too late for its key', (s) => s.lateForKey],
    ['poison_entries_total', 'Entries that could not be processed', (s) => s.poison],
    ['decisions_total', 'Decisions', (s) => s.decisions],
    ['alerts_total', 'Decisions other than approve', (s) => s.alerts],
    ['offers_total', 'Offers issued', (s) => s.offers],
    ['offers_withdrawn_total', 'Offers withdrawn', (s) => s.withdrawn],
    ['shadowed_total', 'Events and timers on which shadow rules fired', (s) => s.shadowed],
    ['window_events_cut_total', 'Events that left a full window before their time', (s) => s.cutEvents],
    [
      'moving_windows_displaced_total',
      'Windows of distinct values and percentiles that made room for others, and were looked at event by event when read again',
      (s) => s.movingWindowsDisplaced,
    ],
    ['window_keys_evicted_total', 'Window keys given back because nothing could reach them', (s) => s.evictedKeys],
    ['labels_unmatched_total', 'Labels whose transaction is not in the history', (s) => s.labelsUnmatched],
    ['customers_merged_total', 'Identifiers with events of their own, merged when linked', (s) => s.customersMerged],
    ['rulesets_displaced_total', 'Staged rule sets that gave their place to others', (s) => s.displacedRulesets],
    ['fill_parts_total', 'Parts of history put into new windows', (s) => s.fillParts],
    ['fill_parts_ignored_total', 'Parts of history of another rule set, or out of turn', (s) => s.fillPartsIgnored],
    ['warmings_dropped_total', 'Rule sets whose filling gave way or was given up', (s) => s.warmingsDropped],
    ['timers_due_total', 'Timers of absences that came due', (s) => s.timersDue],
    ['timers_refused_total', 'Timers not set because too many wait', (s) => s.timersRefused],
    ['timers_late_total', 'Timers not set because they would have been due already', (s) => s.timersLate],
  ];
  for (const [name, help, read] of counters) {
    new Counter({
      name: `weir_processor_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read(stats()));
      },
    });
  }
  new Counter({
    name: 'weir_processor_offers_held_back_total',
    help: 'Offer rules that fired and issued nothing, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, value] of Object.entries(stats().offersHeldBack)) this.inc({ reason }, value);
    },
  });
}

function registerEngineGauges(registry: Registry, stats: () => EngineStats): void {
  const gauges: [name: string, help: string, read: (s: EngineStats) => number][] = [
    ['position', 'Newest position processed', (s) => s.position],
    ['ruleset_version', 'Version of the live rule set', (s) => s.rulesetVersion],
    ['staged_rulesets', 'Rule sets that wait for their activation', (s) => s.stagedRulesets],
    ['customers', 'Customers and places in state', (s) => s.customers],
    ['ids', 'Ids in state', (s) => s.entities],
    ['places', 'Places in the registry', (s) => s.places],
    ['series', 'Distinct series that windows read', (s) => s.series],
    ['partial_series', 'Series that do not hold all that windows look back at', (s) => s.partialSeries],
    ['warming_ruleset_version', 'Rule set whose windows are being filled, 0 for none', (s) => s.warmingVersion],
    ['window_keys', 'Keys with windows, over all series', (s) => s.windowKeys],
    ['sequence_keys', 'Keys with sequences', (s) => s.sequenceKeys],
    ['timers', 'Timers of absences that wait', (s) => s.timers],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name: `weir_processor_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(stats()));
      },
    });
  }
  new Gauge({
    name: 'weir_processor_state_bytes',
    help: 'Memory of the state by part',
    labelNames: ['part'],
    registers: [registry],
    collect() {
      for (const [part, bytes] of Object.entries(stats().bytes)) this.set({ part }, bytes);
    },
  });
}
