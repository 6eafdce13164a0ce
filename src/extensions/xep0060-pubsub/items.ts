/** The items of a node: reading them by pages, publishing, taking back (XEP-0060 §6.5, §7.1, §7.2). */
import type { Account, Extension } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import type { PubsubItem } from '../../protocol/pubsub.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { pageInfo, pageQuery, pageShown } from '../../xmpp/rsm.ts';
import { append, type Element, el, elements, find, nameOf } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { ask } from '../discovery.ts';
import { fitting, pageBytes } from '../page.ts';
import { unasked } from '../xep0004-forms.ts';
import { readItem, writeItem } from './payload.ts';

type Get = RequestData<'pubsub.get'>;
type Page = RequestResult<'pubsub.get'>;

async function get(account: Account, { service, node, ids, max, after }: Get): Promise<Page> {
  const { limits } = account.gateway;
  const most = Math.min(max ?? limits.historyMax, limits.historyMax);
  const wanted = (ids ?? []).map((id) => el('item', { id }));
  const query = el('pubsub', { xmlns: ns.pubsub }, el('items', { node }, ...wanted));
  if (!ids) append(query, pageQuery({ max: most, ...(after === undefined ? {} : { after }) }));
  const answer = await ask(account, address(service, 'service'), 'get', query);
  const list = answer && find(answer, 'items', ns.pubsub);
  const items = list
    ? elements(list)
        .filter((child) => nameOf(child) === 'item')
        .map(readItem)
    : [];
  const info = answer && !ids ? pageInfo(answer) : undefined;
  if (!info) return pageOf(items, ids ? undefined : after, most, pageBytes(limits));
  return { items, ...pageShown(info, after === undefined ? {} : { after }, items.length) };
}

/** COMPAT(Prosody 13): it sends all there is, whatever is asked for; its own ids are the cursors then. */
function pageOf(all: readonly PubsubItem[], after: string | undefined, max: number, bytes: number): Page {
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0) {
    throw new StanzaError('item-not-found', 'The item of this cursor is there no more', { field: 'after' });
  }
  const items = [...fitting(all.slice(from, from + max), bytes, 'first')];
  const [first, last] = [items[0]?.id, items.at(-1)?.id];
  return {
    items,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    count: all.length,
    complete: from + items.length === all.length,
  };
}

async function publish(account: Account, { service, node, item, options }: RequestData<'pubsub.publish'>) {
  const payload = el('pubsub', { xmlns: ns.pubsub }, el('publish', { node }, writeItem(item)));
  if (options) append(payload, el('publish-options', {}, unasked(options, ns.pubsubPublishOptions)));
  const answer = await ask(account, address(service, 'service'), 'set', payload);
  const id = publishedId(answer) ?? item.id;
  return id === undefined ? {} : { id };
}

function publishedId(answer: Element | undefined): string | undefined {
  const published = answer && find(answer, 'publish', ns.pubsub);
  return (published && find(published, 'item', ns.pubsub)?.attrs.id) || undefined;
}

export const requests = {
  'pubsub.get': ({ account }, data) => get(account, data),
  'pubsub.publish': ({ account }, data) => publish(account, data),
  'pubsub.retract': async ({ account }, { service, node, ids, notify = true }) => {
    const to = address(service, 'service');
    // Prosody and ejabberd take one item of a request only.
    const all = ids.map((id) => {
      const retract = el('retract', { node, notify: String(notify) }, el('item', { id }));
      return ask(account, to, 'set', el('pubsub', { xmlns: ns.pubsub }, retract));
    });
    const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return undefined;
  },
} satisfies Extension['requests'];
