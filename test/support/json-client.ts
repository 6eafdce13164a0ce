/** A JSON client for tests: every frame is queued before a test awaits it, and what a test did not expect shows. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ErrorObject } from '../../src/protocol/errors.ts';
import type {
  EventData,
  EventType,
  Ready,
  RequestData,
  RequestResult,
  RequestType,
} from '../../src/protocol/frames.ts';
import { Inbox } from './peers/inbox.ts';

export interface AnyFrame {
  type: string;
  id?: string | number;
  seq?: number;
  data?: Record<string, unknown>;
  error?: ErrorObject;
}

export type Connecting = Partial<RequestData<'connect'>>;

/** An `error` frame that answered a request. */
export class RequestError extends Error {
  readonly error: ErrorObject;

  constructor(error: ErrorObject) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

export class JsonClient {
  readonly ws: WebSocket;
  readonly inbox = new Inbox<AnyFrame>((frame) => JSON.stringify(frame));
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  ready: Ready | undefined;
  #nextId = 1;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (text: Buffer) => {
      const frames = JSON.parse(String(text)) as AnyFrame | AnyFrame[];
      for (const frame of Array.isArray(frames) ? frames : [frames]) this.inbox.push(frame);
    });
    ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      ws.on('close', (code) => {
        this.inbox.end(`closed with ${code}`);
        resolve(code);
      });
    });
  }

  /** Opens a socket and sends nothing. */
  static async open(
    url: string,
    options: { protocols?: string[]; headers?: Record<string, string> } = {},
  ): Promise<JsonClient> {
    const ws = new WebSocket(url, options.protocols ?? ['stanzawire.v1'], { headers: options.headers ?? {} });
    const client = new JsonClient(ws);
    await new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    return client;
  }

  static async connect(url: string, data: Connecting): Promise<JsonClient> {
    const client = await JsonClient.open(url);
    client.send({ type: 'connect', id: 'connect', data });
    const frame = await client.inbox.next(({ id }) => id === 'connect');
    if (frame.error) throw new RequestError(frame.error);
    client.ready = frame.data as Ready;
    return client;
  }

  get user(): string {
    return this.ready?.user ?? '';
  }

  /** A frame, an array of them, or any text. */
  send(frame: object | string): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Frames that arrive together: the gateway reads the last one before it can have answered the first. */
  burst(...frames: object[]): void {
    const socket = Reflect.get(this.ws, '_socket') as Socket;
    socket.cork();
    for (const frame of frames) this.send(frame);
    socket.uncork();
  }

  /** Sends a request and waits for its answer. @throws RequestError */
  async request<T extends RequestType>(type: T, data: RequestData<T>, timeoutMs = 5000): Promise<RequestResult<T>> {
    const frame = await this.answer({ type, data }, timeoutMs);
    if (frame.error) throw new RequestError(frame.error);
    return frame.data as RequestResult<T>;
  }

  /** The error that a request is answered with. */
  async refused(type: string, data: unknown): Promise<ErrorObject> {
    const frame = await this.answer({ type, data });
    if (!frame.error) throw new Error(`${type} was not refused but answered ${JSON.stringify(frame)}`);
    return frame.error;
  }

  answer(frame: { type: string; data?: unknown }, timeoutMs?: number): Promise<AnyFrame> {
    const id = this.#nextId++;
    this.send({ ...frame, id });
    return this.inbox.next((one) => one.id === id, timeoutMs);
  }

  /** The data of the next event of that type. */
  async next<T extends EventType>(
    type: T,
    matches: (data: EventData<T>) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<EventData<T>> {
    const frame = await this.inbox.next((one) => one.type === type && matches(one.data as EventData<T>), timeoutMs);
    return frame.data as EventData<T>;
  }

  /** Waits until all that was on its way to this client is here, then takes it: to say that nothing else came. */
  async rest(): Promise<AnyFrame[]> {
    await this.answer({ type: 'ping' });
    return this.inbox.take();
  }

  close(code = 1000): Promise<number> {
    this.ws.close(code);
    return this.closed;
  }
}
