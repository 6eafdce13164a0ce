/**
 * XEP-0433 Extended Channel Search 0.1.0, and the same request where a service does not know it: over its items and their
 * names (XEP-0030).
 *   {"type":"directory.search","data":{"text":"chess"}}
 *   → <search xmlns="urn:xmpp:channel-search:0:search"><x xmlns="jabber:x:data" type="submit">…<field var="q">…</search>
 */
import { type Account, extension, type Gateway, xep } from '../extension.ts';
import type { DiscoItem, Found } from '../protocol/discovery.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { RequestData, RequestResult } from '../protocol/frames.ts';
import { type Jid, tryParse, unescapeLocal } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { pageInfo, pageQuery } from '../xmpp/rsm.ts';
import { childText, type Element, el, elements, find, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { ask, askItems, cut, discoInfo } from './discovery.ts';
import { pageBytes } from './page.ts';
import { submission } from './xep0004-forms.ts';

/** One request looks through so many pages of a service's list; the client may go on from there. */
const maxPages = 20;

type Search = RequestData<'directory.search'>;
type Result = RequestResult<'directory.search'>;

async function search(account: Account, { service, text = '', max, after }: Search): Promise<Result> {
  const { gateway } = account;
  const to = service === undefined ? roomService(gateway) : address(service, 'service');
  const { historyMax } = gateway.limits;
  const page = { max: Math.min(max ?? historyMax, historyMax), ...(after === undefined ? {} : { after }) };
  const { features } = await discoInfo(account, to);
  if (features.includes(ns.channelSearch)) return searchChannels(account, to, text, page);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return searchItems(account, to, (item) => has(item, words), page);
}

function roomService(gateway: Gateway): Jid {
  const rooms = gateway.extensions.map((one) => one.services?.(gateway).rooms).find((one) => one !== undefined);
  const jid = tryParse(rooms ?? '');
  if (jid) return jid;
  throw new StanzaError('item-not-found', 'No room service of the XMPP server is known', { field: 'service' });
}

interface Page {
  readonly max: number;
  readonly after?: string;
}

async function searchChannels(account: Account, to: Jid, text: string, page: Page): Promise<Result> {
  const form = submission(ns.channelSearchParams, {
    ...(text === '' ? { all: '1' } : { q: text }),
    types: ['xep-0045'],
    // §Search Form Fields: the one order in which pages miss nothing and repeat nothing.
    key: `{${ns.channelSearchOrder}}address`,
  });
  const answer = await ask(account, to, 'get', el('search', { xmlns: ns.channelSearch }, pageQuery(page), form));
  const items = answer && namespaceOf(answer) === ns.channelSearch ? elements(answer).flatMap(readChannel) : [];
  const { first, last, count } = (answer && pageInfo(answer)) ?? {};
  return {
    items: items.slice(0, page.max),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    ...(count === undefined ? {} : { count }),
    complete: items.length === 0 || last === undefined || (page.after === undefined && count === items.length),
  };
}

function readChannel(item: Element): Found[] {
  const jid = nameOf(item) === 'item' ? tryParse(item.attrs.address ?? '') : undefined;
  if (!jid) return [];
  const text = (name: string): string => childText(item, name, ns.channelSearch)?.trim() ?? '';
  const [name, description, language] = [text('name'), text('description'), text('language')];
  const occupants = Number.parseInt(text('nusers'), 10);
  const mode = text('anonymity-mode');
  const open = find(item, 'is-open', ns.channelSearch);
  return [
    {
      jid: jid.full,
      ...(name ? { name } : {}),
      ...(description ? { description } : {}),
      ...(language ? { language } : {}),
      ...(occupants >= 0 ? { occupants } : {}),
      // The schema says that it holds a boolean, the examples leave it empty.
      ...(open ? { open: !['0', 'false'].includes(text('is-open')) } : {}),
      ...(mode ? { anonymous: mode === 'muc_semianonymous' ? ('semi' as const) : ('non' as const) } : {}),
    },
  ];
}

/** Each word must be in the name or in the address. */
function has({ jid, name = '' }: DiscoItem, words: readonly string[]): boolean {
  const text = `${name} ${unescapeLocal(tryParse(jid)?.local ?? '')}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

async function searchItems(
  account: Account,
  to: Jid,
  fits: (item: DiscoItem) => boolean,
  { max, after }: Page,
): Promise<Result> {
  const bytes = pageBytes(account.gateway.limits);
  // A cursor is a place in a page of the service's: the cursor of the page before, and how many of its items were seen.
  let [place, skip] = readCursor(after);
  const items: Found[] = [];
  for (let asked = 0; asked < maxPages; asked++) {
    const page = await askItems(account, to, { max: 100, ...(place === undefined ? {} : { after: place }) });
    if (page.isAll) {
      const found = cut(page.items.filter(fits).map(toFound), ({ jid }) => jid, place, max, bytes);
      return { ...found, ...(found.last === undefined ? {} : { last: cursorOf(0, found.last) }) };
    }
    for (const [index, item] of page.items.entries()) {
      if (index < skip || !fits(item)) continue;
      if (items.length === max) return { items, ...ends(items, cursorOf(index, place)), complete: false };
      items.push(toFound(item));
    }
    place = page.last;
    skip = 0;
    if (page.complete)
      return { items, ...(place === undefined ? {} : ends(items, cursorOf(0, place))), complete: true };
  }
  return { items, ...ends(items, cursorOf(0, place)), complete: false };
}

function ends(items: readonly Found[], last: string) {
  const [first] = items;
  return { ...(first ? { first: first.jid } : {}), last };
}

function cursorOf(skip: number, place = ''): string {
  return `${skip} ${place}`;
}

/** @throws StanzaError bad-request */
function readCursor(after: string | undefined): [place: string | undefined, skip: number] {
  if (after === undefined) return [undefined, 0];
  const [, skip, place] = /^(\d{1,4}) (.*)$/s.exec(after) ?? [];
  if (skip === undefined || place === undefined) throw badRequest('after', 'after is the last of a page before');
  return [place === '' ? undefined : place, Number(skip)];
}

function toFound({ jid, name }: DiscoItem): Found {
  return { jid, ...(name === undefined ? {} : { name }) };
}

export default extension({
  spec: xep('0433', '0.1.0'),
  requests: { 'directory.search': ({ account }, query) => search(account, query) },
});
