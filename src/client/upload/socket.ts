/**
 * An upload through the socket (PROTOCOL.md §8): chunks ahead of the gateway's credit, written again after a resume. It
 * ends with its session.
 */
import type { EventData, RequestResult } from '../../protocol/frames.ts';
import type { Client } from '../connect.ts';
import { ClientError, failure } from '../error.ts';
import { inChunks, slotOf } from './source.ts';
import type { Job } from './upload.ts';

/** PROTOCOL.md §8: `u8 kind | u32be stream | u32be index`. */
const headerBytes = 9;
const chunkKind = 1;
const maxEarly = 64;

type Progress = EventData<'upload.progress'>;

export async function uploadBySocket(job: Job): Promise<string> {
  const { client, source } = job;
  // Before the answer: what is said of the stream may come with it.
  const sending = new Sending(job);
  try {
    const { stream, chunkBytes, window } = await open(job);
    sending.begin(stream);
    try {
      return await send(job, sending, stream, inChunks(source.read(), chunkBytes), window);
    } catch (error) {
      cancel(client, stream);
      throw error;
    }
  } finally {
    sending.end();
  }
}

async function send(
  { client }: Job,
  sending: Sending,
  stream: number,
  chunks: AsyncIterable<Uint8Array>,
  window: number,
): Promise<string> {
  let index = 0;
  for await (const bytes of chunks) {
    await sending.until((passed) => index - passed < window);
    sending.write(index++, bytes);
  }
  const closing = client.request('upload.close', { stream });
  closing.catch(() => undefined);
  const { get } = await sending.race(closing);
  if (get) return get.url;
  throw failure('undefined-condition', 'The gateway did not say where the file is');
}

/** A stream that nobody waits for any more when it is there is given back. */
async function open({ client, source, abort }: Job): Promise<RequestResult<'upload.open'>> {
  const opening = client.request('upload.open', slotOf(source));
  try {
    return await abort.race(opening);
  } catch (error) {
    opening.then(
      ({ stream }) => cancel(client, stream),
      () => undefined,
    );
    throw error;
  }
}

/** The gateway does nothing where there is nothing left of it. */
function cancel(client: Client, stream: number): void {
  client.tell('upload.close', { stream, cancel: true });
}

/** One stream: its credit, and what is on the way. */
class Sending {
  readonly #job: Job;
  readonly #failed = Promise.withResolvers<never>();
  readonly #offs: (() => void)[];
  /** Chunks that the gateway has not passed on, by index: at most its window. */
  readonly #flying = new Map<number, Uint8Array>();
  /** What was said of streams before it was known which one is this. */
  readonly #early: Progress[] = [];
  #stream: number | undefined;
  #chunks = 0;
  #moved = Promise.withResolvers<void>();

  constructor(job: Job) {
    this.#job = job;
    this.#failed.promise.catch(() => undefined);
    const { client } = job;
    this.#offs = [
      client.on('upload.progress', (progress) => this.#progress(progress)),
      client.on('ready', ({ resumed }) => {
        if (resumed) for (const frame of this.#flying.values()) client.sendBytes(frame);
        // Without a number the answer to `upload.open` is still to come, in the new session.
        else if (this.#stream === undefined) this.#early.length = 0;
        else this.#failed.reject(gone());
      }),
      client.on('status', ({ status }) => {
        if (status === 'stopped') this.#failed.reject(failure('not-connected', 'The client has stopped'));
      }),
    ];
  }

  begin(stream: number): void {
    this.#stream = stream;
    for (const progress of this.#early.splice(0)) this.#progress(progress);
  }

  write(index: number, bytes: Uint8Array): void {
    const frame = new Uint8Array(headerBytes + bytes.length);
    const header = new DataView(frame.buffer);
    header.setUint8(0, chunkKind);
    header.setUint32(1, this.#stream ?? 0);
    header.setUint32(5, index);
    frame.set(bytes, headerBytes);
    this.#flying.set(index, frame);
    this.#job.client.sendBytes(frame);
  }

  /** Waits until it holds for the number of chunks that were passed on. */
  async until(holds: (chunks: number) => boolean): Promise<void> {
    while (!holds(this.#chunks)) await this.race(this.#moved.promise);
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return this.#job.abort.race(Promise.race([promise, this.#failed.promise]));
  }

  end(): void {
    for (const off of this.#offs) off();
  }

  #progress(progress: Progress): void {
    const { stream, chunks, bytes, error } = progress;
    // Others' come here too: the latest are enough.
    if (this.#stream === undefined && this.#early.push(progress) > maxEarly) this.#early.shift();
    if (stream !== this.#stream) return;
    if (error) this.#failed.reject(new ClientError(error));
    this.#chunks = chunks;
    for (const index of this.#flying.keys()) if (index < chunks) this.#flying.delete(index);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers<void>();
    this.#job.progress(bytes);
  }
}

const gone = (): ClientError => failure('remote-server-timeout', 'The session has ended, and the upload with it', true);
