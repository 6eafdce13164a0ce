/** An operator's backend: a real HTTP server that checks signatures, keeps what came, and answers as a test says. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Inbox } from './peers/inbox.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Parsed, where it is JSON. */
  readonly event: { type?: string; timestamp?: string; data?: Record<string, unknown> };
  /** `webhook-id`. */
  readonly id: string;
  /** Performance time of its arrival. */
  readonly at: number;
}

export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export const signingSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** As the libraries of Standard Webhooks do it: any of the signatures, of any of our keys; not too old. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const timestamp = String(headers['webhook-timestamp']);
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const hmac = createHmac('sha256', key);
  hmac.update(Buffer.concat([Buffer.from(`${String(headers['webhook-id'])}.${timestamp}.`), body]));
  const expected = hmac.digest();
  const given = String(headers['webhook-signature']).split(' ');
  return given.some((text) => {
    const [version, signature = ''] = text.split(',');
    const bytes = Buffer.from(signature, 'base64');
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

export class Backend {
  readonly inbox = new Inbox<Received>(({ path, event }) => `${path} ${JSON.stringify(event)}`);
  readonly all: Received[] = [];
  /** What a request is answered; undefined = nothing, ever. */
  reply: (request: Received) => Reply | undefined | Promise<Reply | undefined> = () => ({ status: 204 });
  /** Requests without an answer, now and at the most. */
  open = 0;
  most = 0;
  readonly url: string;
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, url: string, port: number) {
    this.#server = server;
    this.url = url;
    this.port = port;
  }

  static async start({ port = 0, tls }: { port?: number; tls?: { key: string; cert: string } } = {}): Promise<Backend> {
    const server: Server = tls ? createTlsServer(tls) : createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const taken = typeof address === 'object' && address ? address.port : 0;
    const backend = new Backend(server, `${tls ? 'https' : 'http'}://127.0.0.1:${taken}`, taken);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => void backend.#handle(request, Buffer.concat(parts), response));
    });
    return backend;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The next event of that type, of that account. */
  next(type: string, account?: string, timeoutMs = 15_000): Promise<Received> {
    const fits = ({ event }: Received): boolean =>
      event.type === type && (account === undefined || event.data?.account === account);
    return this.inbox.next(fits, timeoutMs);
  }

  async #handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    this.most = Math.max(this.most, ++this.open);
    const answer = await this.#take(String(request.url), request.headers, body);
    this.open--;
    if (!answer) return;
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }

  async #take(path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Reply | undefined> {
    const event = parse(body);
    const id = String(headers['webhook-id']);
    const received: Received = { path, headers, body, event, id, at: performance.now() };
    this.all.push(received);
    const answer = this.reply(received);
    this.inbox.push(received);
    return answer;
  }
}

function parse(body: Buffer): Received['event'] {
  try {
    return JSON.parse(String(body)) as Received['event'];
  } catch {
    return {};
  }
}
