/**
 * Frames of one socket: `connect` first, then requests, each checked (schema, rate, scope), handled and answered. The one
 * place on the JSON side where an error thrown anywhere becomes an `error` frame or a close.
 */
import { closeCodes, Disconnect } from '../protocol/close.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { RequestId } from '../protocol/frames.ts';
import { type Frame, idOf, isObject, parseFrame, parseText } from '../protocol/parse.ts';
import type { RequestSpan } from '../tracing.ts';
import { Connection } from './connection.ts';
import type { Inlet, OpenInlet, Outlet, Upgrade } from './edge.ts';
import { endOf } from './endings.ts';
import { RateLimit } from './rate-limit.ts';
import type { Request } from './registry.ts';
import { classOf } from './request-class.ts';
import type { VirtualServer } from './server.ts';
import type { Session } from './session.ts';

/** The sockets' way into core. */
export function createDispatch(server: VirtualServer): OpenInlet {
  return (outlet, upgrade) => new Conversation(server, outlet, upgrade);
}

/** Texts that wait for `ready`; more is a client that does not wait for anything. */
const maxWaiting = 64;

class Conversation implements Inlet {
  readonly #server: VirtualServer;
  readonly #outlet: Outlet;
  readonly #upgrade: Upgrade;
  readonly #connection: Connection;
  readonly #rate: RateLimit;
  #state: 'new' | 'connecting' | 'ready' | 'closed' = 'new';
  #waiting: string[] = [];
  /** A `connect` has failed, so what comes may have been sent before its sender could know. */
  #refused = false;
  #inFlight = 0;

  constructor(server: VirtualServer, outlet: Outlet, upgrade: Upgrade) {
    this.#server = server;
    this.#outlet = outlet;
    this.#upgrade = upgrade;
    this.#connection = new Connection(server, outlet, upgrade);
    this.#rate = new RateLimit(server.limits, server.now);
  }

  get connected(): boolean {
    return this.#state === 'ready';
  }

  get batches(): boolean {
    return this.#connection.batches;
  }

  text(text: string): void {
    if (this.#state === 'closed') return;
    try {
      if (this.#state === 'connecting') this.#wait(text);
      else if (this.#state === 'new') this.#first(text);
      else for (const frame of parseText(text, this.#server.limits.batch).frames) this.#frame(frame);
    } catch (error) {
      this.#end(error);
    }
  }

  binary(data: Uint8Array): void {
    if (this.#state === 'closed') return;
    const { session } = this.#connection;
    if (this.#state !== 'ready' || !session?.binary) {
      this.#end(new Disconnect('unsupported-data', 'binary frames need the feature "binary"'));
    } else if (!session.chunk(data)) this.#strayed();
  }

  /** A chunk for nobody: late, or meant to cost. */
  #strayed(): void {
    try {
      this.#admit();
    } catch (error) {
      if (!(error instanceof StanzaError)) this.#end(error);
    }
  }

  closed(code: number): void {
    this.#state = 'closed';
    this.#waiting = [];
    this.#connection.closed(code);
  }

  #wait(text: string): void {
    if (text.trimStart().startsWith('[')) throw new Disconnect('bad-frame', 'a batch may come after ready only');
    if (this.#waiting.length >= maxWaiting) throw new Disconnect('bad-frame', 'too many frames before ready');
    this.#waiting.push(text);
  }

  #first(text: string): void {
    const { frames, batch } = parseText(text, this.#server.limits.batch);
    const frame = frames[0];
    if (batch) throw new Disconnect('bad-frame', 'a batch may come after ready only');
    const isConnect = typeOf(frame) === 'connect';
    if (!isConnect && !this.#refused) throw new Disconnect('bad-frame', 'the first frame is connect');
    try {
      if (this.#refused) this.#admit();
      if (!isConnect) throw new StanzaError('not-connected', 'There is no session: connect failed');
    } catch (error) {
      this.#failed(idOf(frame), error);
      return;
    }
    this.#state = 'connecting';
    this.#server.metrics.frames.inc('in', 'connect');
    void this.#connect(frame);
  }

  async #connect(raw: unknown): Promise<void> {
    const id = idOf(raw);
    let span: RequestSpan | undefined;
    try {
      const frame = parseFrame(raw);
      span = this.#trace(frame);
      await this.#connection.connect(frame, () => this.#state === 'connecting');
      span?.end();
      if (this.#state !== 'connecting') return;
      this.#state = 'ready';
    } catch (error) {
      span?.end(error);
      if (this.#state === 'closed') return;
      this.#failed(id, error);
      if (this.#state !== 'connecting') return;
      // What was wrong with it was said; the client may say it better until its time is over.
      this.#state = 'new';
      this.#refused = true;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const text of waiting) this.text(text);
  }

  /** One frame of a connected client. */
  #frame(raw: unknown): void {
    const id = idOf(raw);
    try {
      const type = typeOf(raw);
      if (type === 'connect') throw new Disconnect('connect-twice', 'this socket is connected already');
      if (type === 'pong' || type === 'ack') this.#acknowledge(raw, type);
      else {
        // Before it is looked at: what is wrong with it costs as much as what is right.
        this.#admit();
        const frame = parseFrame(raw);
        this.#server.metrics.frames.inc('in', frame.type);
        if (frame.type === 'ping') this.#reply('pong', id, undefined);
        else this.#request(frame);
      }
    } catch (error) {
      this.#failed(id, error);
    }
  }

  /** `ack` and `pong` are free where they answer something; a wrong one is answered, and so is not. */
  #acknowledge(raw: unknown, type: 'ack' | 'pong'): void {
    this.#server.metrics.frames.inc('in', type);
    try {
      this.#connection.acknowledge(parseFrame(raw));
    } catch (error) {
      if (!(error instanceof Disconnect)) this.#admit();
      throw error;
    }
  }

  /** @throws StanzaError rate-limited, Disconnect rate-limited */
  #admit(): void {
    const retryAfterMs = this.#inFlight >= this.#server.limits.inFlight ? 100 : this.#rate.take();
    if (retryAfterMs === 0) return;
    if (this.#rate.isAbuse()) throw new Disconnect('rate-limited', 'too many requests after rate-limited answers');
    throw new StanzaError('rate-limited', 'Slow down', { retryAfterMs });
  }

  #request(frame: Frame): void {
    const start = performance.now();
    const { type } = frame;
    const request = this.#server.registry.request(type);
    if (!request) throw new StanzaError('unknown-type', `There is no request of type ${type.slice(0, 64)}`);
    const span = this.#trace(frame);
    try {
      this.#handle(request, frame, start, span);
    } catch (error) {
      span?.end(error);
      throw error;
    }
  }

  #trace({ type, data, traceparent }: Frame): RequestSpan | undefined {
    return this.#server.tracing?.request(type, data, traceparent, this.#upgrade.trace);
  }

  #handle(request: Request, frame: Frame, start: number, span: RequestSpan | undefined): void {
    const { type, id, data } = frame;
    const checked = request.check(data);
    const handle = this.#connection.handler(type) ?? request.handle;
    const { session } = this.#connection;
    if (!handle) throw new StanzaError('unknown-type', `This gateway does not handle ${type}`);
    if (!session) throw new StanzaError('not-connected', 'The session has ended');
    if (request.scope !== undefined && !session.scopes.has(request.scope)) {
      throw new StanzaError('forbidden', `The token does not grant the scope "${request.scope}"`);
    }
    if (request.takesExtra && data.extra !== undefined && !session.scopes.has('raw')) {
      throw new StanzaError('forbidden', 'The token does not grant the scope "raw"', { field: 'extra' });
    }
    const write = (text: string): void => this.#write(text);
    if (id !== undefined && session.answers.repeats(id, type, data, this.#server.now(), write)) span?.end();
    else this.#run(session, frame, () => handle(session, checked as never), start, span);
  }

  /** Carries a request out and answers it, also to a client that has lost its socket meanwhile and asks again. */
  #run(session: Session, { type, id }: Frame, handle: () => unknown, start: number, span?: RequestSpan): void {
    const done = (text: string, outcome: 'ok' | 'refused' | 'failed'): void => {
      if (id !== undefined) session.answers.answered(id, text);
      this.#observe(type, start, outcome);
    };
    const ok = (result: unknown): void => {
      span?.end();
      done(this.#reply('ok', id, result), 'ok');
    };
    const failed = (error: unknown): void => {
      span?.end(error);
      const refused = error instanceof StanzaError && !error.retry;
      done(this.#failed(id, error), refused ? 'refused' : 'failed');
    };
    let outcome: unknown;
    try {
      outcome = span ? span.run(handle) : handle();
    } catch (error) {
      failed(error);
      return;
    }
    this.#server.metrics.forwardDuration.observe((performance.now() - start) / 1000, 'out');
    if (!(outcome instanceof Promise)) {
      ok(outcome);
      return;
    }
    this.#inFlight++;
    this.#server.pending
      .track(outcome)
      .finally(() => this.#inFlight--)
      .then(ok, failed);
  }

  #observe(type: string, start: number, outcome: 'ok' | 'refused' | 'failed'): void {
    const seconds = (performance.now() - start) / 1000;
    this.#server.metrics.requestDuration.observe(seconds, classOf(type), outcome);
  }

  /** Returns the frame's text; what the client does not hear now, it may ask for again. */
  #reply(type: 'ok' | 'pong', id: RequestId | undefined, data: unknown): string {
    const text = JSON.stringify({ type, id, data });
    if (id !== undefined || type === 'pong') {
      this.#server.metrics.frames.inc('out', type);
      this.#write(text);
    }
    if (this.#state !== 'closed') this.#connection.answered();
    return text;
  }

  #failed(id: RequestId | undefined, error: unknown): string {
    if (error instanceof Disconnect) {
      this.#end(error);
      return '';
    }
    const stanzaError = this.#server.toStanzaError(error);
    const text = JSON.stringify({ type: 'error', id, error: stanzaError.toObject() });
    this.#server.metrics.framesRejected.inc(stanzaError.code);
    this.#server.metrics.frames.inc('out', 'error');
    this.#write(text);
    const end = endOf(stanzaError);
    if (end) this.#end(end);
    return text;
  }

  #write(text: string): void {
    if (this.#state !== 'closed') this.#outlet.write(text, 'reply');
  }

  /** Ends the socket; what is no Disconnect is a bug. */
  #end(error: unknown): void {
    if (this.#state === 'closed') return;
    if (!(error instanceof Disconnect)) this.#server.bug(error, 'a frame could not be handled');
    const why = error instanceof Disconnect ? error : new Disconnect('internal');
    if (why.code !== closeCodes.normal) this.#server.metrics.framesRejected.inc(why.reason);
    this.#outlet.close(why);
    this.closed(why.code);
  }
}

function typeOf(frame: unknown): unknown {
  return isObject(frame) ? frame.type : undefined;
}
