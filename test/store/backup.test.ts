/** What docs/backup.md promises. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { backup, DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { alice, folded, incoming, log, noon, oneIds } from './support.ts';

const keeper = join(import.meta.dirname, 'keeper.ts');

let folder: string;
let file: string;
let copy: string;
let writer: ChildProcess;
/** What the writer said: one line for each write that was acknowledged. */
let lines: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stanzawire-backup-'));
  file = join(folder, 'stanzawire.db');
  copy = join(folder, 'copy.db');
  lines = [];
  const child = spawn(process.execPath, [keeper, file, alice], { stdio: ['ignore', 'pipe', 'inherit'] });
  writer = child;
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await written(200);
});

afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true });
});

async function written(count: number): Promise<void> {
  await expect.poll(() => lines.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(count);
}

async function kill(): Promise<void> {
  if (writer.exitCode !== null || writer.signalCode !== null) return;
  const closed = new Promise((resolve) => writer.once('close', resolve));
  writer.kill('SIGKILL');
  await closed;
}

/** A connection of another process has nothing in common with the writer's but the file. */
async function withDatabase(use: (db: DatabaseSync) => unknown): Promise<void> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    await use(db);
  } finally {
    db.close();
  }
}

const ways: Record<string, () => Promise<void>> = {
  'VACUUM INTO': () => withDatabase((db) => db.prepare('VACUUM INTO ?').run(copy)),
  '.backup': () => withDatabase((db) => backup(db, copy, { rate: 1_000_000 })),
};

it.each(Object.entries(ways))('%s while the gateway writes has all but what it committed last', async (_, run) => {
  const acknowledged = [...lines];
  // A commit every half a second, or every 4,000 changes: two for each line.
  await written(lines.length + 5000);
  await run();
  // The writer goes on, and nothing it asked for has failed.
  await written(lines.length + 50);
  expect(lines.filter((line) => !line.startsWith('c'))).toEqual([]);

  const check = new DatabaseSync(copy);
  expect(check.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  check.close();
  const store = openSqliteStore(copy);
  const kept = new Set(oneIds(await log(store.archive, { max: 1_000_000 })));
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect((await store.openAccount(alice, false))?.roster).toHaveLength(kept.size);
  const found = await folded(store.archive, { text: 'message 100' });
  expect(found.items.map((item) => item.data.body)).toContain('message 100');
  await store.close();
});

it('a restored backup goes on where it was', async () => {
  await written(lines.length + 5000);
  await ways['VACUUM INTO']?.();
  await kill();
  // The file and what lies beside it go, the backup takes their place.
  for (const end of ['', '-wal', '-shm', '-changes']) rmSync(`${file}${end}`, { force: true });
  copyFileSync(copy, file);
  const store = openSqliteStore(file);
  const last = await store.archive.last(alice);
  const [item] = await store.archive.append(alice, incoming('new', 'after the restore', { now: noon }));
  expect(item && last && item.archiveId > last).toBe(true);
  expect((await folded(store.archive, { text: 'restore' })).items).toHaveLength(1);
  await store.close();
});

it('a copy of the file alone is no backup', async () => {
  const acknowledged = [...lines];
  copyFileSync(file, copy);
  const store = openSqliteStore(copy);
  const kept = new Set(oneIds(await log(store.archive, { max: 1_000_000 }).catch(() => ({ items: [] }))));
  expect(acknowledged.filter((id) => !kept.has(id))).not.toEqual([]);
  await store.close();
});
