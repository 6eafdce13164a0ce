/**
 * XEP-0313 in the asking role: pages of the archives that rooms keep. A result counts only from the archive that was
 * asked, to who asked, with the id of a query that is open (§8); a query is bounded in time, items and bytes.
 */
import type { Account } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Jid } from '../xmpp/jid.ts';
import { type Archived, type ArchiveFilter, archiveAnswer, archivedIn, archiveQuery } from '../xmpp/mam.ts';
import type { PageQuery } from '../xmpp/rsm.ts';
import { type Element, el } from '../xmpp/stanza.ts';
import { assembled } from './xep0367-attaching.ts';

export type { Archived, ArchiveFilter } from '../xmpp/mam.ts';

export interface ArchivePage {
  /** Oldest first. */
  readonly items: readonly Archived[];
  readonly first?: string;
  readonly last?: string;
  /** Nothing more in the direction that was asked. */
  readonly complete: boolean;
}

/** How far a walk through pages goes. */
export interface Bounds {
  readonly pages: number;
  /** Items of a page. */
  readonly max: number;
  /** Milliseconds for all of it. */
  readonly within: number;
}

interface OpenQuery {
  readonly archive: string;
  readonly asker: string;
  readonly max: number;
  readonly items: Archived[];
  /** Characters that may still come. */
  room: number;
}

/** A page of so many characters is no page any more. */
const maxChars = 4 * 1024 * 1024;
const maxOpen = 1000;

export class ArchiveQueries {
  readonly #open = new Map<string, OpenQuery>();
  readonly #maxChars: number;

  constructor(options: { readonly maxChars?: number } = {}) {
    this.#maxChars = options.maxChars ?? maxChars;
  }

  /** A result, where it belongs to an open query; anything else is not for us: false. */
  take(message: Element, from: Jid, to: string): boolean {
    const found = archivedIn(message);
    const query = found && this.#open.get(found.queryId);
    if (!query || query.archive !== from.full || query.asker !== to) return false;
    query.room -= weigh(message);
    // More items than were asked for would be skipped by whoever pages on behind the last one.
    if (query.items.length >= query.max) query.room = -1;
    else if (found.item && query.room >= 0) query.items.push(found.item);
    return true;
  }

  /** @throws StanzaError what the archive answers, `timeout`, `link-down`, `resource-constraint` */
  async page(account: Account, archive: string, page: PageQuery, filter: ArchiveFilter = {}): Promise<ArchivePage> {
    if (this.#open.size >= maxOpen) throw tooMuch('Too many archives are being read');
    const id = crypto.randomUUID();
    const { max = 100 } = page;
    const query: OpenQuery = { archive, asker: account.client.full, max, items: [], room: this.#maxChars };
    this.#open.set(id, query);
    try {
      const iq = el('iq', { type: 'set', from: query.asker, to: archive, id }, archiveQuery(id, filter, page));
      const { complete, ...answer } = archiveAnswer(await account.gateway.request(iq));
      if (query.room < 0) throw tooMuch('The archive sent more than a page');
      const { items } = query;
      const [first, last] = [answer.first ?? items[0]?.id, answer.last ?? items.at(-1)?.id];
      return {
        items: assembled(items),
        ...(first === undefined || items.length === 0 ? {} : { first }),
        ...(last === undefined || items.length === 0 ? {} : { last }),
        // An archive that sends nothing has nothing, whatever it says of it.
        complete: complete || items.length === 0,
      };
    } finally {
      this.#open.delete(id);
    }
  }

  /**
   * Page after page forwards, from behind `after` (or from the filter's start) to the end. Ends early, with a last page
   * that is not complete, where the bounds say so, or where the archive does not move on.
   */
  async *pages(
    account: Account,
    archive: string,
    from: { readonly after?: string } & ArchiveFilter,
    bounds: Bounds,
  ): AsyncGenerator<ArchivePage, void, undefined> {
    const { after: start, ...filter } = from;
    const ends = performance.now() + bounds.within;
    let after = start;
    for (let number = 0; number < bounds.pages && performance.now() < ends; number++) {
      const page = await this.page(
        account,
        archive,
        { max: bounds.max, ...(after === undefined ? {} : { after }) },
        filter,
      );
      yield page;
      if (page.complete || page.last === undefined || page.last === after) return;
      after = page.last;
    }
  }

  /** Page after page backwards, from the newest on. */
  async *back(account: Account, archive: string, bounds: Bounds): AsyncGenerator<ArchivePage, void, undefined> {
    const ends = performance.now() + bounds.within;
    let before = '';
    for (let number = 0; number < bounds.pages && performance.now() < ends; number++) {
      const page = await this.page(account, archive, { max: bounds.max, before });
      yield page;
      if (page.complete || page.first === undefined || page.first === before) return;
      before = page.first;
    }
  }
}

/** Roughly what an element costs, in characters. */
function weigh(element: Element): number {
  let chars = 16 + element.name.length * 2;
  for (const key in element.attrs) chars += key.length + (element.attrs[key]?.length ?? 0);
  for (const child of element.children) chars += typeof child === 'string' ? child.length : weigh(child);
  return chars;
}

function tooMuch(why: string): StanzaError {
  return new StanzaError('resource-constraint', why, { retry: true });
}
