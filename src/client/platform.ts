/**
 * What the client takes from the platform, as small types of its own: its declarations then need neither the DOM's
 * types nor Node's. In Node everything but the timers and `WebSocket` is absent.
 */

/** A WebSocket as the standard has it: the browser's, Node's, or that of the package `ws`. */
export interface SocketLike {
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

export type SocketClass = new (url: string, protocol: string) => SocketLike;

/** `sessionStorage`, `localStorage`, or anything that has these three. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface PageEvents {
  addEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void, options: object): void;
}

interface Platform extends Partial<PageEvents> {
  readonly WebSocket?: SocketClass;
  readonly sessionStorage?: KeyValueStorage;
  readonly document?: PageEvents & { readonly hidden: boolean };
}

export const platform = globalThis as unknown as Platform;

/** A UUID (RFC 9562 §5.4); `crypto.randomUUID` is missing on pages that came over plain http. */
export function uuid(): string {
  const digits = crypto.getRandomValues(new Uint8Array(36));
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, (_, at: number) => ((digits[at] ?? 0) & 15).toString(16));
}
