/** A client of the library on a scripted gateway, for each test of a file; both end with it. */
import { afterEach, beforeEach, vi } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import type { ClientEvent, ConnectOptions, Origin } from '../../src/client/types.ts';
import type { Ready } from '../../src/protocol/frames.ts';
import { Inbox } from '../support/peers/inbox.ts';
import { ScriptedGateway, type ScriptedSocket } from '../support/scripted-gateway.ts';

export type Told = ClientEvent & { origin: Origin };

/** `sessionStorage` as a test sees into it. */
export class MemoryStorage {
  readonly entries = new Map<string, string>();
  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.entries.set(key, value);
  }
  removeItem(key: string): void {
    this.entries.delete(key);
  }
}

export class Scripted {
  #gateway: ScriptedGateway | undefined;
  readonly #clients = new Set<Client>();

  get gateway(): ScriptedGateway {
    if (!this.#gateway) throw new Error('no gateway');
    return this.#gateway;
  }

  async begin(): Promise<void> {
    this.#gateway = await ScriptedGateway.start();
  }

  /** Connects; the events wait in the inbox, the own ones of the library too. */
  connect(options: Partial<ConnectOptions> = {}): { chat: Client; told: Inbox<Told> } {
    const chat = connect({ url: this.gateway.url, token: 'token', ...options });
    this.#clients.add(chat);
    const told = new Inbox<Told>();
    chat.on('*', (event, origin) => told.push({ ...event, origin }));
    return { chat, told };
  }

  /** A client past its first `ready`, and its socket. */
  async online(
    options: Partial<ConnectOptions> = {},
    ready: Partial<Ready> = {},
  ): Promise<{ chat: Client; told: Inbox<Told>; socket: ScriptedSocket }> {
    const { chat, told } = this.connect(options);
    const socket = await this.gateway.socket();
    await socket.welcome(ready);
    await chat.ready;
    return { chat, told, socket };
  }

  async end(): Promise<void> {
    for (const chat of this.#clients) chat.close();
    this.#clients.clear();
    await this.gateway.stop();
  }
}

/** Back-offs last no time: full jitter may be none at all. */
export function scripted(): Scripted {
  const one = new Scripted();
  beforeEach(async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await one.begin();
  });
  afterEach(async () => {
    await one.end();
    vi.restoreAllMocks();
  });
  return one;
}

/** An event of that type, whenever it comes. */
export function of<T extends ClientEvent['type']>(type: T): (event: Told) => boolean {
  return (event) => event.type === type;
}

export const message = (id: string, more: object = {}): Record<string, unknown> => ({
  id,
  chat: 'bob@example.com',
  type: 'chat',
  from: 'bob@example.com/phone',
  to: 'alice@web.example.com',
  time: '2026-01-01T10:00:00.000Z',
  body: id,
  ...more,
});
