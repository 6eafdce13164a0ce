/**
 * `stanzawire/client/upload`: a file goes to the upload service of the XMPP server (PROTOCOL.md §8, §10), by HTTP where
 * the page may, else through the socket; again after a lost network. docs/client.md tells how to use it.
 */
import { jitter } from '../bounds.ts';
import type { Client } from '../connect.ts';
import { ClientError, failure } from '../error.ts';
import { Abort, type Signal } from './abort.ts';
import { Unreached, uploadByHttp } from './http.ts';
import { uploadBySocket } from './socket.ts';
import { fileOf, type Source, sourceOf, type UploadData, type UploadedFile } from './source.ts';

export type { Signal, UploadData, UploadedFile };

export interface Progress {
  /** Bytes that have left, and all of them. `loaded` goes back when the upload has to begin again. */
  readonly loaded: number;
  readonly total: number;
}

export interface UploadOptions {
  onProgress?: (progress: Progress) => void;
  /** Ends the upload; it then rejects with the signal's `reason`, as `fetch` does. */
  signal?: Signal;
  /** Its name and type, where the data does not tell, or tells something else. */
  name?: string;
  mediaType?: string;
  /** Of a stream: its length in bytes. Without it a stream is read to its end first. */
  size?: number;
  /** Default: by HTTP, and through the socket where the page cannot reach the service. */
  via?: Via;
}

export type Via = 'http' | 'socket';

/** What both ways need. */
export interface Job {
  readonly client: Client;
  readonly source: Source;
  readonly abort: Abort;
  progress(loaded: number): void;
}

/** Attempts that were lost on the way, one after the other. */
const maxLost = 5;
/** Of those the ones in which no byte got through: a page that is kept out is so every time. */
const maxUnreached = 1;
/** Attempts for which the gateway, or the service, had no room. */
const maxBusy = 100;
/** What is to be waited for longer, as the next day's quota, is told instead. */
const maxWaitMs = 60_000;

/**
 * Uploads a file and resolves with what `files` of `message.send` wants. While the client is offline it waits.
 * @throws ClientError; with `signal`, its reason
 */
export async function upload(client: Client, data: UploadData, options: UploadOptions = {}): Promise<UploadedFile> {
  const abort = new Abort(options.signal);
  try {
    const source = await abort.race(sourceOf(data, options, client.services?.uploadBytes));
    const progress = (loaded: number): void => options.onProgress?.({ loaded, total: source.size });
    const url = await attempts({ client, source, abort, progress }, options.via);
    return fileOf(source, url);
  } finally {
    abort.done();
  }
}

async function attempts(job: Job, wanted: Via | undefined): Promise<string> {
  let via = wanted ?? 'http';
  let unreached: ClientError | undefined;
  let [lost, busy] = [0, 0];
  for (;;) {
    await online(job);
    try {
      return await (via === 'http' ? uploadByHttp(job) : uploadBySocket(job));
    } catch (error) {
      job.abort.check();
      if (!(error instanceof ClientError)) throw error;
      const isHere = job.client.status === 'online';
      if (error instanceof Unreached && isHere && wanted === undefined && !job.source.begun) {
        via = 'socket';
        unreached = error;
        continue;
      }
      // The gateway does not put files there: what the page can do about it is in the first error.
      if (unreached && !error.retry) throw unreached;
      const isBusy = error.code === 'resource-constraint';
      const mayLose = error instanceof Unreached ? maxUnreached : maxLost;
      const isTooOften = isBusy ? ++busy > maxBusy : isHere && ++lost > mayLose;
      const waitMs = error.details.retryAfterMs ?? jitter(Math.max(1, lost));
      if (!error.retry || job.source.begun || isTooOften || waitMs > maxWaitMs) throw error;
      await job.abort.wait(waitMs);
    }
  }
}

/** Resolves when there is a session. @throws ClientError not-connected, when the client has stopped */
async function online({ client, abort }: Job): Promise<void> {
  abort.check();
  if (client.status === 'online') return;
  let off = (): void => undefined;
  const there = new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (client.status === 'online') resolve();
      else if (client.status === 'stopped') reject(failure('not-connected', 'The client has stopped'));
    };
    off = client.on('status', look);
    look();
  });
  try {
    await abort.race(there);
  } finally {
    off();
  }
}
