/**
 * The asking side of XEP-0030: what another entity is, and what is there. Everything is asked in the account's name, since
 * services show more to some than to others.
 */
import { randomUUID } from 'node:crypto';
import type { Account } from '../extension.ts';
import type { DiscoInfo, DiscoItem } from '../protocol/discovery.ts';
import type { Form } from '../protocol/forms.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { type PageQuery, pageInfo, pageQuery, pageShown } from '../xmpp/rsm.ts';
import { type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { fitting, pageBytes } from './page.ts';
import { readForm } from './xep0004-forms.ts';

/** More of an answer is not read. */
const maxIdentities = 100;
const maxFeatures = 1000;
const maxForms = 20;

/** Sends a query in the account's name. @returns the answer's payload. @throws StanzaError */
export async function ask(account: Account, to: Jid, type: 'get' | 'set', payload: Element) {
  const iq = el('iq', { from: account.client.full, to: to.full, type, id: randomUUID() }, payload);
  return elements(await account.gateway.request(iq))[0];
}

export async function discoInfo(account: Account, to: Jid, node?: string): Promise<DiscoInfo> {
  return readInfo(await ask(account, to, 'get', el('query', { xmlns: ns.discoInfo, node })));
}

export function readInfo(query: Element | undefined): DiscoInfo {
  const children = query && namespaceOf(query) === ns.discoInfo ? elements(query) : [];
  const named = (name: string) => children.filter((child) => nameOf(child) === name);
  const features = named('feature').flatMap(({ attrs }) => attrs.var || []);
  const forms = named('x').flatMap((x): Form | [] => (namespaceOf(x) === ns.dataForms ? (readForm(x) ?? []) : []));
  return {
    identities: named('identity').slice(0, maxIdentities).flatMap(readIdentity),
    features: [...new Set(features)].slice(0, maxFeatures),
    ...(forms.length === 0 ? {} : { forms: forms.slice(0, maxForms) }),
  };
}

function readIdentity({ attrs }: Element): DiscoInfo['identities'] {
  const { category, type, name } = attrs;
  const lang = attrs['xml:lang'];
  if (!category || !type) return [];
  return [{ category, type, ...(name ? { name } : {}), ...(lang ? { lang } : {}) }];
}

export interface ItemsPage {
  items: DiscoItem[];
  first?: string;
  last?: string;
  count?: number;
  complete: boolean;
}

/** What a service answers to one query for items: a page, or (`isAll`) all there is, where it knows no pages. */
export async function askItems(
  account: Account,
  to: Jid,
  { node, ...query }: PageQuery & { node?: string },
): Promise<ItemsPage & { isAll: boolean }> {
  // A page is asked for always: without that, ejabberd shows only a part of its rooms.
  const answer = await ask(account, to, 'get', el('query', { xmlns: ns.discoItems, node }, pageQuery(query)));
  const items = answer && namespaceOf(answer) === ns.discoItems ? elements(answer).flatMap(readItem) : [];
  const info = answer && pageInfo(answer);
  if (!info) return { items: items.toSorted(byKey), count: items.length, complete: true, isAll: true };
  return { items, ...pageShown(info, query, items.length), isAll: false };
}

/** One page of what is there; `max` is at most what the gateway allows. */
export async function discoItems(
  account: Account,
  to: Jid,
  query: { node?: string; max?: number; after?: string },
): Promise<ItemsPage> {
  const { limits } = account.gateway;
  const max = Math.min(query.max ?? limits.historyMax, limits.historyMax);
  const { isAll, ...page } = await askItems(account, to, { ...query, max });
  return isAll ? cut(page.items, keyOf, query.after, max, pageBytes(limits)) : page;
}

function readItem(item: Element): DiscoItem[] {
  const { jid: text = '', node, name } = item.attrs;
  const jid = nameOf(item) === 'item' ? tryParse(text) : undefined;
  return jid ? [{ jid: jid.full, ...(node ? { node } : {}), ...(name ? { name } : {}) }] : [];
}

function keyOf({ jid, node }: DiscoItem): string {
  return node === undefined ? jid : `${jid} ${node}`;
}

/** Services list their items in any order (Prosody in another one each time), and a cursor needs one. */
function byKey(a: DiscoItem, b: DiscoItem): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  return one < other ? -1 : Number(one > other);
}

/** A page of a whole list that is sorted by key; the keys are its cursors. */
export function cut<T>(
  all: readonly T[],
  key: (item: T) => string,
  after: string | undefined,
  max: number,
  bytes: number,
): { items: T[]; first?: string; last?: string; count: number; complete: boolean } {
  const rest = after === undefined ? all : all.filter((item) => key(item) > after);
  const items = [...fitting(rest.slice(0, max), bytes, 'first')];
  const [first, last] = [items[0], items.at(-1)];
  return {
    items,
    ...(first === undefined || last === undefined ? {} : { first: key(first), last: key(last) }),
    count: all.length,
    complete: items.length === rest.length,
  };
}
