/** A gateway that does what a test says: real WebSockets on a free port, each frame of the client queued. */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Ready, RequestData, RequestType } from '../../src/protocol/frames.ts';
import type { AnyFrame } from './json-client.ts';
import { Inbox } from './peers/inbox.ts';

export const limits = {
  frameBytes: 65_536,
  batch: 50,
  inFlight: 64,
  rate: { perSecond: 20, burst: 100 },
  historyMax: 100,
  sendTimeoutMs: 30_000,
};

/** One socket of a client. */
export class ScriptedSocket {
  readonly inbox = new Inbox<AnyFrame>((frame) => JSON.stringify(frame));
  /** Binary frames, whole. */
  readonly chunks = new Inbox<Buffer>((data) => data.toString('hex', 0, 9));
  /** Resolves with the code that the client closed with. */
  readonly closed: Promise<number>;
  readonly #ws: WebSocket;
  #seq = 0;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.chunks.push(data);
      else this.inbox.push(JSON.parse(String(data)) as AnyFrame);
    });
    ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      ws.on('close', (code) => {
        this.inbox.end(`closed with ${code}`);
        this.chunks.end(`closed with ${code}`);
        resolve(code);
      });
    });
  }

  /** Takes the `connect`, and answers it. */
  async welcome(ready: Partial<Ready> = {}): Promise<RequestData<'connect'>> {
    const { id, data } = await this.next('connect');
    const { session = 's_1', resumed = false, seq = 0, user = 'alice@web.example.com' } = ready;
    const first = resumed ? {} : { limits, archive: {}, services: {} };
    this.send({
      type: 'ready',
      id,
      data: { session, resumed, seq, user, link: 'up', heartbeatMs: 25_000, ...first, ...ready },
    });
    this.#seq = seq;
    return data as RequestData<'connect'>;
  }

  next(type: RequestType): Promise<AnyFrame> {
    return this.inbox.next((frame) => frame.type === type);
  }

  send(frame: object): void {
    this.#ws.send(JSON.stringify(frame));
  }

  /** The next numbered event. */
  event(type: string, data: object): void {
    this.send({ type, seq: ++this.#seq, data });
  }

  /** Answers the next request of that type. */
  async answer(type: RequestType, data?: object): Promise<AnyFrame> {
    const frame = await this.next(type);
    this.send({ type: 'ok', id: frame.id, data });
    return frame;
  }

  async refuse(type: RequestType, error: object): Promise<AnyFrame> {
    const frame = await this.next(type);
    this.send({ type: 'error', id: frame.id, error: { message: 'no', retry: false, ...error } });
    return frame;
  }

  /** Resolves when the client has handled all that was sent before: it answers pings in their turn. */
  async settled(): Promise<void> {
    this.send({ type: 'ping' });
    await this.next('pong');
  }

  /** 1005 is a close without a code. */
  close(code: number): void {
    if (code === 1005) this.#ws.close();
    else this.#ws.close(code);
  }

  /** The network is gone. */
  cut(): void {
    this.#ws.terminate();
  }
}

export class ScriptedGateway {
  readonly url: string;
  readonly #server: WebSocketServer;
  readonly #sockets = new Inbox<ScriptedSocket>(() => 'a socket');

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
    server.on('connection', (ws) => this.#sockets.push(new ScriptedSocket(ws)));
  }

  static async start(): Promise<ScriptedGateway> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    return new ScriptedGateway(server);
  }

  /** The next socket that a client opens. */
  socket(): Promise<ScriptedSocket> {
    return this.#sockets.next();
  }

  /** Sockets that nobody has asked for. */
  get unexpected(): number {
    return this.#sockets.take().length;
  }

  async stop(): Promise<void> {
    for (const ws of this.#server.clients) ws.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
