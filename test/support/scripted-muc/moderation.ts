/** XEP-0425 of a scripted room, in both its forms: a moderator takes back what somebody said; a tombstone is left of it. */
import { ns } from '../../../src/xmpp/namespaces.ts';
import { childText, type Element, el, find } from '../../../src/xmpp/stanza.ts';
import { errorTo, resultTo } from './parts.ts';
import type { ScriptedRoom } from './room.ts';

export function moderate(room: ScriptedRoom, iq: Element, query: Element): Element | undefined {
  const older = find(query, 'moderate', ns.moderationOlder);
  const xmlns = older ? ns.moderationOlder : ns.moderation;
  const moderator = room.occupantWith(iq.attrs.from ?? '');
  if (!room.config.moderation.includes(xmlns)) return errorTo(iq, 'cancel', 'service-unavailable');
  if (moderator?.role !== 'moderator') return errorTo(iq, 'auth', 'forbidden');
  const item = room.archive.items.find(({ id }) => id === query.attrs.id);
  if (!item) return errorTo(iq, 'cancel', 'item-not-found');
  const reason = childText(older ?? query, 'reason', xmlns);
  const by = `${room.jid}/${moderator.nick}`;
  room.archive.moderate(item.id, tombstone(xmlns, by, reason));
  room.announceAll(moderation(xmlns, { id: item.id, by, ...(reason === undefined ? {} : { reason }) }));
  return resultTo(iq);
}

/** What all in the room are told. */
export function moderation(xmlns: string, { id, by, reason }: { id: string; by?: string; reason?: string }): Element {
  const why = reason === undefined ? undefined : el('reason', {}, reason);
  if (xmlns === ns.moderation) {
    return el('retract', { xmlns: ns.retraction, id }, el('moderated', { xmlns, by }), why);
  }
  const moderated = el('moderated', { xmlns, by }, el('retract', { xmlns: ns.retractionOlder }), why);
  return el('apply-to', { xmlns: ns.fasten, id }, moderated);
}

const stamp = '2026-01-01T10:00:00Z';

/** What the archive has instead. */
export function tombstone(xmlns: string, by: string, reason: string | undefined): Element {
  const why = reason === undefined ? undefined : el('reason', {}, reason);
  if (xmlns === ns.moderation)
    return el('retracted', { xmlns: ns.retraction, stamp }, el('moderated', { xmlns, by }), why);
  return el('moderated', { xmlns, by }, el('retracted', { xmlns: ns.retractionOlder, stamp }), why);
}
