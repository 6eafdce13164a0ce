/**
 * The full-text index: which message has which words. It holds no text, only numbers of messages by word.
 */
import type { DatabaseSync } from 'node:sqlite';
import { words } from './words.ts';

export class SearchIndex {
  readonly #add;
  readonly #remove;

  constructor(db: DatabaseSync) {
    // FTS5 takes row numbers as integers only, and a number is bound as a float.
    this.#add = db.prepare('INSERT INTO search (rowid, words) VALUES (CAST(? AS INTEGER), ?)');
    this.#remove = db.prepare('DELETE FROM search WHERE rowid = CAST(? AS INTEGER)');
  }

  add(account: number, chat: number, item: number, text: string): void {
    const found = words(text);
    if (found.length === 0) return;
    const mark = `${account}x`;
    this.#add.run(item, `${chatWord(chat)} ${mark}${found.join(` ${mark}`)}`);
  }

  remove(item: number): void {
    this.#remove.run(item);
  }
}

/** What every message of a chat has; no other word begins like it. */
function chatWord(chat: number): string {
  return `c${chat}`;
}

/** The FTS5 expression for: every word, the last one maybe only begun. Undefined where there is no word. */
export function searchExpression(account: number, chat: number | undefined, text: string): string | undefined {
  const found = words(text);
  const last = found.pop();
  if (last === undefined) return undefined;
  const whole = found.map((word) => `"${account}x${word}"`);
  const scope = chat === undefined ? [] : [`"${chatWord(chat)}"`];
  return [...whole, `"${account}x${last}"*`, ...scope].join(' AND ');
}
