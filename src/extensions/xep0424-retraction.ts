/**
 * XEP-0424 Message Retraction 0.4.2, and its older form: so far the reading side.
 *   <retract xmlns="urn:xmpp:message-retract:1" id="m2"/>
 *   <apply-to xmlns="urn:xmpp:fasten:0" id="m2"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>
 *   → {"type":"message.retracted","data":{"id":"m2",…}}
 */
import { extension, type Happening, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { childText, detach, type Element, find } from '../xmpp/stanza.ts';

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

export default extension({
  spec: xep('0424', '0.4.2'),
  features: { client: [ns.retraction, ns.retractionOlder] },
  actions: [{ type: 'message.retracted', read }],
});
