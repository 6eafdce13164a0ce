/** The archive of a scripted room (XEP-0313 with XEP-0059 pages), and the history that a join gets of it. */
import { ns } from '../../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find } from '../../../src/xmpp/stanza.ts';
import { delay, valuesOf } from './parts.ts';
import type { Traits } from './traits.ts';

export interface Archived {
  id: string;
  time: Date;
  /** As the room sent it, without `to`. */
  stanza: Element;
}

export interface Page {
  items: Archived[];
  complete: boolean;
}

export class ScriptedArchive {
  /** All of it, the oldest first. A test may put in and take out what it likes. */
  readonly items: Archived[] = [];
  /** The largest page that is given, whatever was asked for. */
  pageSize = 50;
  readonly #traits: Traits;

  constructor(traits: Traits) {
    this.#traits = traits;
  }

  /** The page that was asked for, or the condition of the refusal. */
  page(query: Element): Page | 'item-not-found' {
    const set = find(query, 'set', ns.rsm);
    const values = valuesOf(find(query, 'x', ns.dataForms));
    const all = this.items.filter((item) => matches(item, values));
    const before = (set && childText(set, 'before', ns.rsm)) ?? values.get('before-id');
    const after = (set && childText(set, 'after', ns.rsm)) ?? values.get('after-id');
    const max = Math.min(Number((set && childText(set, 'max', ns.rsm)) ?? this.pageSize), this.pageSize);
    const range = this.#between(all, after, before);
    if (range === 'item-not-found') return range;
    // XEP-0059 §2.3: with `before` the last ones of what is there
    const items = before === undefined ? range.slice(0, max) : range.slice(Math.max(0, range.length - max));
    return { items, complete: items.length === range.length };
  }

  /** Sends the page and its end. */
  answer(iq: Element, query: Element, send: (stanza: Element) => void): 'item-not-found' | undefined {
    const page = this.page(query);
    if (page === 'item-not-found') return page;
    const { to: room, from, id } = iq.attrs;
    const { queryid } = query.attrs;
    for (const item of page.items) {
      const forwarded = el('forwarded', { xmlns: ns.forward }, delay(item.time), inClient(item.stanza));
      send(el('message', { from: room, to: from }, el('result', { xmlns: ns.mam, id: item.id, queryid }, forwarded)));
    }
    const last = page.items.at(-1);
    const set = el(
      'set',
      { xmlns: ns.rsm },
      page.items[0] && el('first', {}, page.items[0].id),
      last && el('last', {}, last.id),
      this.#traits.counts ? el('count', {}, String(this.items.length)) : undefined,
    );
    const fin = el('fin', { xmlns: ns.mam, complete: page.complete ? 'true' : undefined }, set);
    send(el('iq', { type: 'result', id, from: room, to: from }, fin));
    return undefined;
  }

  /** Puts a tombstone in the place of what a message said. */
  moderate(id: string, tombstone: Element): void {
    const item = this.items.find((one) => one.id === id);
    const marks = item ? elements(item.stanza).filter(({ name }) => name === 'occupant-id') : [];
    if (item) item.stanza = el('message', { ...item.stanza.attrs }, tombstone, ...marks);
  }

  /** XEP-0045 §7.2.13: what a join asked for, at most `limit` messages. */
  history(wish: Element | undefined, limit: number): Archived[] {
    const { maxstanzas, maxchars, seconds, since } = wish?.attrs ?? {};
    const from = seconds === undefined ? Date.parse(since ?? '') : Date.now() - 1000 * Number(seconds);
    const recent = Number.isNaN(from) ? this.items : this.items.filter(({ time }) => time.getTime() >= from);
    const spoken = recent.filter(({ stanza }) => find(stanza, 'body', '') !== undefined);
    const most = maxchars === '0' ? 0 : Math.min(Number(maxstanzas ?? limit), limit);
    return spoken.slice(Math.max(0, spoken.length - most));
  }

  #between(all: Archived[], after: string | undefined, before: string | undefined): Archived[] | 'item-not-found' {
    const place = (id: string | undefined): number => all.findIndex((item) => item.id === id);
    const wanted = [after, before].filter((id) => id !== undefined && id !== '');
    if (wanted.some((id) => place(id) < 0)) {
      if (this.#traits.unknownCursor === 'item-not-found') return 'item-not-found';
      return this.#traits.unknownCursor === 'nothing' ? [] : all;
    }
    return all.slice(after ? place(after) + 1 : 0, before ? place(before) : all.length);
  }
}

function matches({ id, time }: Archived, values: Map<string, string>): boolean {
  const [start, end] = [values.get('start'), values.get('end')];
  if (start !== undefined && time.getTime() < Date.parse(start)) return false;
  if (end !== undefined && time.getTime() > Date.parse(end)) return false;
  return !values.has('ids') || values.get('ids') === id;
}

function inClient(stanza: Element): Element {
  const { to: _to, ...attrs } = stanza.attrs;
  return el(stanza.name, { ...attrs, xmlns: ns.client }, ...elements(stanza));
}
