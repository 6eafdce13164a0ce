/**
 * XEP-0425 Moderated Message Retraction 0.3.0, and its older form: in a room a moderator takes back what somebody said.
 *   {"type":"message.moderate","data":{"room":"dev@rooms.example.com","id":"39K7ZYIp","reason":"spam"}}
 *   → <moderate xmlns="urn:xmpp:message-moderate:1" id="39K7ZYIp"><retract xmlns="urn:xmpp:message-retract:1"/>…</moderate>
 *   <retract xmlns="urn:xmpp:message-retract:1" id="39K7ZYIp"><moderated xmlns="urn:xmpp:message-moderate:1" by="…"/></retract>
 *   → {"type":"message.retracted","data":{"id":"39K7ZYIp","moderatedBy":"dev@rooms.example.com/mod",…}}
 */
import { extension, type Happening, xep } from '../extension.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { childText, detach, type Element, el, find } from '../xmpp/stanza.ts';

/** Who did it, and why: as far as the room says. */
export function byModerator(moderated: Element, ...reasonsIn: Element[]): { moderatedBy?: string; reason?: string } {
  const by = tryParse(moderated.attrs.by ?? '')?.full;
  const reason = [moderated, ...reasonsIn]
    .flatMap((element) =>
      [ns.retraction, ns.moderation, ns.moderationOlder].map((one) => childText(element, 'reason', one)),
    )
    .find((text) => text);
  return { ...(by ? { moderatedBy: detach(by) } : {}), ...(reason ? { reason: detach(reason) } : {}) };
}

export function moderatedIn(retraction: Element): Element | undefined {
  return find(retraction, 'moderated', ns.moderation);
}

/** §4: only a room itself may say it, or anybody could take back everybody's messages. */
function read(stanza: Element): Happening | undefined {
  const retract = find(stanza, 'retract', ns.retraction);
  const moderated = retract && moderatedIn(retract);
  if (retract?.attrs.id && moderated) {
    return { target: retract.attrs.id, of: 'room', data: byModerator(moderated, retract) };
  }
  // COMPAT(ejabberd 24.12, Prosody's mod_muc_moderation): the form of version 0.2.
  const fastened = find(stanza, 'apply-to', ns.fasten);
  const older = fastened && find(fastened, 'moderated', ns.moderationOlder);
  if (!fastened?.attrs.id || !older || !find(older, 'retract', ns.retractionOlder)) return undefined;
  return { target: fastened.attrs.id, of: 'room', data: byModerator(older) };
}

/** What a moderator asks the room; in the older form where it knows only that. */
export function moderate(xmlns: string, id: string, reason: string | undefined): Element {
  const why = reason ? el('reason', {}, reason) : undefined;
  if (xmlns === ns.moderation) {
    return el('moderate', { xmlns, id }, el('retract', { xmlns: ns.retraction }), why);
  }
  const inner = el('moderate', { xmlns }, el('retract', { xmlns: ns.retractionOlder }), why);
  return el('apply-to', { xmlns: ns.fasten, id }, inner);
}

export default extension({
  spec: xep('0425', '0.3.0'),
  actions: [{ type: 'message.retracted', read }],
});
