/** What is in the journal and not in the database yet comes back exactly as it was, whatever the crash left. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { alice, bob, carol, folded, incoming, log, noon, oneIds, outgoing, reaction } from './support.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stanzawire-journal-'));
  file = join(folder, 'stanzawire.db');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The files as a crash at this moment would leave them. */
function crash(): string {
  const copy = join(mkdtempSync(join(folder, 'crash-')), 'stanzawire.db');
  for (const end of ['', '-wal', '-changes']) {
    if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, `${copy}${end}`);
  }
  return copy;
}

/** All rows of all tables, but for where the journal stands. */
function dump(path: string): Record<string, unknown[]> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'`).all();
    const kept = tables.map(({ name }) => String(name)).sort();
    const search = db.prepare('SELECT term, doc FROM search_words ORDER BY term, doc').all();
    return Object.fromEntries([
      ...kept.map((name) => [name, db.prepare(`SELECT ${name === 'clock' ? 'last' : '*'} FROM "${name}"`).all()]),
      ['search', search],
    ]);
  } finally {
    db.close();
  }
}

/** Changes of every kind, refused ones among them; the archive's clock runs ahead of the time. */
async function change(store: Store): Promise<void> {
  const { archive } = store;
  const sending = { id: 's1', chat: bob, digest: 'd', at: noon };
  await store.openAccount(alice, true);
  await store.openAccount(carol, true);
  await store.key('guest');
  await Promise.allSettled([
    store.saveRosterItem(alice, { jid: bob, groups: ['Work'], subscription: 'both', request: { nick: 'Bob' } }),
    store.saveRosterItem(alice, { jid: carol, groups: [], subscription: 'none' }),
    store.saveRosterItem('nobody@web.example.com', { jid: bob, groups: [], subscription: 'none' }),
    store.removeRosterItem(alice, carol),
    store.setBlocked(alice, [bob, carol], true),
    store.setBlocked(alice, [carol], false),
    store.saveRoom(alice, { jid: 'dev@rooms.example.com', nick: 'alice', password: 'p' }),
    archive.append(
      alice,
      incoming('m1', 'one "two" \u{1f44b} \u0000\ud800', { receipt: { to: `${bob}/x`, id: 'm1' } }),
    ),
    archive.append(alice, reaction('later', ['👋'])),
    archive.append('nobody@web.example.com', incoming('m1', 'to nobody')),
    archive.append(alice, incoming('m1', 'the same id', { now: noon - 5000 })),
    archive.append(
      alice,
      incoming('later', 'what had a reaction', { records: [{ kind: 'due', key: 'k', value: { at: noon } }] }),
    ),
    archive.beginSend(alice, sending),
    archive.beginSend(alice, { ...sending, id: 's2' }),
    archive.beginSend(alice, { ...sending, id: 's3' }),
    archive.finishSend(alice, 's1', outgoing('s1', 'sent'), { id: 's1' }),
    archive.failSend(alice, 's2', bob),
    archive.settleSend(alice, 's3', { id: 'elsewhere' }),
    archive.saveRoomPosition(alice, 'dev@rooms.example.com', { unread: 1, activeAt: noon }),
    archive.saveRoomPosition(alice, 'old@rooms.example.com', {}),
    archive.removeRoomPosition(alice, 'old@rooms.example.com'),
    store.saveRecord(alice, 'bookmark', 'dev@rooms.example.com', { autojoin: true }),
    store.saveRecord(alice, 'peer', bob, 1),
    store.removeRecord(alice, 'peer', bob),
    archive.markRead(alice, bob, 'm1'),
    archive.markRead(alice, bob, 'nothing'),
    archive.updateChat(alice, 'new@example.com', { pinned: true }),
    archive.append(alice, incoming('m9', 'after a chat that took a number')),
  ]);
  const { items } = await log(archive);
  await archive.takeReceipts(
    alice,
    items.map((item) => item.archiveId),
  );
  await archive.prune({ perChat: 3 }, 2);
  await archive.pruneSends(noon + 1, 1);
}

it('after a crash the database is what it would have become', async () => {
  const store = openSqliteStore(file);
  await change(store);
  const copy = crash();
  const before = { chats: await store.archive.chats(alice, { max: 10 }), items: await log(store.archive) };
  await store.close();
  // Nothing was committed but the empty tables.
  expect(readFileSync(`${copy}-changes`, 'utf8').split('\n').length).toBeGreaterThan(5);

  const again = openSqliteStore(copy);
  expect({ chats: await again.archive.chats(alice, { max: 10 }), items: await log(again.archive) }).toEqual(before);
  await again.close();
  expect(dump(copy)).toEqual(dump(file));
});

it('what was committed just before the crash is not done twice', async () => {
  const store = openSqliteStore(file);
  await change(store);
  const journal = readFileSync(`${file}-changes`);
  await store.close();
  expect(readFileSync(`${file}-changes`)).toHaveLength(0);
  const before = dump(file);
  writeFileSync(`${file}-changes`, journal);

  await openSqliteStore(file).close();
  expect(dump(file)).toEqual(before);
});

it('a turn that a power loss has cut off is dropped, and the ones before it are there', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  for (const id of ['m1', 'm2', 'm3']) await store.archive.append(alice, incoming(id, id));
  const copy = crash();
  await store.close();
  const { length } = readFileSync(`${copy}-changes`);
  truncateSync(`${copy}-changes`, length - 10);

  const again = openSqliteStore(copy);
  expect(oneIds(await log(again.archive))).toEqual(['m1', 'm2']);
  await again.archive.append(alice, incoming('m4', 'm4'));
  const crashed = oneIds(await log(again.archive));
  await again.close();
  expect(crashed).toEqual(['m1', 'm2', 'm4']);
});

it('what is no turn ends the journal, and is not guessed at', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  await store.archive.append(alice, incoming('m1', 'hi'));
  const copy = crash();
  await store.close();
  appendFileSync(`${copy}-changes`, '00000000 [3,0,["append"]]\n');

  const again = openSqliteStore(copy);
  expect(oneIds(await folded(again.archive))).toEqual(['m1']);
  await again.close();
});

it('a value that SQLite refuses costs what was not committed yet nothing', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  await store.archive.append(alice, incoming('m1', 'hi'));
  const [sent] = await store.archive.append(alice, outgoing('s1', 'hello'));
  const bad = { jid: bob, groups: [], subscription: 'remove' as 'none' };
  await expect(store.saveRosterItem(alice, bad)).rejects.toThrow(/CHECK constraint/);
  const { items } = await log(store.archive);
  expect(oneIds({ items })).toEqual(['m1', 's1']);
  expect(items.at(-1)?.archiveId).toBe(sent?.archiveId);
  await store.close();
});

it('what was undone with a refused value is committed without another call', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  await store.archive.append(alice, incoming('m1', 'hi'));
  const bad = { jid: bob, groups: [], subscription: 'remove' as 'none' };
  await expect(store.saveRosterItem(alice, bad)).rejects.toThrow(/CHECK constraint/);
  await expect.poll(() => readFileSync(`${file}-changes`).length, { timeout: 5000, interval: 10 }).toBe(0);
  expect(dump(file).items).toHaveLength(1);
  await store.close();
});

it('a store has one process', async () => {
  const store = openSqliteStore(file);
  expect(() => openSqliteStore(file)).toThrow(/store\.url: cannot use .*stanzawire\.db: another process uses it; stop/);
  await store.close();
  await openSqliteStore(file).close();
});
