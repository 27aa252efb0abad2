/** The requests below `$JS.API.` that Weir and its client make. What is not known here fails loudly, it is never guessed. */
import type { Consumer, ConsumerConfig } from './consumer.ts';
import { statusHeaders } from './protocol.ts';
import { type ApiError, SimulatedStream, type StoredMessage, type StreamConfig, type StreamDefects } from './stream.ts';

const STREAM_NOT_FOUND: ApiError = { code: 404, err_code: 10059, description: 'stream not found' };
const CONSUMER_NOT_FOUND: ApiError = { code: 404, err_code: 10014, description: 'consumer not found' };
const NO_MESSAGE: ApiError = { code: 404, err_code: 10037, description: 'no message found' };

/** What the requests are about. */
export interface ApiState {
  readonly disk: { readonly streams: Map<string, SimulatedStream>; readonly defects: StreamDefects };
  readonly consumers: Map<string, Consumer>;
  createConsumer(stream: SimulatedStream, config: ConsumerConfig): Consumer;
}

interface ApiRequest {
  readonly seq?: number;
  readonly last_by_subj?: string;
  readonly next_by_subj?: string;
  readonly filter?: string;
  readonly subjects_filter?: string;
  readonly config?: ConsumerConfig;
  readonly name?: string;
}

export interface ApiAnswer {
  readonly headers: Buffer;
  readonly payload: Buffer;
}

export function jsonAnswer(answer: object): ApiAnswer {
  return { headers: Buffer.alloc(0), payload: Buffer.from(JSON.stringify(answer)) };
}

export function answerApi(server: ApiState, subject: string, payload: Buffer): ApiAnswer {
  const stream = /^\$JS\.API\.DIRECT\.GET\.([^.]+)$/.exec(subject)?.[1];
  if (stream === undefined) return jsonAnswer(answerInJson(server, subject, payload));
  const { seq, next_by_subj } = JSON.parse(payload.toString()) as ApiRequest;
  if (next_by_subj === undefined) throw new Error(`the simulated JetStream does not know ${payload} as a direct get`);
  const message = server.disk.streams.get(stream)?.nextOf(next_by_subj, seq ?? 0);
  if (message === undefined) return { headers: statusHeaders('404 Message Not Found'), payload: Buffer.alloc(0) };
  const fields = { 'Nats-Stream': stream, 'Nats-Subject': message.subject, 'Nats-Sequence': String(message.seq) };
  return { headers: statusHeaders('', fields), payload: message.payload };
}

function answerInJson(server: ApiState, subject: string, payload: Buffer): object {
  if (subject === '$JS.API.INFO') return { type: 'io.nats.jetstream.api.v1.account_info_response', streams: 0 };
  const words = subject.split('.').slice(2);
  const request = (payload.length === 0 ? {} : JSON.parse(payload.toString())) as ApiRequest;
  const what = words.slice(0, words[0] === 'STREAM' && words[1] === 'MSG' ? 3 : 2).join('.');
  const name = words[what.split('.').length] ?? '';
  const { streams } = server.disk;
  if (what === 'STREAM.CREATE' || what === 'STREAM.UPDATE') {
    const config = request as unknown as StreamConfig;
    const present = streams.get(name);
    if (present === undefined && what === 'STREAM.UPDATE') return { error: STREAM_NOT_FOUND };
    if (present !== undefined) present.config = config;
    const stream = present ?? new SimulatedStream(config, server.disk.defects);
    streams.set(name, stream);
    return describeStream(stream, undefined);
  }
  const stream = streams.get(name);
  if (stream === undefined) return { error: STREAM_NOT_FOUND };
  switch (what) {
    case 'STREAM.INFO':
      return describeStream(stream, request.subjects_filter);
    case 'STREAM.MSG.GET': {
      const { seq, last_by_subj: last, next_by_subj: next } = request;
      const message =
        next !== undefined
          ? stream.nextOf(next, seq ?? 0)
          : seq === undefined
            ? stream.lastOf(last ?? '')
            : stream.messages.get(seq);
      return message === undefined ? { error: NO_MESSAGE } : { message: describeMessage(message) };
    }
    case 'STREAM.PURGE':
      return { success: true, purged: stream.purge(request.filter ?? '>') };
    case 'CONSUMER.CREATE': {
      const config = request.config ?? { name: '' };
      const consumer = server.createConsumer(stream, { ...config, name: words[3] ?? '' });
      return describeConsumer(consumer);
    }
    case 'CONSUMER.DELETE': {
      const key = `${name}.${words[3]}`;
      const consumer = server.consumers.get(key);
      if (consumer === undefined) return { error: CONSUMER_NOT_FOUND };
      consumer.deleted = true;
      server.consumers.delete(key);
      return { success: true };
    }
    case 'CONSUMER.INFO': {
      const consumer = server.consumers.get(`${name}.${words[3]}`);
      return consumer === undefined ? { error: CONSUMER_NOT_FOUND } : describeConsumer(consumer);
    }
    default:
      throw new Error(`the simulated JetStream does not know ${subject}`);
  }
}

function describeStream(stream: SimulatedStream, subjectsFilter: string | undefined): object {
  let bytes = 0;
  for (const { payload, headers } of stream.messages.values()) bytes += payload.length + headers.length;
  return {
    type: 'io.nats.jetstream.api.v1.stream_info_response',
    config: stream.config,
    created: '2026-01-01T00:00:00Z',
    state: {
      messages: stream.messages.size,
      bytes,
      first_seq: stream.firstSeq,
      first_ts: '2026-01-01T00:00:00Z',
      last_seq: stream.lastSeq,
      last_ts: '2026-01-01T00:00:00Z',
      consumer_count: 0,
      ...(subjectsFilter === undefined ? {} : { subjects: stream.subjectCounts(subjectsFilter) }),
    },
  };
}

function describeMessage({ subject, seq, headers, payload, storedMs }: StoredMessage): object {
  return {
    subject,
    seq,
    ...(headers.length === 0 ? {} : { hdrs: headers.toString('base64') }),
    data: payload.toString('base64'),
    time: new Date(storedMs).toISOString(),
  };
}

function describeConsumer(consumer: Consumer): object {
  return {
    type: 'io.nats.jetstream.api.v1.consumer_create_response',
    stream_name: consumer.stream.config.name,
    name: consumer.config.name,
    created: '2026-01-01T00:00:00Z',
    config: consumer.config,
    delivered: { consumer_seq: 0, stream_seq: consumer.startSeq - 1 },
    ack_floor: { consumer_seq: 0, stream_seq: 0 },
    num_ack_pending: 0,
    num_redelivered: 0,
    num_waiting: 0,
    num_pending: consumer.pending,
  };
}
