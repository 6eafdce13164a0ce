/** The PUT to the upload service (XEP-0363): by XMLHttpRequest in pages, the only one that tells progress there; else by fetch. */
import { uploadCondition } from '../../protocol/upload-status.ts';
import { ClientError } from '../error.ts';
import type { Abort } from './abort.ts';
import { inChunks, slotOf } from './source.ts';
import type { Job } from './upload.ts';

/** No byte could be sent: the service refuses pages of this origin (CORS), or cannot be reached from here. */
export class Unreached extends ClientError {}

interface Put {
  readonly url: string;
  readonly headers: Record<string, string>;
}
/** The status of the answer; undefined: the connection broke, or nothing happened for too long. */
type Sender = (put: Put, job: Job, moved: (loaded: number) => void, abort: Abort) => Promise<number | undefined>;

/** Without a byte leaving, or an answer. */
const stallMs = 60_000;
/** Of a stream: progress is told for each of them. */
const pieceBytes = 65_536;

export async function uploadByHttp(job: Job): Promise<string> {
  const { client, source, abort } = job;
  const slot = await abort.race(client.request('upload.slot', slotOf(source)));
  const headers = { ...slot.put.headers, 'content-type': source.mediaType ?? 'application/octet-stream' };
  let sent = 0;
  const moved = (loaded: number): void => {
    sent = loaded;
    job.progress(loaded);
  };
  const send = source.blob && platform.XMLHttpRequest ? byRequest : byFetch;
  const status = await send({ url: slot.put.url, headers }, job, moved, abort);
  abort.check();
  if (status !== undefined && status >= 200 && status < 300) return slot.get.url;
  if (status !== undefined) throw refusal(status);
  const how = { code: 'remote-server-timeout', retry: true } as const;
  const { host } = new URL(slot.put.url);
  if (sent > 0) throw new ClientError({ ...how, message: `The connection to the upload service ${host} was lost` });
  throw new Unreached({ ...how, message: `The upload service ${host} cannot be reached from here (network, or CORS)` });
}

/** Where the slot has run out, there is another one. */
function refusal(status: number): ClientError {
  const code = uploadCondition(status);
  const retry = code === 'resource-constraint' || code === 'item-not-found';
  return new ClientError({ code, message: `The upload service answered ${status}`, retry });
}

/** The part of XMLHttpRequest that is used. */
interface Xhr {
  readonly status: number;
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null };
  onloadend: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: object): void;
  abort(): void;
}
const platform = globalThis as unknown as { readonly XMLHttpRequest?: new () => Xhr };

const byRequest: Sender = async (put, { source }, moved, abort) => {
  const { XMLHttpRequest } = platform;
  if (!XMLHttpRequest || !source.blob) return undefined;
  const request = new XMLHttpRequest();
  const ended = Promise.withResolvers<void>();
  request.onloadend = () => ended.resolve();
  const stop = (): void => request.abort();
  const off = abort.on(stop);
  const watch = watchdog(stop);
  request.upload.onprogress = ({ loaded }) => {
    watch.seen();
    moved(loaded);
  };
  try {
    request.open('PUT', put.url);
    for (const [name, value] of Object.entries(put.headers)) request.setRequestHeader(name, value);
    request.send(source.blob);
    await ended.promise;
    return request.status || undefined;
  } finally {
    off();
    watch.end();
  }
};

const byFetch: Sender = async ({ url, headers }, { source }, moved, abort) => {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const off = abort.on(stop);
  const watch = watchdog(stop);
  let broken: Error | undefined;
  const body = streamOf(
    inChunks(source.read(), pieceBytes),
    (count) => {
      watch.seen();
      moved(count);
    },
    (error) => {
      broken = error;
    },
  );
  try {
    // The length is known: no service takes a PUT in chunks.
    const length = { 'content-length': String(source.size) };
    // `duplex` is Node's, and missing in the DOM's types.
    const request = {
      method: 'PUT',
      headers: { ...headers, ...length },
      body,
      duplex: 'half' as const,
      redirect: 'error' as const,
      signal: stopping.signal,
    };
    const answer = await fetch(url, request);
    await answer.body?.cancel();
    return answer.status;
  } catch {
    // It was the stream that broke, not the connection.
    if (broken) throw broken;
    return undefined;
  } finally {
    off();
    watch.end();
  }
};

/** The pieces as a web stream. A piece counts as sent when the next one is asked for. */
function streamOf(
  pieces: AsyncIterable<Uint8Array>,
  moved: (count: number) => void,
  failed: (error: Error) => void,
): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  let count = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (count > 0) moved(count);
          const { value, done } = await iterator.next();
          if (done) return controller.close();
          count += value.length;
          controller.enqueue(value);
        } catch (error) {
          failed(error instanceof Error ? error : new Error(String(error)));
          controller.error(error);
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function watchdog(stop: () => void): { seen(): void; end(): void } {
  let timer = setTimeout(stop, stallMs);
  const end = (): void => clearTimeout(timer);
  return {
    seen: () => {
      end();
      timer = setTimeout(stop, stallMs);
    },
    end,
  };
}
