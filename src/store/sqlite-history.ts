/** Reads pages of the SQLite archive. Each query walks an index from the cursor on and stops when the page is full. */
import type { DatabaseSync } from 'node:sqlite';
import { StanzaError } from '../protocol/errors.ts';
import type { HistoryPage, HistoryQuery, Item, ItemData, ItemType, StoredMessage } from './archive.ts';
import { firstNumber, formatArchiveId, parseArchiveId } from './archive-id.ts';
import { type FoldState, foldedData } from './fold.ts';
import { type Query, rows } from './rows.ts';
import type { Directory } from './sqlite-directory.ts';
import type { SearchIndex } from './sqlite-search.ts';

interface Row {
  number: number;
  type: ItemType;
  jid: string;
  outgoing: number;
  data: string;
  state: string | null;
  displayed: number;
}

/** Numbers, exclusive. */
interface Range {
  readonly over: number;
  readonly under: number;
}

type View = HistoryQuery['view'];
type Order = 'ASC' | 'DESC';

const select = 'SELECT i.id AS number, i.type, c.jid, i.outgoing, i.data, i.state, c.displayed FROM' as const;
const withChat = 'CROSS JOIN chats c ON c.id = i.chat';

function prepare(db: DatabaseSync) {
  const page = (column: 'account' | 'chat', view: View, order: Order) => {
    const range = (shown: 0 | 1) =>
      `SELECT id FROM items WHERE ${column} = ?1 AND shown = ${shown} AND id > ?2 AND id < ?3`;
    // One index holds both kinds apart; the log merges them.
    const both = view === 'log' ? `${range(0)} UNION ALL ${range(1)}` : range(1);
    const numbers = `${both} ORDER BY id ${order} LIMIT ?4`;
    return rows<Row>(
      db.prepare(`${select} (${numbers}) n CROSS JOIN items i ON i.id = n.id ${withChat} ORDER BY i.id ${order}`),
    );
  };
  const views = (column: 'account' | 'chat') => ({
    folded: { ASC: page(column, 'folded', 'ASC'), DESC: page(column, 'folded', 'DESC') },
    log: { ASC: page(column, 'log', 'ASC'), DESC: page(column, 'log', 'DESC') },
  });
  const search = (order: Order) =>
    rows<Row>(
      db.prepare(
        `${select} search s CROSS JOIN items i ON i.id = s.rowid ${withChat} WHERE search MATCH ?1 AND i.shown = 1` +
          ` AND s.rowid > CAST(?2 AS INTEGER) AND s.rowid < CAST(?3 AS INTEGER) ORDER BY s.rowid ${order} LIMIT ?4`,
      ),
    );
  return {
    account: views('account'),
    chat: views('chat'),
    search: { ASC: search('ASC'), DESC: search('DESC') },
    byId: rows<Row>(
      db.prepare(
        `${select} item_ids x CROSS JOIN items i ON i.id = x.item ${withChat}` +
          ' WHERE x.account = ? AND x.id = ? AND x.chat = ? AND x.one = 1 AND i.shown = 1',
      ),
    ),
    about: rows<{ author: string; ids: string | null }>(db.prepare('SELECT author, ids FROM items WHERE id = ?')),
    exists: rows<{ account: number }>(db.prepare('SELECT account FROM items WHERE id = ?')),
    data: rows<{ data: string }>(db.prepare('SELECT data FROM items WHERE id = ?')),
    newest: rows<{ id: number | null }>(
      db.prepare(
        'SELECT max((SELECT coalesce(max(id), 0) FROM items WHERE account = ?1 AND shown = 0),' +
          ' (SELECT coalesce(max(id), 0) FROM items WHERE account = ?1 AND shown = 1)) AS id',
      ),
    ),
  };
}

export class History {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #directory: Directory;
  readonly #search: SearchIndex;

  constructor(db: DatabaseSync, parts: { directory: Directory; search: SearchIndex }) {
    this.#sql = prepare(db);
    this.#directory = parts.directory;
    this.#search = parts.search;
  }

  page(account: number, query: HistoryQuery): HistoryPage {
    const range = this.#range(account, query);
    const chat = query.chat === undefined ? undefined : this.#directory.findChat(account, query.chat)?.id;
    if (query.chat !== undefined && chat === undefined) return { items: [], complete: true };
    if (query.ids) return this.#byIds(account, chat, query);
    const order = query.after === undefined ? 'DESC' : 'ASC';
    const found = this.#read(account, chat, query, range, order);
    const page = found.slice(0, query.max);
    if (order === 'DESC') page.reverse();
    return { items: page.map((row) => this.#show(row, query.view)), complete: found.length <= query.max };
  }

  /** The message with that one id. */
  message(account: number, jid: string, id: string): StoredMessage | undefined {
    const chat = this.#directory.findChat(account, jid)?.id;
    const row = chat === undefined ? undefined : this.#sql.byId.get(account, id, chat);
    const about = row && this.#sql.about.get(row.number);
    if (!row || !about) return undefined;
    const ids = about.ids === null ? [id] : (JSON.parse(about.ids) as string[]);
    return { item: this.#show(row, 'folded'), author: about.author, outgoing: row.outgoing === 1, ids };
  }

  /** The newest message of a chat, in its last version. */
  newestOf(chat: number): Item | undefined {
    const row = this.#sql.chat.folded.DESC.get(chat, 0, Number.MAX_SAFE_INTEGER, 1);
    return row && this.#show(row, 'folded');
  }

  /** The newest archive id of an account. */
  last(account: number): string | undefined {
    const number = this.#sql.newest.get(account)?.id;
    return number ? formatArchiveId(number) : undefined;
  }

  /** One row more than the page has room for. */
  #read(account: number, chat: number | undefined, query: HistoryQuery, range: Range, order: Order): Row[] {
    const limits = [range.over, range.under, query.max + 1];
    if (query.text !== undefined) {
      const expression = this.#search.expression(account, chat, query.text);
      return expression === undefined ? [] : this.#sql.search[order].all(expression, ...limits);
    }
    const statement: Query<Row> =
      chat === undefined ? this.#sql.account[query.view][order] : this.#sql.chat[query.view][order];
    return statement.all(chat ?? account, ...limits);
  }

  #range(account: number, { before, after, start, end }: HistoryQuery): Range {
    const cursors = {
      over: after === undefined ? 0 : this.#cursor(account, after, 'after'),
      under: before === undefined ? Number.MAX_SAFE_INTEGER : this.#cursor(account, before, 'before'),
    };
    return {
      over: start === undefined ? cursors.over : Math.max(cursors.over, firstNumber(start) - 1),
      under: end === undefined ? cursors.under : Math.min(cursors.under, firstNumber(end + 1)),
    };
  }

  #cursor(account: number, id: string, field: 'before' | 'after'): number {
    const number = parseArchiveId(id);
    if (number !== undefined && this.#sql.exists.get(number)?.account === account) return number;
    throw new StanzaError('item-not-found', 'The archive has no such entry (any more)', { field });
  }

  #byIds(account: number, chat: number | undefined, { ids = [], max, view }: HistoryQuery): HistoryPage {
    if (chat === undefined) throw new StanzaError('bad-request', 'ids needs a chat', { field: 'chat' });
    const found = [...new Set(ids)]
      .flatMap((id) => this.#sql.byId.all(account, id, chat))
      .sort((a, b) => a.number - b.number);
    return { items: found.slice(0, max).map((row) => this.#show(row, view)), complete: found.length <= max };
  }

  #show(row: Row, view: View): Item {
    const { number, type, jid } = row;
    const data = JSON.parse(row.data) as ItemData;
    const item = { archiveId: formatArchiveId(number), type, chat: jid };
    if (view === 'log') return { ...item, data };
    const state = JSON.parse(row.state ?? '{}') as FoldState;
    const edit = state.edit === undefined || state.retracted ? undefined : this.#sql.data.get(state.edit)?.data;
    const outgoing = row.outgoing === 1;
    const displayed = number <= row.displayed;
    return {
      ...item,
      data: foldedData({ data, state, outgoing, displayed, ...(edit ? { edit: JSON.parse(edit) as ItemData } : {}) }),
    };
  }
}
