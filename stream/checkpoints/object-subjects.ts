/**
 * Where JetStream's object store keeps the objects of the checkpoint bucket: an object's description under its name, its chunks under
 * an id of their own. Source: NATS, ADR-20.
 */
import type { StreamConnection } from '../connection.ts';
import { CHECKPOINT_BUCKET } from '../topology.ts';

export const STREAM = `OBJ_${CHECKPOINT_BUCKET}`;
const PREFIX = `$O.${CHECKPOINT_BUCKET}`;
/** All of them. */
export const META_SUBJECTS = `${PREFIX}.M.>`;
export const CHUNK_SUBJECTS = `${PREFIX}.C.>`;

/** Of an object's description. */
export function metaSubject(name: string): string {
  return `${PREFIX}.M.${Buffer.from(name)
    .toString('base64url')
    .padEnd(Math.ceil(name.length / 3) * 4, '=')}`;
}

/** Of all chunks of an object. */
export function chunkSubject(object: { readonly nuid: string }): string {
  return `${PREFIX}.C.${object.nuid}`;
}

/** The object's name in the subject of its description. */
export function nameIn(subject: string): string {
  return Buffer.from(subject.slice(subject.lastIndexOf('.') + 1), 'base64url').toString();
}

/** Those in use that fit a filter with wildcards. */
export async function subjectsOf(c: StreamConnection, filter: string): Promise<string[]> {
  const { state } = await c.manager.streams.info(STREAM, { subjects_filter: filter });
  return Object.keys(state.subjects ?? {});
}
