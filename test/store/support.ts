/** What the tests of the store share: items as the gateway makes them, and short ways to ask for them. */
import type { Archive, HistoryPage, HistoryQuery, Item, ItemData, NewItem } from '../../src/store/archive.ts';

export const alice = 'alice@web.example.com';
export const dora = 'dora@web.example.com';
export const bob = 'bob@example.com';
export const carol = 'carol@example.com';
/** When the tests begin. */
export const noon = Date.UTC(2026, 0, 1, 12);

type Changes = Partial<NewItem>;

/** A message of the chat's peer. */
export function incoming(id: string, body: string, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon } = changes;
  const data = { chat, type: 'chat', from: `${chat}/phone`, to: alice, time: iso(now), body };
  return {
    type: 'message',
    chat,
    author: chat,
    outgoing: false,
    now,
    ids: [id],
    data,
    text: body,
    unread: true,
    ...changes,
  };
}

/** A message of the account. */
export function outgoing(id: string, body: string, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon, author = alice } = changes;
  const data = { chat, type: 'chat', outgoing: true, from: author, to: chat, time: iso(now), body };
  return { type: 'message', chat, author, outgoing: true, now, ids: [id], data, text: body, ...changes };
}

/** The peer acts on a message. */
export function action(type: NewItem['type'], target: string, data: ItemData = {}, changes: Changes = {}): NewItem {
  const { chat = bob, now = noon } = changes;
  const shown = { chat, from: `${chat}/phone`, time: iso(now), ...data };
  return { type, chat, author: chat, outgoing: false, now, target: { id: target }, data: shown, ...changes };
}

export function edit(target: string, body: string, changes: Changes = {}): NewItem {
  const { ids = [`${target}-edit`] } = changes;
  return action('message.edited', target, { type: 'chat', body }, { text: body, ids, ...changes });
}

export function receipt(target: string, status: 'delivered' | 'displayed', changes: Changes = {}): NewItem {
  return action('receipt', target, { status }, { target: { id: target, author: alice }, ...changes });
}

export function reaction(target: string, reactions: string[], changes: Changes = {}): NewItem {
  return action('reaction', target, { reactions }, changes);
}

export async function appendAll(archive: Archive, items: readonly NewItem[], account = alice): Promise<Item[]> {
  return (await Promise.all(items.map((item) => archive.append(account, item)))).flat();
}

export function folded(archive: Archive, query: Partial<HistoryQuery> = {}, account = alice): Promise<HistoryPage> {
  return archive.history(account, { max: 100, view: 'folded', ...query });
}

export function log(archive: Archive, query: Partial<HistoryQuery> = {}, account = alice): Promise<HistoryPage> {
  return archive.history(account, { max: 100, view: 'log', ...query });
}

export const bodies = (page: { items: readonly Item[] }) => page.items.map((item) => item.data.body);
export const oneIds = (page: { items: readonly Item[] }) => page.items.map((item) => item.data.id);
export const archiveIds = (page: { items: readonly Item[] }) => page.items.map((item) => item.archiveId);
export const iso = (ms: number) => new Date(ms).toISOString();
