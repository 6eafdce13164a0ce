/** The delivery receipts (XEP-0184) that are owed for items of the archive. */
import type { DatabaseSync } from 'node:sqlite';
import type { OwedReceipt } from './archive.ts';
import { formatArchiveId, parseArchiveId } from './archive-id.ts';
import { rows } from './rows.ts';

interface Owed {
  item: number;
  jid: string;
  id: string;
}

export class Receipts {
  readonly #owed;
  readonly #settle;

  constructor(db: DatabaseSync) {
    const owed =
      'SELECT item, jid, id FROM receipts WHERE account = ? AND item IN (SELECT value FROM json_each(?)) ORDER BY item';
    this.#owed = rows<Owed>(db.prepare(owed));
    this.#settle = db.prepare('DELETE FROM receipts WHERE account = ? AND item = ?');
  }

  take(account: number, archiveIds: readonly string[]): OwedReceipt[] {
    const owed = this.#owed.all(account, JSON.stringify(archiveIds.map((id) => parseArchiveId(id) ?? 0)));
    for (const { item } of owed) this.#settle.run(account, item);
    return owed.map(({ item, jid, id }) => ({ archiveId: formatArchiveId(item), to: jid, id }));
  }
}
