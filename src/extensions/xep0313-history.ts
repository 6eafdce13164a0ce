/**
 * XEP-0313 Message Archive Management 1.1.3, in JSON: `history.get` pages through the account's archive, which is the
 * gateway's own. On the XMPP side it answers nobody, and results that somebody sends are no history (§8).
 *   {"chat":"bob@example.com","before":"01JGYV","max":50} → {"items":[…],"first":"…","last":"…","complete":false}
 */
import { type Account, extension, type HistoryQuery, type Item, part, xep } from '../extension.ts';
import { badRequest } from '../protocol/errors.ts';
import type { RequestData } from '../protocol/frames.ts';
import { address } from './address.ts';
import { chatKey } from './chat-key.ts';
import { fitting, pageBytes } from './page.ts';

export type Asked = RequestData<'history.get'>;

/** @throws StanzaError bad-request naming the field */
export function queryOf({ chat, before, after, ids, text, view, max, ...range }: Asked, most: number): HistoryQuery {
  if (before !== undefined && after !== undefined) throw badRequest('after', 'a page is before or after a cursor');
  if (ids !== undefined && chat === undefined) throw badRequest('chat', 'ids are those of one chat');
  if (text?.trim() === '') throw badRequest('text', 'text has no word to search for');
  const start = timeOf(range.start, 'start');
  const end = timeOf(range.end, 'end');
  return {
    ...(chat === undefined ? {} : { chat: address(chat, 'chat').bare }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(ids === undefined ? {} : { ids }),
    ...(text === undefined ? {} : { text }),
    max: Math.min(max ?? most, most),
    // Who catches up wants what happened; who scrolls back wants what is left of it.
    view: view ?? (after === undefined ? 'folded' : 'log'),
  };
}

function timeOf(text: string | undefined, field: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(field, `${field} is not a time`);
  return time;
}

/** PROTOCOL.md §4: a message that was missed is delivered by the page that has it. */
function delivered(account: Account, items: readonly Item[]): void {
  for (const { type, archiveId, data } of items) {
    if ((type === 'message' || type === 'message.edited') && !data.outgoing) account.processed(archiveId);
  }
}

export default extension({
  spec: xep('0313', '1.1.3'),
  also: [part('0059', 'Result Set Management'), part('0431', 'Full Text Search in MAM')],
  requests: {
    'history.get': async (session, data) => {
      const { account, gateway } = session;
      const chat = data.chat === undefined ? undefined : address(data.chat, 'chat');
      const service = chat && gateway.serving(account, chat);
      if (chat && service?.history) return service.history(session, data, chat);
      const key = chat && (await chatKey(account, chat));
      const query = { ...queryOf(data, gateway.limits.historyMax), ...(key === undefined ? {} : { chat: key }) };
      const page = await account.archive.history(account.jid.bare, query);
      const forward = query.after !== undefined;
      const items = fitting(page.items, pageBytes(gateway.limits), forward ? 'first' : 'last');
      if (forward) delivered(account, items);
      const [first, last] = [items[0]?.archiveId, items.at(-1)?.archiveId];
      return {
        items: items.map((item) => ({ type: item.type, data: item.data })),
        ...(first === undefined || last === undefined ? {} : { first, last }),
        complete: page.complete && items.length === page.items.length,
      };
    },
  },
});
