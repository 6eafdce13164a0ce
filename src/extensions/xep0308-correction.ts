/**
 * XEP-0308 Last Message Correction 1.2.1: so far the reading side.
 *   <message id="m9"><body>hello!</body><replace xmlns="urn:xmpp:message-correct:0" id="m2"/></message>
 *   → {"type":"message.edited","data":{"id":"m9","replace":"m2","body":"hello!",…}}
 */
import { extension, xep } from '../extension.ts';
import { childAttribute } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

const replace = childAttribute('replace', ns.correction, 'id');

export default extension({
  spec: xep('0308', '1.2.1'),
  features: { client: [ns.correction] },
  message: { replace },
  actions: [
    {
      type: 'message.edited',
      // A typing notice for an edit that is being written changes nothing.
      content: true,
      read: (stanza) => {
        const target = replace.read(stanza);
        // §5: only the sender may correct, and what it corrects is the first version, however often.
        return target === undefined ? undefined : { target, of: 'sender' };
      },
    },
  ],
});
