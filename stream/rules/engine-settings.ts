/**
 * The settings that the next rule set takes with it into the log. Processors read them there and nowhere else: a replay, a
 * standby and a checkpoint have those that held at each position, whatever their own environment says. What an operator
 * chose stays in the state bucket, so that a machine or a shell that says nothing does not undo it.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from '../../core/codec/entry.ts';
import type { Config } from '../../core/config.ts';
import type { StreamConnection } from '../connection.ts';
import { openKeyValue } from '../key-value.ts';
import { STATE_BUCKET } from '../topology.ts';

const SETTINGS_KEY = 'engine-settings';
export type EngineSettingsConfig = Pick<Config, 'WEIR_DISTINCT_EVENTS_MAX'>;

const Chosen = Type.Object({ distinctEventsMax: Type.Optional(Type.Integer()) });

/** What the config says, else what was chosen before, else the defaults. Throws `log.unavailable`. */
export async function chooseEngineSettings(
  connection: StreamConnection,
  config: EngineSettingsConfig,
): Promise<Required<EngineSettings>> {
  const bucket = openKeyValue(connection, STATE_BUCKET);
  const stored = await bucket.get(SETTINGS_KEY);
  const before: unknown = stored === undefined ? {} : JSON.parse(new TextDecoder().decode(stored.value));
  const known = Value.Check(Chosen, before) ? before : {};
  const distinctEventsMax = config.WEIR_DISTINCT_EVENTS_MAX ?? known.distinctEventsMax;
  if (distinctEventsMax === undefined) return DEFAULT_ENGINE_SETTINGS;
  if (distinctEventsMax !== known.distinctEventsMax)
    await bucket.put(SETTINGS_KEY, new TextEncoder().encode(JSON.stringify({ ...known, distinctEventsMax })));
  return { ...DEFAULT_ENGINE_SETTINGS, distinctEventsMax };
}
