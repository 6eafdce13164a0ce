/** A removed account leaves nothing: no row, no word in the index, no byte in the files. What others have stays. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NewItem } from '../../src/store/archive.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { action, alice, bob, carol, dora, folded, incoming, log, noon, outgoing, reaction } from './support.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stanzawire-removal-'));
  file = join(folder, 'stanzawire.db');
});

afterEach(() => rmSync(folder, { recursive: true }));

const secret = 'quetzalcoatlus';

/** Something in every table that knows accounts. */
async function fill(store: Store, account: string, word: string): Promise<void> {
  const { archive } = store;
  await store.openAccount(account, true);
  const contact = { jid: bob, groups: [word], subscription: 'both', request: { message: word } } as const;
  await store.saveRosterItem(account, { ...contact, groups: [word] });
  await store.setBlocked(account, [`${word}.example.com`], true);
  await store.saveRoom(account, { jid: 'dev@rooms.example.com', nick: word, password: word });
  await store.saveRecord(account, 'note', word, { word });
  await store.saveRecord(account, 'online', '', '');
  await archive.saveRoomPosition(account, 'dev@rooms.example.com', { unread: 1, word });
  const own = (id: string, text: string, more = {}): NewItem => {
    const item = incoming(id, text, { chat: bob, ...more });
    return { ...item, data: { ...item.data, to: account } };
  };
  for (let i = 0; i < 450; i++) await archive.append(account, own(`in${i}`, `${word} number${i}`));
  await archive.append(account, own('asks', word, { receipt: { to: bob, id: 'asks' } }));
  await archive.append(account, reaction('in1', [word]));
  await archive.append(account, action('reaction', 'not-here-yet', { reactions: [word] }));
  const sending = { chat: bob, digest: word, at: noon };
  await archive.beginSend(account, { id: `sent-${word}`, ...sending });
  await archive.finishSend(account, `sent-${word}`, outgoing(`sent-${word}`, word, { author: account }), { word });
  await archive.beginSend(account, { id: `pending-${word}`, ...sending });
  await archive.beginSend(account, { id: `failed-${word}`, ...sending });
  await archive.failSend(account, `failed-${word}`, bob);
}

function dump(path = file): Record<string, unknown[]> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'`).all();
    const all = tables.map(({ name }) => [String(name), db.prepare(`SELECT * FROM "${String(name)}"`).all()] as const);
    return { ...Object.fromEntries(all), words: db.prepare('SELECT DISTINCT term FROM search_words').all() };
  } finally {
    db.close();
  }
}

const countOf = (store: Store) => store.accounts.stats().then(({ accounts }) => accounts);
const purge = async (store: Store) => {
  let steps = 0;
  while (await store.accounts.purge()) steps++;
  return steps;
};

it('of a removed account no table, no index and no file has anything; other accounts are as they were', async () => {
  const store = openSqliteStore(file);
  await fill(store, dora, 'stays');
  const before = await Promise.all([folded(store.archive, {}, dora), log(store.archive, {}, dora)]);
  await fill(store, alice, secret);
  expect(await store.accounts.remove(alice)).toBe(true);
  expect(await purge(store)).toBeGreaterThan(2);
  expect(await Promise.all([folded(store.archive, {}, dora), log(store.archive, {}, dora)])).toEqual(before);
  expect(await countOf(store)).toBe(1);
  await store.close();

  const tables = dump();
  const [{ id }] = tables.accounts as [{ id: number }];
  expect(tables.accounts).toHaveLength(1);
  for (const [table, rows] of Object.entries(tables)) {
    const text = JSON.stringify(rows);
    expect({ table, secret: text.indexOf(secret), jid: text.indexOf(alice) }).toEqual({ table, secret: -1, jid: -1 });
    for (const row of rows as { account?: unknown }[]) {
      if (row.account !== undefined) expect([id, dora], table).toContain(row.account);
    }
  }
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    expect({ name, at: bytes.indexOf(secret) }).toEqual({ name, at: -1 });
    expect({ name, at: bytes.indexOf(alice) }).toEqual({ name, at: -1 });
  }
});

it('it is gone at once: nothing can be asked or saved for it, and a new one of that name has nothing', async () => {
  const store = openSqliteStore(':memory:');
  await fill(store, alice, secret);
  await store.accounts.remove(alice);
  await expect(store.archive.append(alice, incoming('late', 'late'))).rejects.toMatchObject({ code: 'item-not-found' });
  await expect(store.saveRecord(alice, 'note', 'a', 1)).rejects.toMatchObject({ code: 'item-not-found' });
  expect(await store.openAccount(alice, false)).toBeUndefined();
  expect(await store.accounts.about(alice)).toBeUndefined();
  expect(await store.accounts.list({ max: 10 })).toEqual([]);
  expect(await store.accountsWith('online')).toEqual([]);
  expect(await store.accounts.remove(alice)).toBe(false);
  // Made while the old one is not all gone yet.
  await fill(store, alice, 'fresh');
  await purge(store);
  expect((await folded(store.archive)).items).toHaveLength(100);
  expect(JSON.stringify(await folded(store.archive, { text: 'fresh' }))).toContain('fresh');
  expect(JSON.stringify(await folded(store.archive, { text: secret }))).not.toContain(secret);
  expect((await store.openAccount(alice, false))?.roster).toHaveLength(1);
  await store.close();
});

it('what a crash interrupts goes on with the next start', async () => {
  const store = openSqliteStore(file);
  await fill(store, alice, secret);
  await fill(store, carol, 'stays');
  await store.accounts.remove(alice);
  await store.accounts.purge();
  await store.close();
  expect(JSON.stringify(dump())).toContain(secret);
  const half = openSqliteStore(file);
  // All of its messages; its words may be in the index yet.
  for (let i = 0; i < 3; i++) await half.accounts.purge();
  await half.close();
  expect(dump().items).toHaveLength(453);
  expect(dump().accounts).toHaveLength(2);
  const next = openSqliteStore(file);
  expect(await countOf(next)).toBe(1);
  await purge(next);
  await next.close();
  expect(JSON.stringify(dump())).not.toContain(secret);
  expect(dump().accounts).toHaveLength(1);
});
