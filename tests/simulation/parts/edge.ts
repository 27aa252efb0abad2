/**
 * The gateway without HTTP: intake, appender, ticks, live hub and sockets, as its role puts them together. Requests and
 * sockets reach it through the simulated network.
 */
import { Registry } from 'prom-client';
import type { WebSocket } from 'ws';
import { createHubMetrics, createSocketMetrics } from '../../../api/live/hub/hub-metrics.ts';
import { createLiveHub, type LiveHub } from '../../../api/live/hub/live-hub.ts';
import { createStoreSources } from '../../../api/live/hub/store-sources.ts';
import { createSocketOutput } from '../../../api/live/socket/socket-output.ts';
import { createSocketSession, type SessionContext } from '../../../api/live/socket/socket-session.ts';
import { createTurnstile } from '../../../api/live/socket/turnstile.ts';
import { createTokenAuthority, type Role } from '../../../api/token-authority.ts';
import { submitFeedback } from '../../../cli/roles/submit-feedback.ts';
import type { IntakeAnswer } from '../../../ingest/answer.ts';
import { createDecide } from '../../../ingest/decisions/decide.ts';
import type { DecisionAnswer } from '../../../ingest/decisions/decision-answer.ts';
import { createLoggedAnswers } from '../../../ingest/decisions/logged-answers.ts';
import { takeDecision } from '../../../ingest/decisions/take-decision.ts';
import { ingestMetricsOf } from '../../../ingest/ingest-metrics.ts';
import { createIntake } from '../../../ingest/intake.ts';
import { startTicks } from '../../../ingest/tick.ts';
import { findDecision } from '../../../storage/queries/decisions.ts';
import { askDecision } from '../../../stream/decision-exchange.ts';
import { createEventAppender } from '../../../stream/log/event-appender.ts';
import { createQuarantinePublisher } from '../../../stream/log/quarantine.ts';
import { watchProgress } from '../../../stream/progress.ts';
import type { Life, PartMain } from '../world/part.ts';
import type { Scheduler } from '../world/scheduler.ts';
import { connectPart, type PartSurroundings } from './surroundings.ts';

const RESUMES_IN_FLIGHT_MAX = 4;
const SERVICE_RESTART = 1012;

export interface ClientSocket {
  send(text: string): void;
  close(): void;
}

/** A running gateway as clients reach it; every method must be called in an event of its owner. */
export interface Edge {
  readonly life: Life;
  readonly hub: LiveHub;
  post(body: string): Promise<IntakeAnswer>;
  /** A transaction whose sender waits this long for the decision. */
  decide(body: string, timeoutMs: number): Promise<DecisionAnswer | undefined>;
  /** Entries straight into the log, as an administrator's commands go. */
  append(entries: readonly Uint8Array[]): Promise<unknown>;
  /** `undefined` while the live part is starting. */
  openSocket(
    role: Role,
    sub: string,
    client: { receive(text: string): void; closed(): void },
  ): ClientSocket | undefined;
}

const auth = createTokenAuthority('a secret of thirty-two characters, simulated');
const tokens = new Map<string, string>();

/** `onEdge` is told the gateway that takes requests now. */
export function edgeMain(s: PartSurroundings, scheduler: Scheduler, onEdge: (edge: Edge) => void): PartMain {
  return async (life) => {
    const { config, log, clock } = s;
    const connection = await connectPart(s, 'weir-edge');
    const metrics = new Registry();
    const appender = createEventAppender(connection, { limits: config, log, metrics });
    const processor = watchProgress(connection, 'processor');
    const intake = createIntake({
      appender,
      quarantine: createQuarantinePublisher(connection),
      config,
      log,
      metrics: ingestMetricsOf(metrics),
      backlog: () => ({ framesBehind: Math.max(0, appender.lastSeq - (processor.last?.inputSeq ?? 0)) }),
    });
    startTicks({ append: (entries) => appender.append(entries), clock, log });
    const store = s.openStore(life.owner);
    const sources = createStoreSources(store, connection);
    const hub = createLiveHub({ sources, clock, log, metrics: createHubMetrics(metrics) });
    const socketMetrics = createSocketMetrics(metrics);
    const context: SessionContext = {
      hub,
      sources,
      auth,
      clock,
      metrics: socketMetrics,
      turnstile: createTurnstile(RESUMES_IN_FLIGHT_MAX),
      resumeItemsMax: config.WEIR_RESUME_OFFERS_MAX,
      submitEvent: submitFeedback({ appender, config, clock }),
      createId: () => `feedback-${scheduler.events}`,
    };
    const outputs = new Set<ReturnType<typeof createSocketOutput>>();
    hub.onReset(() => {
      for (const output of outputs) output.close(SERVICE_RESTART, 'the live part begins anew');
    });
    const logged = createLoggedAnswers();
    hub.watchFrames(logged);
    const decide = createDecide({
      appender,
      logged,
      ask: (asked, timeoutMs) => askDecision(connection, asked, timeoutMs),
      findStored: async (eventId, source) => {
        const found = await findDecision(store, eventId, source);
        if (found === undefined) return undefined;
        const { decision, score, reasons, rulesetVersion, position } = found.decision;
        return { eventId, decision, score, reasons: [...reasons], rulesetVersion, position: position.inputSeq };
      },
      config,
      metrics: ingestMetricsOf(metrics),
      log,
    });
    const bodyOf = (body: string) => ({
      bytes: Buffer.from(body),
      form: 'any' as const,
      from: { atMs: clock.nowMs(), origin: 'http' as const, producer: 'producer', contentType: 'application/json' },
    });
    onEdge({
      life,
      hub,
      append: (entries) => appender.append(entries),
      post: (body) => intake.take(bodyOf(body)),
      async decide(body, timeoutMs) {
        const answer = await takeDecision(bodyOf(body), { timeoutMs }, { intake, decide, config });
        if (typeof answer === 'string') return JSON.parse(answer) as DecisionAnswer;
        if (answer instanceof Uint8Array) return JSON.parse(new TextDecoder().decode(answer)) as DecisionAnswer;
        if (answer.status < 500) throw new Error(`a decision was refused with ${answer.status}`);
        return undefined;
      },
      openSocket(role, sub, client) {
        if (!hub.following) return undefined;
        const socket = new SessionSocket(client);
        const output = createSocketOutput(socket as unknown as WebSocket, {
          bufferBytesMax: config.WEIR_SOCKET_BUFFER_BYTES_MAX,
          metrics: socketMetrics,
        });
        const session = createSocketSession(output, context);
        outputs.add(output);
        socket.onClose = () => {
          outputs.delete(output);
          session.end();
        };
        session.authenticate(tokenOf(role, sub));
        return {
          send: (text) => {
            if (!output.closing) session.receive(text);
          },
          close: () => socket.terminate(),
        };
      },
    });
    await hub.start();
    await connection.closed;
  };
}

/** What `createSocketOutput` uses of a WebSocket. */
class SessionSocket {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  onClose: () => void = () => undefined;
  readonly #client: { receive(text: string): void; closed(): void };

  constructor(client: { receive(text: string): void; closed(): void }) {
    this.#client = client;
  }
  send(text: string): void {
    this.#client.receive(text);
  }
  close(): void {
    this.terminate();
  }
  terminate(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    this.onClose();
    this.#client.closed();
  }
}

/** Signing costs more than all else that a socket does; the clock of the simulation stands before every expiry. */
function tokenOf(role: Role, sub: string): string {
  const key = `${role} ${sub}`;
  const token = tokens.get(key) ?? auth.sign({ role, sub, ttlSeconds: 10 * 365 * 86_400 });
  tokens.set(key, token);
  return token;
}
