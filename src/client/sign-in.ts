/**
 * Who the client is, and what `connect` says (PROTOCOL.md §3): token, resume, wishes. With it, what to do when a socket
 * was closed, since much of that is about the token and the session.
 */
import { afterClose } from '../protocol/close.ts';
import type { ErrorObject } from '../protocol/errors.ts';
import type { Connect, RequestData } from '../protocol/frames.ts';
import { normal, replaced, tokenExpired, tokenInvalid } from './codes.ts';
import type { SavedState } from './saved.ts';
import type { ConnectOptions } from './types.ts';

/** How often in a row a refused token is replaced by another one. */
const maxRefused = 2;

export class SignIn {
  readonly #options: ConnectOptions;
  readonly #state: SavedState;
  #presence: Connect['presence'];
  #refused = 0;
  /** Why the gateway refused the last `connect`. */
  refusal: ErrorObject | undefined;
  /** Where `reconnect` sent it, for one attempt. */
  url: string | undefined;

  constructor(options: ConnectOptions, state: SavedState) {
    this.#options = options;
    this.#state = state;
    this.#presence = options.presence;
  }

  /** What the user has set since counts for later sessions too. */
  setPresence({ type, ...presence }: RequestData<'presence.set'>): void {
    this.#presence = type === 'unavailable' ? false : presence;
  }

  async hello(): Promise<{ url: string; data: object }> {
    const { device, client, raw, want = ['contacts', 'chats', 'rooms'] } = this.#options;
    const { session, seq } = this.#state;
    const url = this.url ?? this.#options.url;
    this.url = undefined;
    const token = await this.#token();
    const resume = session === undefined ? undefined : { session, seq };
    // Without the conversations nobody could tell in which rooms there is something to read.
    const wants = new Set(want).add('chats');
    const wishes = {
      device,
      client,
      raw,
      presence: this.#presence,
      want: [...wants],
      features: ['ack', 'batch', 'binary'],
    };
    return { url, data: { ...wishes, token, resume } };
  }

  /** Another token, where there is a way to have one. */
  async fresh(): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === 'function' ? token() : undefined;
  }

  accepted(): void {
    this.refusal = undefined;
    this.#refused = 0;
  }

  /** What to do now, by the range of the code, with the exceptions that have a remedy. */
  afterClose(code: number): 'stop' | 'backoff' | 'now' {
    if (code === replaced) {
      // Another tab has the session, or a copy of this one: never fight for it (PROTOCOL.md §13.16).
      this.#state.session = undefined;
      return 'now';
    }
    const { token } = this.#options;
    const isRefused = code === tokenInvalid || code === tokenExpired;
    const hasAnother = typeof token === 'function' || (token === undefined && this.#state.token !== undefined);
    if (isRefused && hasAnother && this.#refused++ < maxRefused) {
      this.#state.token = undefined;
      return 'now';
    }
    // `normal` is the end of the session, by whomever.
    if (code === normal) this.#state.session = undefined;
    // No code at all, and a proxy's: not the gateway's words.
    return code === 1005 || code === 1014 ? 'backoff' : afterClose(code);
  }

  async #token(): Promise<string | undefined> {
    const { token } = this.#options;
    return (typeof token === 'function' ? await token() : token) ?? this.#state.token;
  }
}
