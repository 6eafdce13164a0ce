/**
 * Keeps a store to one process: an SQLite database without content, locked as long as it is open. The system lets go of the
 * lock when the process ends, whatever the end.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** https://sqlite.org/rescode.html#busy */
const busy = 5;

export interface Lock {
  close(): void;
}

/** @throws Error where another process has it */
export function lock(file: string): Lock {
  closeSync(openSync(file, 'a', 0o600));
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === busy;
    if (!isBusy) throw error;
    throw new Error('another process uses it; stop that one first, or give this one a store of its own', {
      cause: error,
    });
  }
}
