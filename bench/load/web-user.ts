/** A web user: one WebSocket (RFC 6455) of the gateway, by hand. */
import { randomBytes } from 'node:crypto';
import { body, messageId } from './content.ts';
import { numbersBehind, Wire } from './wire.ts';

export interface Listener {
  confirmed(number: number): void;
  arrived(number: number): void;
  failed(why: Error): void;
}

export class WebUser {
  readonly jid: string;
  readonly session: string;
  readonly wire: Wire;
  readonly #mask = randomBytes(4);

  /** Resolves when `ready` has come, of a new session or of the one to resume. */
  static async connect(port: number, token: string, resume?: { session: string; seq: number }): Promise<WebUser> {
    const wire = await Wire.open(port);
    const key = randomBytes(16).toString('base64');
    await wire.ask(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: stanzawire.v1\r\n\r\n`,
      /^HTTP\/1\.1 101 .*\r\n\r\n/s,
    );
    const connect = JSON.stringify({ type: 'connect', id: 1, data: { token, client: 'bench', resume } });
    const ready = await wire.ask(frame(connect, Buffer.from([7, 99, 180, 33])), /"type":"(ready|error)".*\}/s);
    const [, session, user] = /"type":"ready".*"session":"([^"]+)".*"user":"([^"]+)"/s.exec(ready) ?? [];
    if (session === undefined || user === undefined) throw new Error(`no ready but: ${ready}`);
    return new WebUser(user, session, wire);
  }

  private constructor(jid: string, session: string, wire: Wire) {
    this.jid = jid;
    this.session = session;
    this.wire = wire;
  }

  /** Asks for something, and waits for the beginning of its `ok`. @throws Error of any other answer */
  async request(type: string, data: object, ms?: number): Promise<void> {
    const request = frame(JSON.stringify({ type, id: 'asked', data }), this.#mask);
    const answer = await this.wire.ask(request, /"(ok|error)","id":"asked"/, ms);
    if (!answer.includes('"ok","id":"asked"')) throw new Error(`${this.jid}: ${type}: ${answer.slice(-400)}`);
  }

  /** Reports answers and messages to the load. */
  listen(load: Listener): void {
    const oks = numbersBehind('"ok","id":', (number) => load.confirmed(number));
    const messages = numbersBehind('"body":"', (number) => load.arrived(number));
    this.wire.listen(
      (chunk) => {
        oks(chunk);
        messages(chunk);
      },
      (why) => load.failed(why),
    );
  }

  send(to: string, numbers: readonly number[]): void {
    const frames = numbers.map((number) => {
      const data = `{"to":"${to}","id":"${messageId(number)}","body":"${body(number)}"}`;
      return frame(`{"type":"message.send","id":${number},"data":${data}}`, this.#mask);
    });
    this.wire.write(Buffer.concat(frames));
  }
}

/** A text frame of ASCII of any length below 64 KiB. The mask is a real one: a mask of zeros would spare the reader work. */
function frame(text: string, mask: Buffer): Buffer {
  const long = text.length > 125;
  const start = long ? 8 : 6;
  const bytes = Buffer.allocUnsafe(start + text.length);
  bytes[0] = 0x81;
  bytes[1] = 0x80 | (long ? 126 : text.length);
  if (long) bytes.writeUInt16BE(text.length, 2);
  mask.copy(bytes, start - 4);
  bytes.write(text, start, 'latin1');
  for (let i = 0; i < text.length; i++) bytes[start + i] = (bytes[start + i] ?? 0) ^ (mask[i & 3] ?? 0);
  return bytes;
}
