/** One HTTP POST: no redirect is followed, and connection, answer and its body have one deadline together. */
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';
import { NotPublic, publicCheck, publicLookup } from './addresses.ts';

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string | Uint8Array;
  readonly timeoutMs: number;
  /** Only to addresses of the public internet. @throws NotPublic */
  readonly publicOnly?: boolean;
}

export interface Answer {
  readonly status: number;
  /** Its beginning. */
  readonly body: string;
  readonly retryAfterMs?: number;
}

const maxAnswerBytes = 65_536;
const idleSockets = { keepAlive: true, maxFreeSockets: 32, timeout: 60_000 };

/** Connections that are kept for the next request. */
export class Poster {
  readonly #plain = new PlainAgent(idleSockets);
  readonly #tls = new TlsAgent(idleSockets);
  readonly #isPublic = publicCheck();
  readonly #publicLookup = publicLookup(this.#isPublic);

  /** @throws Error where there is no answer in time */
  async post(request: PostRequest): Promise<Answer> {
    try {
      return await this.#once(request);
    } catch (error) {
      // The other side closed a kept connection at the moment when it was used again: nothing has arrived.
      if (error instanceof Reused) return this.#once(request);
      throw error;
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }

  #once({ url, headers, body, timeoutMs, publicOnly = false }: PostRequest): Promise<Answer> {
    const { protocol, hostname } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    // A literal address is never looked up.
    if (publicOnly && isIP(host) !== 0 && !this.#isPublic(host))
      return Promise.reject(new NotPublic('not a public address'));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const isTls = protocol === 'https:';
    const sent = (isTls ? tlsRequest : plainRequest)(url, {
      method: 'POST',
      agent: isTls ? this.#tls : this.#plain,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      ...(publicOnly ? { lookup: this.#publicLookup } : {}),
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const wasClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(sent.reusedSocket && wasClosed ? new Reused() : error);
    });
    sent.on('response', (response) => read(response, resolve));
    sent.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection ended before the answer did'));
    });
    sent.end(body);
    return promise;
  }
}

class Reused extends Error {}

function read(response: IncomingMessage, resolve: (answer: Answer) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  const done = (): void => {
    const text = response.headers['retry-after'];
    const retryAfterMs = text === undefined ? undefined : msOf(text);
    const body = Buffer.concat(parts).toString('utf8', 0, maxAnswerBytes);
    resolve({ status: response.statusCode ?? 0, body, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  };
  response.on('data', (part: Buffer) => {
    size += part.length;
    parts.push(part);
    if (size <= maxAnswerBytes) return;
    done();
    response.destroy();
  });
  response.on('end', done);
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function msOf(text: string): number | undefined {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
