/** What is uploaded: bytes that can be read again, or a stream that is read once; and what a message says of the file. */
import type { RequestData } from '../../protocol/frames.ts';
import { failure } from '../error.ts';

/** A Blob or a File of a browser or of Node, without their types. */
interface BlobLike {
  readonly size: number;
  readonly type: string;
  readonly name?: string;
  readonly lastModified?: number;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(start?: number, end?: number): BlobLike;
}

/** A web stream, without its types. */
interface StreamLike {
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<void> };
}

/** A file of an `<input>`, bytes, or a stream of them: a web stream, one of Node's, or any async iterable. */
export type UploadData = BlobLike | ArrayBuffer | ArrayBufferView | StreamLike | AsyncIterable<Uint8Array>;

/** What `files` of `message.send` takes. */
export type UploadedFile = NonNullable<RequestData<'message.send'>['files']>[number];

export interface Source {
  readonly name: string;
  readonly mediaType: string | undefined;
  readonly size: number;
  readonly date: string | undefined;
  /** All of it, where it is no stream. */
  readonly blob: BlobLike | undefined;
  /** Has a stream been begun? It cannot be read again then. */
  readonly begun: boolean;
  /** Its bytes, from the first. @throws ClientError bad-request, where they are not `size` */
  read(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

interface Said {
  readonly name?: string;
  readonly mediaType?: string;
  readonly size?: number;
}

/** `maxBytes`: a stream that is longer is not read to its end. @throws ClientError */
export async function sourceOf(data: UploadData, said: Said, maxBytes = Number.POSITIVE_INFINITY): Promise<Source> {
  if (!isStream(data)) return whole(data instanceof Blob ? data : new Blob([data as ArrayBuffer]), said);
  // Browsers send no streams to services that speak HTTP/1.1, and tell no progress of them.
  if (said.size !== undefined && !('XMLHttpRequest' in globalThis)) return streamed(data, said.size, said);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of piecesOf(data)) {
    size += part.length;
    if (size > maxBytes) throw failure('not-acceptable', `The upload service takes ${maxBytes} bytes at most`);
    parts.push(part);
  }
  if (said.size !== undefined) checkSize(size, said.size);
  return whole(new Blob(parts), said);
}

function whole(blob: Blob & { name?: string; lastModified?: number }, said: Said): Source {
  return {
    ...named(said, blob.name, blob.type),
    size: blob.size,
    date: blob.lastModified === undefined ? undefined : new Date(blob.lastModified).toISOString(),
    blob,
    begun: false,
    read: () => piecesOf(blob.stream()),
  };
}

function streamed(data: StreamLike | AsyncIterable<Uint8Array>, size: number, said: Said): Source {
  let begun = false;
  return {
    ...named(said),
    size,
    date: undefined,
    blob: undefined,
    get begun() {
      return begun;
    },
    async *read() {
      begun = true;
      let count = 0;
      for await (const piece of piecesOf(data)) {
        count += piece.length;
        if (count > size) checkSize(count, size);
        yield piece;
      }
      checkSize(count, size);
    },
  };
}

/** What a slot is asked for: the bare type, and a name that is no path. */
export function slotOf({ name, mediaType, size }: Source): RequestData<'upload.slot'> {
  return { filename: name.replace(/[/\\]/g, '_').slice(-255), size, ...(mediaType === undefined ? {} : { mediaType }) };
}

export function fileOf({ name, mediaType, size, date }: Source, url: string): UploadedFile {
  return {
    url,
    name,
    size,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(date === undefined ? {} : { date }),
  };
}

function named(said: Said, name = '', type = ''): Pick<Source, 'name' | 'mediaType'> {
  const mediaType = (said.mediaType ?? type).replace(/;.*/s, '').trim();
  return { name: said.name || name || 'file', mediaType: mediaType || undefined };
}

function isStream(data: UploadData): data is StreamLike | AsyncIterable<Uint8Array> {
  return 'getReader' in data || Symbol.asyncIterator in data;
}

async function* piecesOf(data: StreamLike | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (!('getReader' in data)) {
    for await (const piece of data) yield piece as Uint8Array<ArrayBuffer>;
    return;
  }
  // Safari has no iterator for its streams.
  const reader = data.getReader();
  try {
    for (let piece = await reader.read(); piece.value; piece = await reader.read()) {
      yield piece.value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** The same bytes in pieces of that size; the last may be shorter. */
export async function* inChunks(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + size - filled);
      chunk.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < size) continue;
      yield chunk;
      chunk = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

function checkSize(count: number, size: number): void {
  if (count !== size) throw failure('bad-request', `The stream has ${count} bytes or more, not ${size}`);
}
