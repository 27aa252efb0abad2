/**
 * Gives a rule set its version and appends it: staged in parts, then activated, with what has to be in between. Versions come from a counter in the state
 * bucket that is raised before anything is appended, so two who do so at once get two versions, and the engine tells their
 * parts apart.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { type EngineSettings, type Entry, encodeEntry } from '../../core/codec/entry.ts';
import { stageEntries } from '../../core/codec/stage-entries.ts';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import { openKeyValue } from '../key-value.ts';
import { type AppenderLimits, createEventAppender } from '../log/event-appender.ts';
import { STATE_BUCKET } from '../topology.ts';

const VERSION_KEY = 'ruleset-version';
const CLAIMS_MAX = 16;

export interface RuleActivation {
  readonly documents: readonly unknown[];
  readonly settings: EngineSettings;
  readonly author: string;
  readonly comment: string;
}

export interface AppendedRules {
  readonly version: number;
  /** Of the newest entry about it in EVENTS. */
  readonly position: number;
}

/** Puts an entry into EVENTS, in a frame of its own; resolves to its position. */
export type AppendEntry = (entry: Entry) => Promise<number>;

/** Says whether the rule set may go live with windows that are not filled; what it throws keeps it from being activated. */
export type BeforeActivation = (staged: AppendedRules, append: AppendEntry) => Promise<'warm' | 'any'>;

/**
 * Resolves when the log holds the activation, whether or not a processor runs; what the engine makes of it is told by
 * `activateRules`. `beforeActivation` is called, and awaited, when the log holds the parts. Throws `log.unavailable` where
 * the log does not take it; a version is then left out.
 */
export async function appendRules(
  connection: StreamConnection,
  limits: AppenderLimits,
  log: Logger,
  activation: RuleActivation,
  beforeActivation: BeforeActivation = () => Promise.resolve('any'),
): Promise<AppendedRules> {
  const version = await claimVersion(connection);
  const { documents, settings, author, comment } = activation;
  const staged = stageEntries(version, documents).map(encode);
  const appender = createEventAppender(connection, { limits, log, metrics: new Registry() });
  try {
    const { lastSeq: stagedSeq } = await appender.append(staged);
    const append: AppendEntry = async (entry) => (await appender.append([encode(entry)])).lastSeq;
    const windows = await beforeActivation({ version, position: stagedSeq }, append);
    const position = await append({ kind: 'activate', version, settings, author, comment, windows });
    return { version, position };
  } finally {
    await appender.close();
  }
}

/** The newest version that was claimed, 0 before the first. */
export async function newestVersion(connection: StreamConnection): Promise<number> {
  return versionIn(await openKeyValue(connection, STATE_BUCKET).get(VERSION_KEY));
}

function encode(entry: Entry): Uint8Array {
  const writer = new ByteWriter();
  encodeEntry(writer, entry);
  return writer.take();
}

async function claimVersion(connection: StreamConnection): Promise<number> {
  const bucket = openKeyValue(connection, STATE_BUCKET);
  for (let attempt = 0; attempt < CLAIMS_MAX; attempt++) {
    const known = await bucket.get(VERSION_KEY);
    const version = versionIn(known) + 1;
    // Unlike any other's claim of the same version: a write that was interrupted is told by its value.
    const claim = new TextEncoder().encode(`${version} ${randomUUID()}`);
    const taken =
      known === undefined
        ? await bucket.create(VERSION_KEY, claim)
        : await bucket.update(VERSION_KEY, claim, known.revision);
    if (taken !== undefined) return version;
  }
  throw new WeirError('log.unavailable', `others took the version of the rule set ${CLAIMS_MAX} times in a row`);
}

function versionIn(entry: { readonly value: Uint8Array } | undefined): number {
  return entry === undefined ? 0 : Number.parseInt(new TextDecoder().decode(entry.value), 10);
}
