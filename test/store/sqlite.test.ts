import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrations } from '../../src/store/migrations/sqlite.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { RosterItem } from '../../src/store/store.ts';

const alice = 'alice@web.example.com';
const bob: RosterItem = { jid: 'bob@example.com', name: 'Bob', groups: ['Work'], subscription: 'both', approved: true };
const keeper = join(import.meta.dirname, 'keeper.ts');

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stanzawire-sqlite-'));
  file = join(folder, 'data', 'stanzawire.db');
});

afterEach(() => rmSync(folder, { recursive: true }));

function raw<T>(use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

it('opening the file again finds everything', async () => {
  const first = openSqliteStore(file);
  await first.openAccount(alice, true);
  await first.saveRosterItem(alice, bob);
  const key = await first.key('guest');
  await first.close();

  const second = openSqliteStore(file);
  expect(await second.openAccount(alice, true)).toEqual({ created: false, roster: [bob] });
  expect(await second.key('guest')).toEqual(key);
  await second.close();
});

it('folder and files are for their owner only', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  const files = readdirSync(join(folder, 'data'));
  expect(files).toContain('stanzawire.db-wal');
  for (const name of files) expect(statSync(join(folder, 'data', name)).mode & 0o777, name).toBe(0o600);
  await store.close();
});

it('what was acknowledged survives kill -9', async () => {
  const child = spawn(process.execPath, [keeper, file, alice], { stdio: ['ignore', 'pipe', 'inherit'] });
  const saved: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    saved.push(...chunk.split('\n').filter(Boolean));
    if (saved.length >= 200) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));

  const store = openSqliteStore(file);
  const kept = new Set((await store.openAccount(alice, false))?.roster.map((item) => item.jid));
  expect(saved.length).toBeGreaterThanOrEqual(200);
  expect(saved.filter((jid) => !kept.has(jid))).toEqual([]);
  await store.close();
});

it('a full disk fails the request with a retryable error, the process lives and nothing acknowledged is lost', async () => {
  // A limit on the size of a file stands for the full disk.
  const limited = 'ulimit -f 2000; exec "$@"';
  const child = spawn('sh', ['-c', limited, 'sh', process.execPath, keeper, file, alice], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = (await text(child.stdout)).trim().split('\n');
  const saved = lines.filter((line) => line.startsWith('c'));
  expect(saved.length).toBeGreaterThan(10);
  expect(lines.slice(-2)).toEqual(['failed resource-constraint true', `alive ${saved.length}`]);

  const store = openSqliteStore(file);
  expect((await store.openAccount(alice, false))?.roster).toHaveLength(saved.length);
  await store.close();
});

it('a file that another process has locked fails requests until it is free', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const calls = await Promise.allSettled([store.saveRosterItem(alice, bob), store.key('guest')]);
  for (const call of calls) {
    expect(call).toMatchObject({
      status: 'rejected',
      reason: { code: 'resource-constraint', retry: true, type: 'wait' },
    });
  }
  other.exec('ROLLBACK');
  other.close();
  await store.saveRosterItem(alice, bob);
  expect((await store.openAccount(alice, false))?.roster).toEqual([bob]);
  await store.close();
});

it('the work of one turn of the event loop is one transaction', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const before = commits();
  const items = Array.from({ length: 1000 }, (_, i) => ({ ...bob, jid: `c${i}@example.com` }));
  await Promise.all(items.map((item) => store.saveRosterItem(alice, item)));
  expect(commits() - before).toBe(1);
  await store.close();
});

/** https://sqlite.org/fileformat2.html#the_write_ahead_log: a frame that ends a transaction has the size of the database. */
function commits(): number {
  const wal = readFileSync(`${file}-wal`);
  const frameSize = 24 + wal.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at + frameSize <= wal.length; at += frameSize) if (wal.readUInt32BE(at + 4) !== 0) count++;
  return count;
}

it('a value that SQLite refuses fails alone', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const bad = { ...bob, subscription: 'remove' } as unknown as RosterItem;
  const calls = await Promise.allSettled([
    store.saveRosterItem(alice, bob),
    store.saveRosterItem(alice, bad),
    store.saveRosterItem(alice, { ...bob, jid: 'carol@example.com' }),
  ]);
  expect(calls.map((call) => call.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await store.openAccount(alice, false))?.roster).toHaveLength(2);
  await store.close();
});

it('a file with a newer schema is refused, untouched, with the remedy', async () => {
  await openSqliteStore(file).close();
  raw((db) => db.exec(`PRAGMA user_version = ${migrations.length + 1}`));
  const before = readFileSync(file);
  expect(() => openSqliteStore(file)).toThrow(/store\.url: cannot use .*stanzawire\.db: .*newer version .*backup/);
  expect(readFileSync(file).equals(before)).toBe(true);
});

it('the schema version is kept in the file', async () => {
  await openSqliteStore(file).close();
  expect(raw((db) => db.prepare('PRAGMA user_version').get()?.user_version)).toBe(migrations.length);
  expect(raw((db) => db.prepare('PRAGMA journal_mode').get()?.journal_mode)).toBe('wal');
});

it('a file that is no database is refused and left as it is', () => {
  file = join(folder, 'notes.txt');
  writeFileSync(file, 'not a database, but somebody wants to keep it');
  expect(() => openSqliteStore(file)).toThrow(/store\.url: cannot use .*notes\.txt: file is not a database/);
  expect(readFileSync(file, 'utf8')).toContain('somebody wants');
});

it('a folder that cannot be made is named', () => {
  writeFileSync(join(folder, 'data'), '');
  expect(() => openSqliteStore(file)).toThrow(/store\.url: cannot use .*stanzawire\.db/);
  expect(existsSync(file)).toBe(false);
});
