/** Recognises a file by its header. Formats with the most particular columns are asked first. */
import { WeirError } from '../../core/errors.ts';
import type { Adapter, AdapterFactory, AdapterOptions } from './adapter.ts';
import { fdh } from './adapters/fdh.ts';
import { genericCsv } from './adapters/generic-csv.ts';
import { geolife } from './adapters/geolife.ts';
import { places } from './adapters/places.ts';
import { sparkov } from './adapters/sparkov.ts';
import { tabformer } from './adapters/tabformer.ts';

const FACTORIES: readonly AdapterFactory[] = [fdh, sparkov, tabformer, geolife, genericCsv, places];

/** Throws `WeirError` `request.invalid` when no adapter knows the header. */
export function chooseAdapter(header: readonly string[], options: AdapterOptions): Adapter {
  const factory = FACTORIES.find((candidate) => candidate.matches(header));
  if (factory !== undefined) return factory.create(header, options);
  const formats = FACTORIES.map((candidate) => candidate.format).join(', ');
  throw new WeirError(
    'request.invalid',
    `the header "${header.join(',').slice(0, 200)}" is of no known format (${formats}; a plain CSV needs id, time and subject)`,
  );
}
