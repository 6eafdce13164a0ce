/**
 * What a room's archive has behind the last message that an account knows (XEP-0313). Servers treat a place that they have
 * forgotten in three ways: an error, an empty page, or the whole archive (Prosody 0.12, Prosody 13, ejabberd); so the newest
 * page is read first, and nothing counts that is much older than the place.
 */
import type { Account } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Archived, Bounds } from '../archive-query.ts';
import { archiveOf } from './archive.ts';

/** Of one catch-up: 10,000 messages. What is further back is for history.get. */
const bounds: Bounds = { pages: 100, max: 100, within: 5 * 60_000 };
/** Clocks differ, and stamps may have whole seconds only. */
const overlapMs = 60_000;

export interface Place {
  readonly archiveId?: string;
  readonly time: string;
}

/** What is behind that place, and the newest of what is before it, where that was read anyway. */
export interface Missed {
  readonly items: readonly Archived[];
  readonly before: readonly Archived[];
}

/** Page by page, oldest first. Without a place: the newest page as what was before. @throws StanzaError */
export async function* missed(account: Account, room: string, place: Place | undefined): AsyncGenerator<Missed> {
  const newest = await archiveOf(account).page(account, room, { max: bounds.max, before: '' });
  const at = newest.items.findIndex(({ id }) => id === place?.archiveId);
  if (!place || at >= 0) {
    const split = place ? at + 1 : newest.items.length;
    yield { items: newest.items.slice(split), before: newest.items.slice(0, split) };
    return;
  }
  const first = newest.items[0];
  if (!first) return;
  const since = Date.parse(place.time) - overlapMs;
  // Already all of it.
  if (!newest.complete) yield* between(account, room, place, { until: first.id, since });
  yield { items: younger(newest.items, since), before: [] };
}

async function* between(
  account: Account,
  room: string,
  { archiveId }: Place,
  range: { until: string; since: number },
): AsyncGenerator<Missed> {
  let found = false;
  if (archiveId !== undefined) {
    try {
      for await (const items of walk(account, room, { after: archiveId }, range)) {
        found ||= items.length > 0;
        yield { items, before: [] };
      }
    } catch (error) {
      // COMPAT(Prosody 0.12): it does not know the place any more.
      if (!(error instanceof StanzaError && error.code === 'item-not-found')) throw error;
    }
  }
  // COMPAT(Prosody 13): an empty page would be a silent gap.
  if (!found) for await (const items of walk(account, room, { start: range.since }, range)) yield { items, before: [] };
}

async function* walk(
  account: Account,
  room: string,
  from: { after?: string; start?: number },
  { until, since }: { until: string; since: number },
): AsyncGenerator<readonly Archived[]> {
  for await (const { items } of archiveOf(account).pages(account, room, from, bounds)) {
    const end = items.findIndex(({ id }) => id === until);
    yield younger(end < 0 ? items : items.slice(0, end), since);
    if (end >= 0) return;
  }
}

/** COMPAT(ejabberd): behind an id that is no number of its own it begins with the oldest message. */
function younger(items: readonly Archived[], since: number): readonly Archived[] {
  return items.filter(({ stamp = '' }) => !(Date.parse(stamp) < since));
}
