/** The text protocol of NATS as the server speaks it: commands out of a client's bytes, messages as bytes. */
export interface PublishCommand {
  readonly kind: 'publish';
  readonly subject: string;
  readonly reply: string;
  /** With its version line and the empty line at the end; empty where there is none. */
  readonly headers: Buffer;
  readonly payload: Buffer;
}

export type ClientCommand =
  | PublishCommand
  | { readonly kind: 'subscribe'; readonly subject: string; readonly queue: string; readonly sid: string }
  | { readonly kind: 'unsubscribe'; readonly sid: string; readonly max: number }
  | { readonly kind: 'ping' | 'pong' | 'connect' };

const NO_BYTES = Buffer.alloc(0);
const CRLF_BYTES = 2;

/** Bytes of whole commands; a client writes no others. Throws on a command that no client of ours sends. */
export function parseCommands(frame: Buffer): ClientCommand[] {
  const commands: ClientCommand[] = [];
  let at = 0;
  while (at < frame.length) {
    const lineEnd = frame.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) throw new Error('a command without an end');
    const words = frame.toString('latin1', at, lineEnd).split(' ');
    at = lineEnd + CRLF_BYTES;
    const [verb = ''] = words;
    switch (verb) {
      case 'PUB':
      case 'HPUB': {
        const counts = verb === 'PUB' ? 1 : 2;
        const reply = words.length === 3 + counts ? (words[2] ?? '') : '';
        const total = Number(words.at(-1));
        const headBytes = verb === 'PUB' ? 0 : Number(words.at(-2));
        const headers = headBytes === 0 ? NO_BYTES : frame.subarray(at, at + headBytes);
        commands.push({
          kind: 'publish',
          subject: words[1] ?? '',
          reply,
          headers,
          payload: frame.subarray(at + headBytes, at + total),
        });
        at += total + CRLF_BYTES;
        break;
      }
      case 'SUB':
        commands.push({
          kind: 'subscribe',
          subject: words[1] ?? '',
          queue: words.length === 4 ? (words[2] ?? '') : '',
          sid: words.at(-1) ?? '',
        });
        break;
      case 'UNSUB':
        commands.push({ kind: 'unsubscribe', sid: words[1] ?? '', max: Number(words[2] ?? 0) });
        break;
      case 'PING':
      case 'PONG':
      case 'CONNECT':
        commands.push({ kind: verb.toLowerCase() as 'ping' | 'pong' | 'connect' });
        break;
      default:
        throw new Error(`the simulated server does not know ${verb}`);
    }
  }
  return commands;
}

export function encodeMessage(
  sid: string,
  subject: string,
  reply: string,
  headers: Buffer,
  payload: Uint8Array,
): Buffer {
  const to = reply === '' ? '' : ` ${reply}`;
  const head =
    headers.length === 0
      ? `MSG ${subject} ${sid}${to} ${payload.length}\r\n`
      : `HMSG ${subject} ${sid}${to} ${headers.length} ${headers.length + payload.length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), headers, payload, Buffer.from('\r\n', 'latin1')]);
}

/** A status line as the server puts it into headers, with what belongs to it. */
export function statusHeaders(status: string, fields: Readonly<Record<string, string>> = {}): Buffer {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`NATS/1.0 ${status}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Value of a header, `undefined` where it is absent. */
export function headerOf(headers: Buffer, name: string): string | undefined {
  if (headers.length === 0) return undefined;
  for (const line of headers.toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon === name.length && line.startsWith(name)) return line.slice(colon + 1).trim();
  }
  return undefined;
}

/** Whether a subject fits a subscription with `*` and `>`. */
export function subjectFits(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const star = pattern.indexOf('*');
  const tail = pattern.endsWith('>') ? pattern.length - 1 : -1;
  if (star < 0 && tail < 0) return false;
  // The usual patterns end in their only wildcard.
  if (star === pattern.length - 1)
    return subject.startsWith(pattern.slice(0, star)) && !subject.includes('.', star) && subject.length > star;
  if (star < 0) return subject.startsWith(pattern.slice(0, tail)) && subject.length > tail;
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '>') return tokens.length > i;
    if (i >= tokens.length || (wanted[i] !== '*' && wanted[i] !== tokens[i])) return false;
  }
  return wanted.length === tokens.length;
}
