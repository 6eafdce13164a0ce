/**
 * A TCP connection spoken by hand: negotiated as text, then only searched for marks. The load generator shares two cores
 * with what it measures, so it parses neither XML nor JSON nor WebSocket frames.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class Wire {
  readonly #socket: Socket;
  #take: (chunk: Buffer) => void = () => undefined;
  #lost: (why: Error) => void = () => undefined;
  #last: Buffer = Buffer.alloc(0);

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#last = chunk;
      this.#take(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost(new Error(`the connection was closed; the last that came: ${this.last}`)));
  }

  /** The chunk that came last, for checks and messages. */
  get last(): string {
    return this.#last.toString();
  }

  /** Writes, and waits for what answers it; resolves with all that came meanwhile. */
  async ask(request: string | Buffer, answer: RegExp, ms = 20_000): Promise<string> {
    let text = '';
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error(`no ${answer} in ${ms} ms but: ${text}`)), ms);
    this.#lost = reject;
    this.#take = (chunk) => {
      text += chunk.toString('latin1');
      if (answer.test(text)) resolve(text);
    };
    this.write(request);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#lost = () => undefined;
      this.#take = () => undefined;
    }
  }

  /** From now on every chunk goes to the first function, and the loss of the connection to the second. */
  listen(take: (chunk: Buffer) => void, lost: (why: Error) => void): void {
    this.#take = take;
    this.#lost = lost;
  }

  write(data: string | Buffer): void {
    this.#socket.write(data);
  }

  close(): void {
    this.#lost = () => undefined;
    this.#socket.destroy();
  }
}

/** How many digits the numbers of messages have. */
export const digits = 8;

/** Finds the numbers that follow a mark in a stream of bytes, wherever the chunks end. */
export function numbersBehind(mark: string, found: (number: number) => void): (chunk: Buffer) => void {
  const needle = Buffer.from(mark);
  const whole = needle.length + digits;
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const index = bytes.indexOf(needle, at);
      if (index >= 0 && index + whole <= bytes.length) {
        found(readNumber(bytes, index + needle.length));
        at = index + whole;
        continue;
      }
      // What may be the beginning of a mark is looked at again with the next chunk.
      rest = bytes.subarray(index >= 0 ? index : Math.max(at, bytes.length - needle.length + 1));
      return;
    }
  };
}

function readNumber(bytes: Buffer, at: number): number {
  let number = 0;
  for (let i = at; i < at + digits; i++) number = number * 10 + (bytes[i] ?? 0) - 48;
  return number;
}
