/** One WebSocket to the gateway under test: notes what passes, holds every frame to the rules, and keeps it until asked. */
import { type RawData, WebSocket } from 'ws';
import { isObject } from '../protocol/parse.ts';
import { Failure } from './check.ts';
import { Mailbox } from './mailbox.ts';
import { type Frame, type FrameRule, isNumbered, type Schemas, wrongs } from './rules.ts';

/** Told of everything that passes. */
export interface Recorder {
  line(text: string): void;
  broken(rule: FrameRule, says: string, text: string): void;
  /** A request has its answer. */
  answered(request: string, answer: Frame): void;
  event(type: string): void;
  closed(code: number): void;
}

export interface Opening {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Record<string, string>;
  readonly timeoutMs: number;
}

/** The gateway did not open a socket; `status` is that of its HTTP answer, where there was one. */
export class Refused extends Failure {
  override name = 'Refused';
  readonly status: number | undefined;
  readonly retryAfterS: number;

  constructor(message: string, status?: number, retryAfter?: string) {
    super(message);
    this.status = status;
    this.retryAfterS = Number(retryAfter ?? 1) || 1;
  }
}

const mostShown = 2000;

export class Wire {
  readonly ws: WebSocket;
  readonly name: string;
  /** Leaves pings unanswered. */
  silent = false;
  closeCode: number | undefined;
  readonly #recorder: Recorder;
  readonly #schemas: Schemas;
  readonly #timeoutMs: number;
  readonly #frames = new Mailbox<Frame>();
  readonly #asked = new Map<string | number, string>();
  readonly #closes = new Mailbox<number>();
  #seq = 0;
  #batches = false;
  #user: string | undefined;

  private constructor(ws: WebSocket, name: string, recorder: Recorder, schemas: Schemas, timeoutMs: number) {
    this.ws = ws;
    this.name = name;
    this.#recorder = recorder;
    this.#schemas = schemas;
    this.#timeoutMs = timeoutMs;
    ws.on('message', (data, isBinary) => this.#message(data, isBinary));
    ws.on('error', (error) => recorder.line(`${name} # ${error.message}`));
    ws.on('close', (code) => {
      recorder.line(`${name} # closed with ${code}`);
      recorder.closed(code);
      this.closeCode = code;
      this.#closes.put(code);
      this.#frames.end(`the socket was closed with ${code}`);
    });
  }

  /** @throws Refused */
  static async open(opening: Opening, name: string, recorder: Recorder, schemas: Schemas): Promise<Wire> {
    const { url, protocols, headers, timeoutMs } = opening;
    const ws = new WebSocket(url, [...protocols], {
      headers,
      handshakeTimeout: timeoutMs,
      maxPayload: 64 * 1024 * 1024,
    });
    const wire = new Wire(ws, name, recorder, schemas, timeoutMs);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', (error) => reject(new Refused(`no socket: ${error.message}`)));
      ws.once('unexpected-response', (_request, { statusCode, headers: { 'retry-after': after } }) => {
        reject(new Refused(`no socket: HTTP ${statusCode}`, statusCode, after));
        ws.terminate();
      });
    });
    return wire;
  }

  /** The last number of an event. */
  get seq(): number {
    return this.#seq;
  }

  /** A frame, an array of frames, or any text. */
  send(frame: object | string): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.#expect(typeof frame === 'string' ? parsed(frame) : frame, text);
    this.ws.send(text);
  }

  /** One frame in several fragments. */
  sendParts(...parts: string[]): void {
    this.#expect(parsed(parts.join('')), parts.join(' | '));
    for (const [index, part] of parts.entries()) this.ws.send(part, { fin: index === parts.length - 1 });
  }

  binary(bytes: Uint8Array): void {
    this.#note('→', `${bytes.length} bytes`);
    this.ws.send(bytes);
  }

  /** The next frame that matches. @throws Failure */
  next(matches: (frame: Frame) => boolean, what: string, timeoutMs = this.#timeoutMs): Promise<Frame> {
    return this.#frames.next(matches, what, timeoutMs);
  }

  /** Takes what has come and matches. */
  take(matches: (frame: Frame) => boolean): Frame[] {
    return this.#frames.take(matches);
  }

  /** The close code, when the gateway closes. @throws Failure where it does not */
  closed(timeoutMs = this.#timeoutMs): Promise<number> {
    return this.#closes.next(() => true, 'a close', timeoutMs);
  }

  /** Closes, and waits until that is done. 1000 ends the session, another code keeps it. */
  async close(code = 1000): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    this.ws.close(code);
    await this.closed(2000).catch(() => this.ws.terminate());
  }

  /** Notes what is sent, and which answers may come. */
  #expect(frame: unknown, text: string): void {
    this.#note('→', text);
    for (const one of Array.isArray(frame) ? frame : [frame]) {
      if (isObject(one) && (typeof one.id === 'string' || typeof one.id === 'number'))
        this.#asked.set(one.id, String(one.type));
      if (isObject(one) && one.type === 'connect' && isObject(one.data)) {
        this.#batches = Array.isArray(one.data.features) && one.data.features.includes('batch');
      }
    }
  }

  #message(data: RawData, isBinary: boolean): void {
    // ws gives one Buffer unless its binaryType is changed.
    if (!Buffer.isBuffer(data)) return;
    const text = data.toString();
    if (isBinary) {
      this.#recorder.broken('frames.json', 'a binary frame', `${text.length} bytes`);
      return;
    }
    this.#note('←', text);
    try {
      const json: unknown = JSON.parse(text);
      if (Array.isArray(json) && !this.#batches)
        this.#recorder.broken('frames.json', 'an array without being asked', text);
      for (const frame of Array.isArray(json) ? json : [json]) this.#frame(frame, text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#recorder.broken('frames.json', 'not JSON', text);
    }
  }

  #frame(json: unknown, text: string): void {
    if (!isObject(json) || typeof json.type !== 'string') {
      this.#recorder.broken('frames.json', 'not an object with a type', text);
      return;
    }
    const frame = json as unknown as Frame;
    const request = frame.id === undefined ? undefined : this.#asked.get(frame.id);
    for (const [rule, says] of wrongs(frame, { request, user: this.#user }, this.#schemas)) {
      this.#recorder.broken(rule, says, text);
    }
    if (frame.id !== undefined && request !== undefined) {
      this.#asked.delete(frame.id);
      this.#recorder.answered(request, frame);
    } else this.#recorder.event(frame.type);
    this.#count(frame, text);
    if (frame.type === 'ping' && !this.silent) this.send({ type: 'pong', data: { seq: this.#seq } });
    if (!this.#frames.put(frame)) this.ws.terminate();
  }

  #count(frame: Frame, text: string): void {
    const { type, seq } = frame;
    if (type === 'ready' && isObject(frame.data)) {
      this.#seq = Number(frame.data.seq);
      this.#user = String(frame.data.user);
    } else if (!isNumbered(type) && !type.startsWith('x-')) {
      if (seq !== undefined) this.#recorder.broken('frames.seq', `${type} is not numbered`, text);
    } else if (seq !== undefined || !type.startsWith('x-')) {
      if (seq !== this.#seq + 1) this.#recorder.broken('frames.seq', `${seq} after ${this.#seq}`, text);
      this.#seq = seq ?? this.#seq + 1;
    }
  }

  #note(sign: '→' | '←', text: string): void {
    const shown = text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
    this.#recorder.line(`${this.name} ${sign} ${withoutSecrets(shown)}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A report is shown around: tokens in it are cut short. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/"token":"([^"]{0,6})[^"]*("|…$)/g, '"token":"$1…"');
}
