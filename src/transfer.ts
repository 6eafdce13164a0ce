/** What extensions see of HTTP: files that the gateway puts to an upload service, and files that it serves itself. */

export interface HttpPut {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, all together. */
  readonly size: number;
}

/** An HTTP PUT under way. */
export interface HttpUpload {
  /** Queues bytes; `taken` is called when the connection has taken them, never after the end. */
  write(bytes: Uint8Array, taken: () => void): void;
  /** Resolves when the service has answered that it has the whole file. Rejects with a StanzaError. */
  readonly done: Promise<void>;
  /** Ends it at once; `done` rejects, where it is not settled. */
  abort(): void;
}

/** Begins a PUT: no redirect is followed, no header but the given ones and the usual ones is sent. */
export type PutFile = (put: HttpPut) => HttpUpload;

export interface PublicFile {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Files that the public HTTP port serves under addresses that nobody can guess; bounded, the least used ones go. */
export interface PublicFiles {
  /** `id` names the content: one id, one content. Answers its address, a path. */
  add(id: string, file: PublicFile): string;
  /** Its address, while it is there. */
  address(id: string): string | undefined;
  get(id: string): PublicFile | undefined;
  /** From now on there is nothing at its address, until somebody adds it again. */
  remove(id: string): void;
}

/** What the configuration says of uploads. */
export interface UploadSettings {
  /** The upload service, where the gateway is not to look for it. */
  readonly service?: string;
  /** Hosts that files may be put to beside the service's own and the server's. */
  readonly hosts: readonly string[];
  /** The largest file through a socket, bytes. */
  readonly size: number;
  /** Uploads through sockets at once, all together. */
  readonly streams: number;
}
