/**
 * `history.get` of a room: a page of the room's own archive (XEP-0313), in the shape of events. The folded view covers what
 * is in the page.
 */
import type { Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import { ns } from '../../xmpp/namespaces.ts';
import type { PageQuery } from '../../xmpp/rsm.ts';
import type { ArchiveFilter } from '../archive-query.ts';
import { fitting, pageBytes } from '../page.ts';
import { type Asked, queryOf } from '../xep0313-history.ts';
import { archiveOf } from './archive.ts';
import { feedOf } from './feed.ts';
import { foldPage } from './fold.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';
import { isOwn } from './tell.ts';

type Page = RequestResult<'history.get'>;
type Item = Page['items'][number] & { readonly archiveId: string };

export async function roomHistory(session: Session, room: Room, data: RequestData<'history.get'>): Promise<Page> {
  const { account, gateway } = session;
  const { max, view, before, after, start, end, ids, text } = queryOf(data, gateway.limits.historyMax);
  const { shared } = room;
  if (shared.info && !shared.has(ns.mam)) {
    throw new StanzaError('feature-not-implemented', 'The room keeps no archive', { field: 'chat', by: room.jid });
  }
  const filter: ArchiveFilter = {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(ids === undefined ? {} : { ids: needs(room, `${ns.mam}#extended`, 'ids', ids) }),
    ...(text === undefined ? {} : { text: needs(room, ns.fullText, 'text', text) }),
  };
  // Without a cursor it is the newest page.
  const asked: PageQuery = after === undefined ? { max, before: before ?? '' } : { max, after };
  const page = await archiveOf(account).page(account, room.jid, asked, filter);
  const feed = feedOf(gateway, shared);
  const said = page.items.flatMap((item) => {
    const one = feed.learn(item);
    return one?.event ? [{ said: one, archiveId: item.id }] : [];
  });
  const shown = view === 'log' ? said.map((one) => itemOf(room, one)) : foldPage(said.map((one) => itemOf(room, one)));
  const items = fitting(shown, pageBytes(gateway.limits), after === undefined ? 'last' : 'first');
  return pageOf(items, shown, page);
}

/** The answer's cursors are those of the archive's page, but where not all of it fits. */
function pageOf(
  items: readonly Item[],
  all: readonly Item[],
  page: { readonly first?: string; readonly last?: string; readonly complete: boolean },
): Page {
  const first = items[0] === all[0] ? page.first : items[0]?.archiveId;
  const last = items.at(-1) === all.at(-1) ? page.last : items.at(-1)?.archiveId;
  return {
    items: items.map(({ type, data }) => ({ type, data })),
    ...(first === undefined || last === undefined ? {} : { first, last }),
    complete: page.complete && items.length === all.length,
  };
}

function itemOf(room: Room, { said, archiveId }: { said: Said; archiveId: string }): Item {
  const { type, data } = said.event?.source ?? { type: 'stanza', data: {} };
  const known = 'archiveId' in data ? data : { ...data, archiveId };
  const isMessage = type === 'message' || type === 'message.edited';
  return { type, archiveId, data: isMessage && isOwn(room, said) ? { ...known, outgoing: true } : known };
}

/** @throws StanzaError feature-not-implemented naming the field */
function needs<T>({ shared, jid }: Room, feature: string, field: keyof Asked, value: T): T {
  if (shared.has(feature)) return value;
  throw new StanzaError('feature-not-implemented', `The room's archive cannot be asked for ${field}`, {
    field,
    by: jid,
  });
}
