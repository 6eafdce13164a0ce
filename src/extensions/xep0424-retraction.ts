/**
 * XEP-0424 Message Retraction 0.4.2, and the older form of what comes in.
 *   {"type":"message.retract","data":{"to":"bob@example.com","id":"m2"}}
 *   → <retract xmlns="urn:xmpp:message-retract:1" id="m2"/>, with a body for those who do not know that
 *   <apply-to xmlns="urn:xmpp:fasten:0" id="m2"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>
 *   → {"type":"message.retracted","data":{"id":"m2",…}}
 */
import { type Act, extension, type Happening, xep } from '../extension.ts';
import type { Message } from '../protocol/objects.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, detach, type Element, el, find } from '../xmpp/stanza.ts';
import { act, known, mustBeOwn } from './acting.ts';
import { hint } from './xep0334-hints.ts';
import { byModerator, moderatedIn } from './xep0425-moderation.ts';

/** The body beside it is a fallback for others (XEP-0428), and no message. */
function read(stanza: Element): Happening | undefined {
  const retract = find(stanza, 'retract', ns.retraction);
  const target = retract?.attrs.id ?? older(stanza);
  // §5: only the sender may retract.
  if (!target) return undefined;
  const reason = retract && childText(retract, 'reason', ns.retraction);
  return { target, of: 'sender', ...(reason ? { data: { reason: detach(reason) } } : {}) };
}

/** COMPAT(Conversations 2.12): the form of version 0.3. */
function older(stanza: Element): string | undefined {
  const fastened = find(stanza, 'apply-to', ns.fasten);
  return fastened && find(fastened, 'retract', ns.retractionOlder) && fastened.attrs.id;
}

/** §5.1, tombstones: what an archive has in the place of a message that was taken back. */
export function tombstoneIn(stanza: Element): Message['retracted'] {
  const moderated = find(stanza, 'moderated', ns.moderationOlder);
  const retracted =
    find(stanza, 'retracted', ns.retraction) ?? find(moderated ?? stanza, 'retracted', ns.retractionOlder);
  const stamp = Date.parse(retracted?.attrs.stamp ?? '');
  if (!retracted || Number.isNaN(stamp)) return undefined;
  const by = moderated ?? moderatedIn(retracted);
  return { time: new Date(stamp).toISOString(), ...(by ? byModerator(by, retracted) : {}) };
}

function retraction(id: string, reason: string | undefined): Act {
  return {
    type: 'message.retracted',
    target: id,
    id: crypto.randomUUID(),
    digest: '',
    ...(reason ? { data: { reason } } : {}),
    isDone: ({ own, message }) => own && message.retracted !== undefined,
    write: (stanza, target, place) => {
      mustBeOwn(target);
      const { idAttribute, originId, stanzaId } = target;
      // §5: in rooms the room's id for it, or, where that gives none, the origin-id; elsewhere the id attribute.
      const named = known(place === 'room' ? (stanzaId ?? originId) : idAttribute);
      retract(stanza, named, reason);
    },
    parts: ({ attrs }, { idAttribute, message: { files = [], body } }) => {
      // Of a lone file and no words it is one stanza; else each file has one of its own, with an id made of the message's.
      if (files.length < 2 && body === undefined) return [];
      return files.map((_, i) =>
        retract(el('message', { ...attrs, id: `${attrs.id}-${i + 1}` }), `${idAttribute}-${i + 1}`, reason),
      );
    },
  };
}

function retract(stanza: Element, id: string, reason: string | undefined): Element {
  const why = reason ? el('reason', {}, reason) : undefined;
  append(stanza, el('retract', { xmlns: ns.retraction, id }, why));
  append(stanza, el('fallback', { xmlns: ns.fallback, for: ns.retraction }));
  append(stanza, el('body', {}, fallback));
  append(stanza, hint('store'));
  return stanza;
}

const fallback = 'This person took a message back, but your software does not know how to do that.';

export default extension({
  spec: xep('0424', '0.4.2'),
  features: { client: [ns.retraction, ns.retractionOlder] },
  actions: [{ type: 'message.retracted', read }],
  requests: {
    'message.retract': async (session, { to, id, reason }) => {
      const { type: _, originId: __, ...acted } = await act(session, to, retraction(id, reason));
      return acted;
    },
  },
});
