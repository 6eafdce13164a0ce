/** What the tests of the store share: the drivers, and items as the gateway makes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import type { Archive, HistoryPage, HistoryQuery, Item, ItemData, NewItem } from '../../src/store/archive.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';

export const alice = 'alice@web.example.com';
export const dora = 'dora@web.example.com';
export const bob = 'bob@example.com';
export const carol = 'carol@example.com';
/** When the tests begin. */
export const noon = Date.UTC(2026, 0, 1, 12);

export const drivers: Record<string, (folder: string) => string> = {
  memory: () => 'memory:',
  sqlite: (folder) => `sqlite:${join(folder, 'new', 'folder', 'stanzawire.db')}`,
};

export interface Fixture {
  readonly store: Store;
  readonly archive: Archive;
  /** Closes the store and opens it again, where it has a file. */
  reopen(): Promise<void>;
}

/** Runs the tests for each driver, each on a new store that has the accounts alice and dora. */
export function onEveryDriver(tests: (fixture: Fixture, driver: string) => void): void {
  describe.each(Object.entries(drivers))('%s', (driver, url) => {
    let folder: string;
    let store: Store;
    const fixture: Fixture = {
      get store() {
        return store;
      },
      get archive() {
        return store.archive;
      },
      async reopen() {
        if (driver === 'memory') return;
        await store.close();
        store = await openStore(url(folder));
      },
    };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'stanzawire-store-'));
      store = await openStore(url(folder));
      await Promise.all([store.openAccount(alice, true), store.openAccount(dora, true)]);
    });

    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });

    tests(fixture, driver);
  });
}

type Changes = Partial<NewItem>;

/** A message of the chat's peer. */
export function incoming(id: string, body: string, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon } = changes;
  const data = { chat, type: 'chat', from: `${chat}/phone`, to: alice, time: iso(now), body };
  return {
    type: 'message',
    chat,
    author: chat,
    outgoing: false,
    now,
    ids: [id],
    data,
    text: body,
    unread: true,
    ...changes,
  };
}

/** A message of the account. */
export function outgoing(id: string, body: string, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon, author = alice } = changes;
  const data = { chat, type: 'chat', outgoing: true, from: author, to: chat, time: iso(now), body };
  return { type: 'message', chat, author, outgoing: true, now, ids: [id], data, text: body, ...changes };
}

/** The peer acts on a message. */
export function action(type: NewItem['type'], target: string, data: ItemData = {}, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon } = changes;
  const shown = { chat, from: `${chat}/phone`, time: iso(now), ...data };
  return { type, chat, author: chat, outgoing: false, now, target: { id: target }, data: shown, ...changes };
}

export function edit(target: string, body: string, changes: Changes = {}): NewItem {
  const { ids = [`${target}-edit`] } = changes;
  return action('message.edited', target, { type: 'chat', body }, { text: body, ids, ...changes });
}

export function receipt(target: string, status: 'delivered' | 'displayed', changes: Changes = {}): NewItem {
  return action('receipt', target, { status }, { target: { id: target, author: alice }, ...changes });
}

export function reaction(target: string, reactions: string[], changes: Changes = {}): NewItem {
  return action('reaction', target, { reactions }, changes);
}

export async function appendAll(archive: Archive, items: readonly NewItem[], account = alice): Promise<Item[]> {
  return (await Promise.all(items.map((item) => archive.append(account, item)))).flat();
}

export function folded(archive: Archive, query: Partial<HistoryQuery> = {}, account = alice): Promise<HistoryPage> {
  return archive.history(account, { max: 100, view: 'folded', ...query });
}

export function log(archive: Archive, query: Partial<HistoryQuery> = {}, account = alice): Promise<HistoryPage> {
  return archive.history(account, { max: 100, view: 'log', ...query });
}

export const bodies = (page: { items: readonly Item[] }) => page.items.map((item) => item.data.body);
export const oneIds = (page: { items: readonly Item[] }) => page.items.map((item) => item.data.id);
export const archiveIds = (page: { items: readonly Item[] }) => page.items.map((item) => item.archiveId);
export const iso = (ms: number) => new Date(ms).toISOString();
