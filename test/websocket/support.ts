/** A WebSocket server with a scripted core behind it, and clients whose frames and close are queued for the test. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket as TcpSocket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Inlet, Outlet, Upgrade } from '../../src/core/edge.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { createWebSocketServer, type WebSocketOptions, type WebSockets } from '../../src/websocket/server.ts';

/** Core as the socket sees it: it keeps what it is given, and is connected from the first text on unless told otherwise. */
export class FakeInlet implements Inlet {
  readonly outlet: Outlet;
  readonly upgrade: Upgrade;
  readonly texts: string[] = [];
  readonly binaries: string[] = [];
  readonly closedCode: Promise<number>;
  connected = false;
  batches = false;
  connectsOnText = true;
  closed: (code: number) => void = () => undefined;
  onText: (text: string) => void = () => undefined;

  constructor(outlet: Outlet, upgrade: Upgrade) {
    this.outlet = outlet;
    this.upgrade = upgrade;
    this.closedCode = new Promise((resolve) => {
      this.closed = resolve;
    });
  }

  text(text: string): void {
    this.texts.push(text);
    if (this.connectsOnText) this.connected = true;
    this.onText(text);
  }

  binary(data: Uint8Array): void {
    this.binaries.push(Buffer.from(data).toString('hex'));
  }
}

export class Client {
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #frames: string[] = [];
  #wake: () => void = () => undefined;

  constructor(url: string, protocols: string[] = ['stanzawire.v1'], options: ClientOptions = {}) {
    this.ws = new WebSocket(url, protocols, options);
    this.ws.on('error', () => undefined);
    this.ws.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.#frames.push(data.toString());
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** The next frame, whether it came already or not. */
  async next(): Promise<string> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error('closed while waiting for a frame');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What came and was not asked for. */
  get rest(): string[] {
    return this.#frames;
  }
}

export interface Bench {
  url: string;
  port: number;
  server: Server;
  sockets: WebSockets;
  metrics: Metrics;
  inlets: FakeInlet[];
  logged: Record<string, unknown>[];
  /** A connected client and the core side of it. */
  join(setup?: (inlet: FakeInlet) => void): Promise<{ client: Client; inlet: FakeInlet }>;
  count(series: string): Promise<number>;
}

const limits = {
  frame: 65_536,
  batch: 50,
  outbound: 1_048_576,
  outboundTotal: 1024 ** 3,
  sockets: 20_000,
  perAddress: { sockets: 1000, handshakes: 2000, failedLogins: 300 },
};

export interface BenchOptions {
  limits?: Partial<typeof limits>;
  origins?: string[];
  requireOrigin?: boolean;
  trustedProxies?: string[];
  heartbeatMs?: number;
  timing?: WebSocketOptions['timing'];
}

export async function startServer(options: BenchOptions = {}): Promise<Bench> {
  const { origins = ['https://chat.example.com'], requireOrigin = false, trustedProxies = [] } = options;
  const server = createServer((_request, response) => response.writeHead(404).end());
  const metrics = createMetrics({ version: '0' });
  const inlets: FakeInlet[] = [];
  const logged: Record<string, unknown>[] = [];
  const log = createLogger('debug', { write: (line: string) => logged.push(JSON.parse(line)) });
  let prepare: ((inlet: FakeInlet) => void) | undefined;
  const open: WebSocketOptions['open'] = (outlet, upgrade) => {
    const inlet = new FakeInlet(outlet, upgrade);
    prepare?.(inlet);
    inlets.push(inlet);
    return inlet;
  };
  const sockets = createWebSocketServer({
    server,
    config: {
      http: { public: { path: '/ws', origins, requireOrigin, trustedProxies } },
      sessions: { heartbeat: options.heartbeatMs ?? 25_000 },
      limits: { ...limits, ...options.limits },
    },
    open,
    log,
    metrics,
    ...(options.timing ? { timing: options.timing } : {}),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/ws`;
  onTestFinished(async () => {
    await sockets.closeAll(0);
    server.close();
  });
  const join: Bench['join'] = async (setup) => {
    prepare = setup;
    const client = new Client(url);
    await once(client.ws, 'open');
    const inlet = inlets.at(-1);
    prepare = undefined;
    if (!inlet) throw new Error('the socket was not opened');
    const heard = new Promise<void>((resolve) => {
      inlet.onText = () => resolve();
    });
    client.ws.send('{"type":"connect"}');
    await heard;
    inlet.texts.length = 0;
    inlet.onText = () => undefined;
    inlet.outlet.write('{"type":"ready"}', 'reply');
    await client.next();
    return { client, inlet };
  };
  const count = async (series: string) => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`stanzawire_${series} `));
    if (line === undefined) throw new Error(`no series ${series}`);
    return Number(line.split(' ').at(-1));
  };
  return { url, port, server, sockets, metrics, inlets, logged, join, count };
}

/** An upgrade by hand on a TCP connection that is then never read. */
export async function upgradeRaw(port: number, head = ''): Promise<TcpSocket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${head}\r\n`,
  );
  await once(socket, 'data');
  socket.pause();
  return socket;
}

/** A client's text frame (masked with zeros), for sockets without a WebSocket client. */
export function textFrame(text: string): Buffer {
  const data = Buffer.from(text);
  if (data.length > 125) throw new Error('too long for this helper');
  return Buffer.concat([Buffer.from([0x81, 0x80 | data.length, 0, 0, 0, 0]), data]);
}

/** The whole HTTP answer to raw request text. */
export async function httpAnswer(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
