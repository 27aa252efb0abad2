/** What an event is recognised by beside its time: hashes of its id and of its source. */
import { ID, SOURCE as SOURCE_FIELD } from '../../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../../core/codec/transaction-view.ts';
import { hashAscii, hashString } from '../../../core/hash.ts';

const ID_SEED_A = 0x1d_0a;
const ID_SEED_B = 0x1d_0b;
const SOURCE_SEED = 0x50_0c;

/** 64 bits of the id, 32 of the source; how many of them are kept and compared says `history-events.ts`. */
export interface EventName {
  idA: number;
  idB: number;
  source: number;
}

/** Fills `name`, which the caller reuses. */
export function nameEvent(name: EventName, id: string, source: string): void {
  name.idA = hashString(id, ID_SEED_A);
  name.idB = hashString(id, ID_SEED_B);
  name.source = hashString(source, SOURCE_SEED);
}

/** The same for an event that is read in its frame. */
export function nameViewed(name: EventName, view: TransactionView): void {
  if (!view.isAscii(ID) || !view.isAscii(SOURCE_FIELD)) {
    nameEvent(name, view.event.id, view.event.source);
    return;
  }
  const { bytes } = view;
  name.idA = hashAscii(bytes, view.at(ID), view.length(ID), ID_SEED_A);
  name.idB = hashAscii(bytes, view.at(ID), view.length(ID), ID_SEED_B);
  name.source = hashAscii(bytes, view.at(SOURCE_FIELD), view.length(SOURCE_FIELD), SOURCE_SEED);
}

/** The name of an event that is looked for by its id alone. */
export function nameOfId(id: string): EventName {
  return { idA: hashString(id, ID_SEED_A), idB: hashString(id, ID_SEED_B), source: 0 };
}
