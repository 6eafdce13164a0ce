/** A TCP connection that says what a WebSocket client never would, byte by byte, and reads what the gateway answers. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Inbox } from './peers/inbox.ts';

export interface RawFrame {
  opcode: number;
  payload: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export interface Asking {
  path?: string;
  /** Lines, so that a name may come twice. */
  headers?: readonly string[];
  /** A local address of loopback to come from. */
  from?: string;
}

export class RawSocket {
  readonly tcp: Socket;
  readonly frames = new Inbox<RawFrame>(({ opcode, payload }) => `${opcode} ${payload.toString()}`);
  /** Resolves when the connection is gone, with the code of the close frame, or 1006. */
  readonly closed: Promise<number>;
  readonly #answer: Promise<string>;
  #data = Buffer.alloc(0);
  #code = 1006;

  private constructor(tcp: Socket) {
    this.tcp = tcp;
    tcp.on('error', () => undefined);
    let answered: (head: string) => void = () => undefined;
    this.#answer = new Promise((resolve) => {
      answered = resolve;
    });
    let open = false;
    tcp.on('data', (bytes) => {
      this.#data = Buffer.concat([this.#data, bytes]);
      const end = this.#data.indexOf('\r\n\r\n');
      if (!open && end >= 0) {
        open = true;
        answered(this.#data.subarray(0, end).toString());
        this.#data = this.#data.subarray(end + 4);
      }
      if (open) this.#read();
    });
    this.closed = new Promise((resolve) =>
      tcp.on('close', () => {
        answered('');
        this.frames.end('closed');
        resolve(this.#code);
      }),
    );
  }

  /** A connection, and nothing said on it. */
  static async connect(url: string, from?: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const tcp = connect({ host: hostname, port: Number(port), ...(from === undefined ? {} : { localAddress: from }) });
    tcp.setNoDelay(true);
    const socket = new RawSocket(tcp);
    await once(tcp, 'connect');
    return socket;
  }

  /** Asks for the upgrade; `status` says what came of it. */
  static async upgrade(url: string, { path = '/ws', headers = [], from }: Asking = {}): Promise<RawSocket> {
    const socket = await RawSocket.connect(url, from);
    socket.send(upgradeText(path, headers));
    return socket;
  }

  /** Of the HTTP answer: 101 is an upgrade; 0: the connection was ended without one. */
  async status(): Promise<number> {
    return Number((await this.#answer).split(' ')[1] ?? 0);
  }

  /** The head of the HTTP answer. */
  head(): Promise<string> {
    return this.#answer;
  }

  send(bytes: string | Uint8Array): void {
    if (this.tcp.writable) this.tcp.write(bytes);
  }

  /** The next text frame as JSON. */
  async next(): Promise<Record<string, unknown>> {
    const { payload } = await this.frames.next(({ opcode }) => opcode === opcodes.text, 20_000);
    return JSON.parse(payload.toString()) as Record<string, unknown>;
  }

  end(): void {
    this.tcp.destroy();
  }

  #read(): void {
    for (;;) {
      const [, second = 0] = this.#data;
      const long = second === 126 ? 2 : second === 127 ? 8 : 0;
      if (this.#data.length < 2 + long) return;
      const length =
        long === 2 ? this.#data.readUInt16BE(2) : long === 8 ? Number(this.#data.readBigUInt64BE(2)) : second;
      if (this.#data.length < 2 + long + length) return;
      const opcode = (this.#data[0] ?? 0) & 15;
      const payload = this.#data.subarray(2 + long, 2 + long + length);
      this.#data = this.#data.subarray(2 + long + length);
      if (opcode === opcodes.close && payload.length >= 2) this.#code = payload.readUInt16BE(0);
      this.frames.push({ opcode, payload });
    }
  }
}

export function upgradeText(path: string, headers: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: gateway',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol: stanzawire.v1',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export interface FrameParts {
  opcode?: number;
  fin?: boolean;
  /** RSV1: "this is compressed" (RFC 7692). */
  compressed?: boolean;
  /** Says that it is so long, whatever it holds. */
  length?: number;
}

/** A client's frame (RFC 6455 §5.2), masked with zeros. */
export function clientFrame(payload: string | Uint8Array, parts: FrameParts = {}): Buffer {
  const { opcode = opcodes.text, fin = true, compressed = false } = parts;
  const data = Buffer.from(payload);
  const length = parts.length ?? data.length;
  const first = (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
  const head =
    length < 126 ? Buffer.from([first, 0x80 | length]) : Buffer.from([first, 0xfe, (length >> 8) & 255, length & 255]);
  if (length > 0xffff) throw new Error('too long for this helper');
  return Buffer.concat([head, Buffer.alloc(4), data]);
}
