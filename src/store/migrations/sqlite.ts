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
  `
  -- Accounts get a number, to keep the rows of the archive small.
  CREATE TABLE numbered_accounts (
    id INTEGER PRIMARY KEY,
    jid TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL -- epoch milliseconds
  ) STRICT;
  INSERT INTO numbered_accounts (jid, created) SELECT jid, created FROM accounts ORDER BY created, jid;
  DROP TABLE accounts;
  ALTER TABLE numbered_accounts RENAME TO accounts;

  CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    jid TEXT NOT NULL,
    activity INTEGER NOT NULL, -- number of the newest message, or of the moment when a chat without one was made
    items INTEGER NOT NULL DEFAULT 0, -- how many the archive has
    counted INTEGER NOT NULL DEFAULT 0, -- how many that count as unread there ever were
    seen INTEGER NOT NULL DEFAULT 0, -- how many of them were read, or are gone
    read_number INTEGER, -- the newest message that was read
    read_up_to TEXT, -- the same as JSON object
    displayed INTEGER NOT NULL DEFAULT 0, -- up to here the peer has displayed what was sent
    muted INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, jid)
  ) STRICT;
  CREATE INDEX chats_by_activity ON chats (account, activity, items);

  CREATE TABLE items (
    id INTEGER PRIMARY KEY, -- the archive id as a number: milliseconds * 1024 + counter
    account INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    shown INTEGER NOT NULL, -- 1: a message of the folded view
    type TEXT NOT NULL,
    author TEXT NOT NULL,
    outgoing INTEGER NOT NULL,
    counted INTEGER NOT NULL, -- chats.counted when it came, itself included
    ref INTEGER, -- the message acted on
    ids TEXT, -- JSON array of the ids it goes by on the XMPP side, if that is not just its one id
    markable INTEGER NOT NULL, -- its sender wants to know when it was displayed
    data TEXT NOT NULL, -- JSON object
    state TEXT -- JSON object: what became of the message
  ) STRICT;
  CREATE INDEX items_of_account ON items (account, shown);
  CREATE INDEX items_of_chat ON items (chat, shown);

  CREATE TABLE item_ids (
    chat INTEGER NOT NULL,
    id TEXT NOT NULL,
    item INTEGER NOT NULL,
    one INTEGER NOT NULL, -- 1: it is the item's one id
    PRIMARY KEY (chat, id, item)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE waiting (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    chat TEXT NOT NULL,
    target TEXT NOT NULL,
    at INTEGER NOT NULL, -- epoch milliseconds
    item TEXT NOT NULL -- JSON object
  ) STRICT;
  CREATE INDEX waiting_for ON waiting (account, chat, target);

  CREATE TABLE receipts (
    account INTEGER NOT NULL,
    item INTEGER NOT NULL,
    jid TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (account, item)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sends (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    chat TEXT NOT NULL,
    digest TEXT NOT NULL,
    stanza TEXT NOT NULL,
    at INTEGER NOT NULL, -- epoch milliseconds
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    result TEXT, -- JSON object
    UNIQUE (account, id)
  ) STRICT;

  -- Where the numbers stand, for when the rows that have the newest ones are gone.
  CREATE TABLE clock (last INTEGER NOT NULL) STRICT;
  INSERT INTO clock (last) VALUES (0);

  CREATE VIRTUAL TABLE search USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  );
  CREATE VIRTUAL TABLE search_words USING fts5vocab (search, instance);
  `,
  `
  CREATE TABLE blocked (
    account TEXT NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    PRIMARY KEY (account, jid)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rooms (
    account TEXT NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    nick TEXT NOT NULL,
    password TEXT,
    PRIMARY KEY (account, jid)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The newest turn of the journal that is in here.
  ALTER TABLE clock ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;

  -- Nobody ever read it: a client that sends again sends the content again.
  ALTER TABLE sends DROP COLUMN stanza;
  `,
  `
  -- How far the account is in a room and what the list shows of it, as JSON object; only rooms have it.
  ALTER TABLE chats ADD COLUMN room TEXT;
  CREATE INDEX rooms_of_account ON chats (account) WHERE room IS NOT NULL;

  -- Small things that are kept of an account, by what they are for.
  CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, -- JSON
    UNIQUE (account, kind, key)
  ) STRICT;
  CREATE INDEX records_of_kind ON records (kind, account);
  `,
  `
  -- Ids are looked up in the account: one random place for each, instead of one here and one in sends.
  CREATE TABLE ids_of_account (
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    item INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    one INTEGER NOT NULL, -- 1: it is the item's one id
    PRIMARY KEY (account, id, item)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO ids_of_account SELECT i.account, x.id, x.item, x.chat, x.one FROM item_ids x JOIN items i ON i.id = x.item;
  DROP TABLE item_ids;
  ALTER TABLE ids_of_account RENAME TO item_ids;

  -- Of a message that was sent: the digest of its content and what its sender was answered, as JSON object.
  ALTER TABLE items ADD COLUMN sent TEXT;
  `,
];
