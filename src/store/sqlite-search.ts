/**
 * The full-text index: which message has which words. It holds no text, only numbers of messages by word. Each word begins
 * with the number of its account, so that a search costs nothing for what others said.
 */
import type { DatabaseSync } from 'node:sqlite';
import { badRequest } from '../protocol/errors.ts';
import { rows } from './rows.ts';
import { words } from './words.ts';

/** A word that so many others begin with is only looked for as it is: the time of a search has a bound. */
const maxBegun = 64;
const maxSearched = 32;

export class SearchIndex {
  readonly #add;
  readonly #remove;
  readonly #word;
  readonly #merge;
  readonly #writes;

  constructor(db: DatabaseSync) {
    // FTS5 takes row numbers as integers only, and a number is bound as a float.
    this.#add = db.prepare('INSERT INTO search (rowid, words) VALUES (CAST(? AS INTEGER), ?)');
    this.#remove = db.prepare('DELETE FROM search WHERE rowid = CAST(? AS INTEGER)');
    this.#merge = db.prepare("INSERT INTO search (search, rank) VALUES ('merge', CAST(? AS INTEGER))");
    this.#writes = rows<{ writes: number }>(db.prepare('SELECT total_changes() AS writes'));
    this.#word = rows<{ term: string }>(db.prepare('SELECT term FROM search_words WHERE term >= ? LIMIT 1'));
  }

  add(account: number, chat: number, item: number, text: string): void {
    const found = words(text);
    if (found.length === 0) return;
    const mark = accountMark(account);
    this.#add.run(item, `${chatWord(chat)} ${mark}${found.join(` ${mark}`)}`);
  }

  remove(item: number): void {
    this.#remove.run(item);
  }

  /**
   * Words of messages that are gone stay in the index until its parts are merged, so many pages at a time; `first` takes all
   * parts into it. False where nothing was left to do.
   */
  merge(first: boolean, pages: number): boolean {
    const before = this.#writes.get()?.writes ?? 0;
    this.#merge.run(first ? -pages : pages);
    return (this.#writes.get()?.writes ?? 0) - before > 1;
  }

  /**
   * The FTS5 expression for: every word, the last one maybe only begun. Undefined where nothing can be found.
   * @throws StanzaError bad-request for too many words
   */
  expression(account: number, chat: number | undefined, text: string): string | undefined {
    const mark = accountMark(account);
    const whole = words(text).map((word) => `${mark}${word}`);
    if (whole.length > maxSearched) throw badRequest('text', `At most ${maxSearched} words can be searched for`);
    const last = whole.pop();
    if (last === undefined) return undefined;
    const begun = this.#begunWith(last);
    if (begun.length === 0) return undefined;
    const scope = chat === undefined ? [] : [quote(chatWord(chat))];
    return [...whole.map(quote), `(${begun.map(quote).join(' OR ')})`, ...scope].join(' AND ');
  }

  /** FTS5's own search for a begun word reads everything that it stands for before it gives the first result. */
  #begunWith(begin: string): string[] {
    const found: string[] = [];
    let next = this.#word.get(begin)?.term;
    while (next?.startsWith(begin)) {
      found.push(next);
      if (found.length > maxBegun) return [begin];
      // No word has this character, and all that one can have come after it.
      next = this.#word.get(`${next}!`)?.term;
    }
    return found;
  }
}

function accountMark(account: number): string {
  return `${account}x`;
}

/** What every message of a chat has; no account's mark begins like it. */
function chatWord(chat: number): string {
  return `c${chat}`;
}

/** Words are letters and digits, so there is nothing to escape. */
function quote(word: string): string {
  return `"${word}"`;
}
