import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { migrations } from '../../src/store/migrations/sqlite.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { RosterItem } from '../../src/store/store.ts';
import { alice, appendAll, folded, incoming, log, noon, oneIds, outgoing, reaction } from './support.ts';

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
  const archived = new Set(oneIds(await log(store.archive, { max: 100_000 })));
  expect(saved.length).toBeGreaterThanOrEqual(200);
  expect(saved.filter((jid) => !kept.has(jid) || !archived.has(jid))).toEqual([]);
  expect((await folded(store.archive, { text: 'message 199' })).items).toHaveLength(1);
  await store.close();
});

it('a full disk fails requests until there is room, the process lives and nothing acknowledged is lost', async () => {
  // A limit on the size of a file stands for the full disk.
  const limited = 'ulimit -S -f 3000; exec "$@"';
  const child = spawn('sh', ['-c', limited, 'sh', process.execPath, keeper, file, alice], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (!line.startsWith('alive')) continue;
    execFileSync('prlimit', ['--pid', `${child.pid}`, '--fsize=unlimited']);
    child.stdin.end();
  }
  const saved = lines.filter((line) => line.startsWith('c')).length;
  expect(saved).toBeGreaterThan(10);
  expect(lines.slice(saved)).toEqual(['failed resource-constraint true', `alive ${saved} ${saved}`, 'works again']);

  const store = openSqliteStore(file);
  expect((await store.openAccount(alice, false))?.roster).toHaveLength(saved + 1);
  expect((await log(store.archive, { max: 100_000 })).items).toHaveLength(saved + 1);
  await store.close();
});

it('a file that another process has locked fails requests until it is free', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  await committed();
  const other = new DatabaseSync(file, { timeout: 5000 });
  other.exec('BEGIN IMMEDIATE');
  const calls = await Promise.allSettled([
    store.saveRosterItem(alice, bob),
    store.key('guest'),
    store.archive.append(alice, incoming('m1', 'hi')),
    log(store.archive),
  ]);
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
  await store.archive.append(alice, incoming('m1', 'hi'));
  expect(oneIds(await log(store.archive))).toEqual(['m1']);
  await store.close();
});

it('what was remembered of a transaction that failed is forgotten', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const bad = { ...bob, subscription: 'remove' } as unknown as RosterItem;
  // The chat is made, the transaction is undone because of another call, and all but that one is done again.
  const calls = await Promise.allSettled([
    store.archive.append(alice, incoming('m1', 'a')),
    store.saveRosterItem(alice, bad),
    store.archive.append(alice, incoming('m2', 'b')),
    store.archive.append(alice, reaction('m1', ['👋'])),
  ]);
  expect(calls.map((call) => call.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(oneIds(await folded(store.archive))).toEqual(['m1', 'm2']);
  expect(await store.archive.chats(alice, { max: 10 })).toMatchObject({ items: [{ unread: 2 }], count: 1 });
  await store.close();
});

it('a refusal costs the other calls nothing', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const statements = vi.spyOn(DatabaseSync.prototype, 'exec');
  const calls = await Promise.allSettled([
    store.archive.append(alice, incoming('m1', 'a')),
    log(store.archive, { before: 'no such cursor' }),
    store.archive.markRead(alice, bob.jid, 'nothing'),
    store.archive.append(alice, incoming('m2', 'b')),
  ]);
  expect(calls.map((call) => call.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(statements.mock.calls.flat()).not.toContain('ROLLBACK');
  statements.mockRestore();
  await store.close();
});

it('the full-text index is written once in a transaction', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  const chats = Array.from({ length: 50 }, (_, i) => ({ chat: `c${i % 5}@example.com` }));
  await appendAll(
    store.archive,
    chats.flatMap((changes, i) => [incoming(`m${i}`, `text ${i}`, changes), outgoing(`s${i}`, `text ${i}`, changes)]),
  );
  await store.close();
  expect(raw((db) => db.prepare('SELECT count(DISTINCT segid) AS count FROM search_idx').get()?.count)).toBe(1);
});

it('no statement walks through a table or sorts what it could find sorted', async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  const store = openSqliteStore(file);
  const statements = prepare.mock.calls.map(([sql]) => sql).filter((sql) => !sql.startsWith('PRAGMA'));
  prepare.mockRestore();
  expect(statements.length).toBeGreaterThan(40);
  const steps = raw((db) =>
    statements.flatMap((sql) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => ({ sql, step: String(row.detail) })),
    ),
  );
  const bounded = [
    /^SCAN CONSTANT ROW$/,
    /^SCAN (n|clock)$/, // a page of numbers, the only row
    /^SCAN (search|s|search_words) VIRTUAL/, // what FTS5 looks up
    /^SCAN (waiting|sends)/, // with a LIMIT
    /^SCAN json_each VIRTUAL/, // the items that are asked for
    /^SCAN chats USING COVERING INDEX chats_by_activity$/, // retention, once in a while
    /^SCAN accounts USING COVERING INDEX/, // how many there are: an operator asks
  ];
  const sortsLittle = /\) n CROSS JOIN|FROM waiting/;
  const slow = steps.filter(({ sql, step }) => {
    return /SCAN/.test(step) ? !bounded.some((one) => one.test(step)) : /TEMP/.test(step) && !sortsLittle.test(sql);
  });
  expect(slow).toEqual([]);
  await store.close();
});

it.each(['normal', 'full'] as const)('store.sync: %s is what SQLite is told', async (sync) => {
  const statements = vi.spyOn(DatabaseSync.prototype, 'exec');
  const store = openSqliteStore(file, { sync });
  expect(statements.mock.calls.flat()).toContain(`PRAGMA synchronous = ${sync}`);
  statements.mockRestore();
  await store.close();
});

it('the work of one turn of the event loop is one write, a burst is one for each hundred, and many are one commit', async () => {
  const store = openSqliteStore(file);
  await store.openAccount(alice, true);
  await committed();
  const save = async (count: number): Promise<number> => {
    const before = turns();
    const items = Array.from({ length: count }, (_, i) => ({ ...bob, jid: `c${i}@example.com` }));
    await Promise.all(items.map((item) => store.saveRosterItem(alice, item)));
    return turns() - before;
  };
  const before = commits();
  expect(await save(100)).toBe(1);
  expect(await save(500)).toBe(5);
  expect(commits()).toBe(before);
  await committed();
  expect(commits()).toBe(before + 1);
  await store.close();
});

/** How many lines the journal has. */
function turns(): number {
  return readFileSync(`${file}-changes`, 'utf8').split('\n').length - 1;
}

async function committed(): Promise<void> {
  await expect.poll(turns, { timeout: 5000, interval: 5 }).toBe(0);
}

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

it('a file of the first version keeps what it has', async () => {
  mkdirSync(dirname(file));
  const [first = ''] = migrations;
  raw((db) => {
    db.exec(`${first}; PRAGMA user_version = 1; PRAGMA journal_mode = WAL`);
    for (const jid of ['zoe@web.example.com', alice]) db.prepare('INSERT INTO accounts VALUES (?, ?)').run(jid, noon);
    db.prepare(`INSERT INTO roster VALUES (?, ?, 'Bob', '["Work"]', 'both', 0, 1, NULL)`).run(alice, bob.jid);
    db.prepare('INSERT INTO keys VALUES (?, ?)').run('guest', new Uint8Array(32).fill(7));
  });
  const store = openSqliteStore(file);
  expect(await store.openAccount(alice, true)).toEqual({ created: false, roster: [bob] });
  expect(await store.openAccount('zoe@web.example.com', false)).toEqual({ created: false, roster: [] });
  expect(await store.key('guest')).toEqual(new Uint8Array(32).fill(7));
  await store.archive.append(alice, incoming('m1', 'hi'));
  await store.close();
  raw((db) => {
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    db.prepare('DELETE FROM accounts WHERE jid = ?').run(alice);
    expect(db.prepare('SELECT * FROM roster').all()).toEqual([]);
  });
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
