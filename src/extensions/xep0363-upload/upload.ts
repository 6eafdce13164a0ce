/**
 * One upload through the socket (PROTOCOL.md §8): chunks come from the client in order and are passed on; every chunk that
 * the service's connection has taken gives credit for another one.
 */
import type { HttpUpload, Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestResult } from '../../protocol/frames.ts';
import { chunkKind, chunkWindow, type UploadSlot } from '../../protocol/uploads.ts';

/** How long the client may leave its upload without a chunk, and its outcome without `upload.close`. */
const idleMs = 30_000;

export class Upload {
  readonly stream: number;
  readonly #session: Session;
  readonly #size: number;
  readonly #get: UploadSlot['get'];
  readonly #http: HttpUpload;
  readonly #ended: (upload: Upload) => void;
  #received = 0;
  #chunksIn = 0;
  #chunks = 0;
  #bytes = 0;
  #outcome: 'open' | 'stored' | StanzaError = 'open';
  #idle: NodeJS.Timeout;

  /** `ended` is called once it takes no more. */
  constructor(session: Session, http: HttpUpload, size: number, slot: UploadSlot, ended: (upload: Upload) => void) {
    this.#session = session;
    this.#http = http;
    this.#size = size;
    this.#get = slot.get;
    this.#ended = ended;
    this.stream = session.openStream(chunkKind, (index, bytes) => this.#take(index, bytes));
    this.#idle = this.#watch();
    http.done.then(
      () => this.#end('stored'),
      (error: unknown) => this.fail(asStanzaError(error)),
    );
  }

  get isOpen(): boolean {
    return this.#outcome === 'open';
  }

  /** Ends it; its client is told, unless it has ended already. */
  fail(error: StanzaError): void {
    if (!this.isOpen) return;
    this.#end(error);
    this.#http.abort();
    this.#progress(error);
  }

  /** The end of it, by its client: waits for the service's answer. @throws StanzaError why the file is not there */
  async close(cancel: boolean): Promise<RequestResult<'upload.close'>> {
    if (cancel && this.isOpen) {
      this.#end(new StanzaError('undefined-condition', 'The upload was cancelled'));
      this.#http.abort();
      return {};
    }
    if (this.isOpen && this.#received < this.#size) {
      const error = new StanzaError('bad-request', `Only ${this.#received} of ${this.#size} bytes have come`);
      this.#end(error);
      this.#http.abort();
    }
    await this.#http.done.catch(() => undefined);
    if (this.#outcome instanceof StanzaError) throw this.#outcome;
    return { get: this.#get };
  }

  #take(index: number, bytes: Uint8Array): void {
    // Sent again after a loss of the socket.
    if (!this.isOpen || index < this.#chunksIn) return;
    const why = this.#refusal(index, bytes);
    if (why !== undefined) {
      this.fail(new StanzaError('bad-request', why));
      return;
    }
    this.#chunksIn++;
    this.#received += bytes.length;
    clearTimeout(this.#idle);
    if (this.#received < this.#size) this.#idle = this.#watch();
    this.#http.write(bytes, () => {
      this.#chunks++;
      this.#bytes += bytes.length;
      if (this.isOpen) this.#progress();
    });
  }

  #refusal(index: number, bytes: Uint8Array): string | undefined {
    if (index > this.#chunksIn) return `Chunk ${this.#chunksIn} is missing`;
    if (bytes.length === 0) return 'A chunk without a byte';
    if (this.#chunksIn - this.#chunks >= chunkWindow) return `More than ${chunkWindow} chunks are ahead`;
    if (this.#received + bytes.length > this.#size) return `More than ${this.#size} bytes`;
    return undefined;
  }

  #progress(error?: StanzaError): void {
    const data = { stream: this.stream, chunks: this.#chunks, bytes: this.#bytes };
    this.#session.push({ type: 'upload.progress', data: error ? { ...data, error: error.toObject() } : data });
  }

  #watch(): NodeJS.Timeout {
    return setTimeout(() => this.fail(new StanzaError('timeout', 'No chunk has come for too long')), idleMs);
  }

  #end(outcome: 'stored' | StanzaError): void {
    if (!this.isOpen) return;
    this.#outcome = outcome;
    clearTimeout(this.#idle);
    this.#session.closeStream(this.stream);
    this.#ended(this);
  }
}

function asStanzaError(error: unknown): StanzaError {
  return error instanceof StanzaError ? error : new StanzaError('internal-server-error', 'The upload failed');
}
