/** The store in one SQLite database (node:sqlite): a file in WAL mode, or the memory of the process. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StoredAccounts } from './accounts.ts';
import type { Archive } from './archive.ts';
import { Journal } from './journal.ts';
import { lock } from './lock.ts';
import { migrations } from './migrations/sqlite.ts';
import { SqliteAccounts } from './sqlite-accounts.ts';
import { type ArchiveChanges, SqliteArchive } from './sqlite-archive.ts';
import { Records } from './sqlite-records.ts';
import {
  noAccount,
  type OpenedAccount,
  type RoomMembership,
  type RosterItem,
  type Store,
  type StoredRecord,
} from './store.ts';
import { type Observe, Transactions } from './transactions.ts';

export interface SqliteOptions {
  /**
   * What was acknowledged survives a killed process. With `full` it also survives a power loss, for the price of a disk
   * flush in each turn; with `normal` a power loss may take the last moments before it.
   */
  readonly sync?: 'normal' | 'full';
  readonly observe?: Observe;
}

const inMemory = ':memory:';

/** Calls block the event loop, so one that finds the file locked must give up soon. */
const lockTimeoutMs = 250;

const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -32768;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 2000;
`;

/**
 * Opens the file (`:memory:` = none), makes it and its folder when missing (readable by their owner only), and brings the
 * schema up to date.
 * @throws Error naming file and remedy: not a database, no access, a newer schema.
 */
export function openSqliteStore(file: string, { sync = 'normal', observe }: SqliteOptions = {}): Store {
  const path = file === inMemory ? file : resolve(file);
  const opened: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(part: T): T => {
    opened.unshift(part);
    return part;
  };
  const closeAll = (): void => {
    for (const part of opened.splice(0)) part.close();
  };
  try {
    if (path !== inMemory && !existsSync(path)) createFile(path);
    const db = keep(new DatabaseSync(path, { timeout: lockTimeoutMs }));
    db.exec(settings);
    db.exec(`PRAGMA synchronous = ${sync}`);
    if (path !== inMemory) keep(lock(`${path}-lock`));
    const journal = path === inMemory ? undefined : keep(new Journal(`${path}-changes`, sync));
    migrate(db);
    return new SqliteStore(db, { journal, observe, closeAll });
  } catch (error) {
    closeAll();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`store.url: cannot use ${path}: ${reason}`, { cause: error });
  }
}

/** SQLite gives the files beside it (-wal, -shm) the same mode. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

function migrate(db: DatabaseSync): void {
  // A step may replace a table that others refer to.
  db.exec('PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE');
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (version > migrations.length) {
    throw new Error(
      `it was written by a newer version (schema ${version}, this one knows ${migrations.length}); ` +
        'run that version, or go back to a backup from before the upgrade',
    );
  }
  for (const step of migrations.slice(version)) db.exec(step);
  db.exec(`PRAGMA user_version = ${migrations.length}; COMMIT; PRAGMA foreign_keys = ON`);
}

function prepare(db: DatabaseSync) {
  return {
    createAccount: db.prepare('INSERT INTO accounts (jid, created) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    account: db.prepare('SELECT 1 FROM accounts WHERE jid = ?'),
    number: db.prepare('SELECT id FROM accounts WHERE jid = ?'),
    roster: db.prepare('SELECT jid, name, groups, subscription, ask, approved, request FROM roster WHERE account = ?'),
    saveItem: db.prepare(
      'INSERT OR REPLACE INTO roster (account, jid, name, groups, subscription, ask, approved, request)' +
        ' VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    removeItem: db.prepare('DELETE FROM roster WHERE account = ? AND jid = ?'),
    blocked: db.prepare('SELECT jid FROM blocked WHERE account = ? ORDER BY jid'),
    block: db.prepare('INSERT INTO blocked (account, jid) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    unblock: db.prepare('DELETE FROM blocked WHERE account = ? AND jid = ?'),
    rooms: db.prepare('SELECT jid, nick, password FROM rooms WHERE account = ? ORDER BY jid'),
    saveRoom: db.prepare('INSERT OR REPLACE INTO rooms (account, jid, nick, password) VALUES (?, ?, ?, ?)'),
    removeRoom: db.prepare('DELETE FROM rooms WHERE account = ? AND jid = ?'),
    createKey: db.prepare('INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    key: db.prepare('SELECT value FROM keys WHERE name = ?'),
  } satisfies Record<string, StatementSync>;
}

interface Parts {
  readonly journal: Journal | undefined;
  readonly observe: Observe | undefined;
  readonly closeAll: () => void;
}

class SqliteStore implements Store {
  readonly archive: Archive;
  readonly accounts: StoredAccounts;
  readonly #closeAll: () => void;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #records: Records;
  readonly #transactions: Transactions<ReturnType<typeof changesOf> & ArchiveChanges>;

  constructor(db: DatabaseSync, { journal, observe, closeAll }: Parts) {
    this.#closeAll = closeAll;
    this.#sql = prepare(db);
    this.#records = new Records(db);
    const archive = new SqliteArchive(db, () => this.#transactions);
    this.archive = archive;
    this.accounts = new SqliteAccounts(db, () => this.#transactions, archive);
    const changes = { ...changesOf(this.#sql, this.#records), ...archive.changes };
    this.#transactions = new Transactions(db, {
      journal,
      changes,
      clock: archive.clock,
      held: archive,
      ...(observe ? { observe } : {}),
    });
  }

  openAccount(jid: string, create: boolean): Promise<OpenedAccount | undefined> {
    if (create) return this.#transactions.change('openAccount', jid, Date.now());
    return this.#transactions.run(() => {
      if (!this.#sql.account.get(jid)) return undefined;
      return { created: false, roster: this.#sql.roster.all(jid).map(readItem) };
    });
  }

  saveRosterItem(account: string, item: RosterItem): Promise<void> {
    return this.#transactions.change('saveRosterItem', account, ...writeItem(item));
  }

  removeRosterItem(account: string, jid: string): Promise<void> {
    return this.#transactions.change('removeRosterItem', account, jid);
  }

  blocked(account: string): Promise<string[]> {
    return this.#transactions.run(() => this.#sql.blocked.all(account).map(({ jid }) => jid as string));
  }

  setBlocked(account: string, jids: readonly string[], blocked: boolean): Promise<void> {
    return this.#transactions.change('setBlocked', account, jids, blocked);
  }

  rooms(account: string): Promise<RoomMembership[]> {
    return this.#transactions.run(() => this.#sql.rooms.all(account).map(readRoom));
  }

  saveRoom(account: string, { jid, nick, password }: RoomMembership): Promise<void> {
    return this.#transactions.change('saveRoom', account, jid, nick, password ?? null);
  }

  removeRoom(account: string, jid: string): Promise<void> {
    return this.#transactions.change('removeRoom', account, jid);
  }

  records(account: string, kind: string): Promise<Map<string, unknown>> {
    return this.#transactions.run(() => {
      const number = numberOf(this.#sql, account);
      return number === undefined ? new Map() : this.#records.all(number, kind);
    });
  }

  allRecords(account: string): Promise<StoredRecord[]> {
    return this.#transactions.run(() => {
      const number = numberOf(this.#sql, account);
      return number === undefined ? [] : this.#records.every(number);
    });
  }

  saveRecord(account: string, kind: string, key: string, value: unknown): Promise<void> {
    return this.#transactions.change('saveRecord', account, kind, key, JSON.stringify(value));
  }

  removeRecord(account: string, kind: string, key: string): Promise<void> {
    return this.#transactions.change('removeRecord', account, kind, key);
  }

  accountsWith(kind: string): Promise<string[]> {
    return this.#transactions.run(() => this.#records.accounts(kind));
  }

  async key(name: string): Promise<Uint8Array> {
    const value = await this.#transactions.change('createKey', name, randomBytes(32).toString('base64'));
    return new Uint8Array(Buffer.from(value, 'base64'));
  }

  async close(): Promise<void> {
    this.#transactions.close();
    this.#closeAll();
  }
}

function changesOf(sql: ReturnType<typeof prepare>, records: Records) {
  const known = (account: string): void => {
    if (!sql.account.get(account)) throw noAccount();
  };
  return {
    openAccount: (jid: string, now: number): OpenedAccount => {
      const created = sql.createAccount.run(jid, now).changes > 0;
      return { created, roster: created ? [] : sql.roster.all(jid).map(readItem) };
    },
    saveRosterItem: (account: string, ...row: ItemRow): void => {
      known(account);
      sql.saveItem.run(account, ...row);
    },
    removeRosterItem: (account: string, jid: string): void => void sql.removeItem.run(account, jid),
    setBlocked: (account: string, jids: readonly string[], blocked: boolean): void => {
      known(account);
      for (const jid of jids) (blocked ? sql.block : sql.unblock).run(account, jid);
    },
    saveRoom: (account: string, jid: string, nick: string, password: string | null): void => {
      known(account);
      sql.saveRoom.run(account, jid, nick, password);
    },
    removeRoom: (account: string, jid: string): void => void sql.removeRoom.run(account, jid),
    saveRecord: (account: string, kind: string, key: string, value: string): void => {
      const number = numberOf(sql, account);
      if (number === undefined) throw noAccount();
      records.save(number, kind, key, value);
    },
    removeRecord: (account: string, kind: string, key: string): void => {
      const number = numberOf(sql, account);
      if (number !== undefined) records.remove(number, kind, key);
    },
    /** The key in base64: the one that is there, else this one. */
    createKey: (name: string, value: string): string => {
      sql.createKey.run(name, Buffer.from(value, 'base64'));
      return Buffer.from(sql.key.get(name)?.value as Uint8Array).toString('base64');
    },
  };
}

function numberOf(sql: ReturnType<typeof prepare>, account: string): number | undefined {
  return sql.number.get(account)?.id as number | undefined;
}

type Column = string | number | null;
type ItemRow = [jid: string, ...rest: Column[]];

function writeItem(item: RosterItem): ItemRow {
  const { jid, name = null, groups, subscription, ask = false, approved = false, request } = item;
  const waiting = request ? JSON.stringify(request) : null;
  return [jid, name, JSON.stringify(groups), subscription, Number(ask), Number(approved), waiting];
}

function readRoom({ jid, nick, password }: Record<string, unknown>): RoomMembership {
  const room = { jid: jid as string, nick: nick as string };
  return password === null ? room : { ...room, password: password as string };
}

/** The schema's types and checks stand behind what is assumed here. */
function readItem(row: Record<string, unknown>): RosterItem {
  return {
    jid: row.jid as string,
    groups: JSON.parse(row.groups as string) as string[],
    subscription: row.subscription as RosterItem['subscription'],
    ...(row.name === null ? {} : { name: row.name as string }),
    ...(row.ask === 1 ? { ask: true } : {}),
    ...(row.approved === 1 ? { approved: true } : {}),
    ...(row.request === null ? {} : { request: JSON.parse(row.request as string) as { nick?: string } }),
  };
}
