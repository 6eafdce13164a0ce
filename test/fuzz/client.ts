/** A web client that keeps nothing: it knows which of its requests are owed an answer, and hands events on. */
import { WebSocket } from 'ws';
import type { AnyFrame } from '../support/json-client.ts';

export interface FuzzClientOptions {
  readonly url: string;
  readonly connect: object;
  readonly onEvent: (frame: AnyFrame) => void;
}

export class FuzzClient {
  readonly #ws: WebSocket;
  readonly #onEvent: (frame: AnyFrame) => void;
  /** Requests without an answer, with what is to be done with it. */
  readonly #owed = new Map<string | number, (frame: AnyFrame) => void>();
  readonly closed: Promise<number>;
  closedWith: number | undefined;
  #seq = 0;
  #id = 0;

  static async open(options: FuzzClientOptions): Promise<FuzzClient> {
    const client = new FuzzClient(options);
    await new Promise((resolve, reject) => {
      client.#ws.once('open', resolve);
      client.#ws.once('error', reject);
    });
    const ready = await client.request('connect', options.connect);
    if (ready.type !== 'ready') throw new Error(`connect was answered ${JSON.stringify(ready)}`);
    return client;
  }

  private constructor({ url, onEvent }: FuzzClientOptions) {
    this.#onEvent = onEvent;
    this.#ws = new WebSocket(url, ['stanzawire.v1'], { perMessageDeflate: false });
    this.#ws.on('message', (text: Buffer) => {
      const frames: unknown = JSON.parse(String(text));
      for (const frame of (Array.isArray(frames) ? frames : [frames]) as AnyFrame[]) this.#take(frame);
    });
    this.#ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.#ws.on('close', (code) => {
        this.closedWith = code;
        for (const answer of this.#owed.values()) answer({ type: 'closed' });
        this.#owed.clear();
        resolve(code);
      });
    });
  }

  get owed(): number {
    return this.#owed.size;
  }

  /** The answer; `closed` where the socket went instead, `nothing` where there was none in time. */
  request(type: string, data: unknown, timeoutMs = 15_000): Promise<AnyFrame> {
    const id = `f${++this.#id}`;
    this.send(JSON.stringify({ type, id, data }));
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#owed.delete(id);
        resolve({ type: 'nothing' });
      }, timeoutMs);
      this.#owed.set(id, (frame) => {
        clearTimeout(timer);
        resolve(frame);
      });
    });
  }

  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text);
  }

  close(code = 1000): Promise<number> {
    this.#ws.close(code);
    return this.closed;
  }

  #take(frame: AnyFrame): void {
    if (frame.seq !== undefined) {
      this.#seq = frame.seq;
      if (this.#seq % 50 === 0) this.send(`{"type":"ack","data":{"seq":${this.#seq}}}`);
    }
    if (frame.type === 'ping') this.send('{"type":"pong"}');
    const answer = frame.id === undefined ? undefined : this.#owed.get(frame.id);
    if (answer && frame.id !== undefined) {
      this.#owed.delete(frame.id);
      answer(frame);
    } else this.#onEvent(frame);
  }
}
