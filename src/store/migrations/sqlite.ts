/**
 * The SQLite schema as the steps that made it: step n brings a file from version n (`PRAGMA user_version`) to n + 1.
 * A step that was released is never edited; a change is a new step at the end.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE accounts (
    jid TEXT PRIMARY KEY,
    created INTEGER NOT NULL -- epoch milliseconds
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE roster (
    account TEXT NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    name TEXT,
    groups TEXT NOT NULL, -- JSON array
    subscription TEXT NOT NULL CHECK (subscription IN ('none', 'to', 'from', 'both')),
    ask INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    request TEXT, -- JSON object
    PRIMARY KEY (account, jid)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
