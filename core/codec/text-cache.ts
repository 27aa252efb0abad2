/**
 * Strings for bytes that come again and again: currencies, cities, merchants' names. The same bytes give the same string
 * object, so that reading a field costs a comparison and no allocation. Each hash has one place: what is there is replaced.
 */

const PLACES = 8_192;
const ASCII_CHARS_MAX = 64;

export class TextCache {
  readonly #texts: string[] = new Array<string>(PLACES).fill('');

  /** The text of ASCII bytes. */
  ascii(bytes: Uint8Array, at: number, length: number): string {
    if (length === 0) return '';
    if (length > ASCII_CHARS_MAX) return asciiText(bytes, at, length);
    const place = placeOf(bytes, at, length);
    const known = this.#texts[place] as string;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) return known;
    }
    const text = asciiText(bytes, at, length);
    this.#texts[place] = text;
    return text;
  }
}

/** The last bytes tell ids and names apart best. */
function placeOf(bytes: Uint8Array, at: number, length: number): number {
  let h = length;
  for (let i = length > 8 ? length - 8 : 0; i < length; i++) h = Math.imul(h, 31) + (bytes[at + i] as number);
  h = Math.imul(h ^ ((bytes[at] as number) << 16), 0x9e37_79b1);
  return (h ^ (h >>> 15)) & (PLACES - 1);
}

/** The text of ASCII bytes, a new string. */
export function asciiText(bytes: Uint8Array, at: number, length: number): string {
  const end = at + length;
  let text = '';
  let i = at;
  for (; i + 4 <= end; i += 4)
    text += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
    );
  for (; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
