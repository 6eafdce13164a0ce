/**
 * XEP-0421 Occupant identifiers for semi-anonymous MUCs 1.0.1: who someone in a room is, whatever the nick. It counts only
 * where the room announces the feature, for it strips what others claim (§5).
 *   {"occupantId":"dd72603d"} ← <occupant-id xmlns="urn:xmpp:occupant-id:0" id="dd72603d"/>
 */
import { extension, xep } from '../extension.ts';
import { childAttribute } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

export const occupantId = childAttribute('occupant-id', ns.occupantId, 'id');

export default extension({
  spec: xep('0421', '1.0.1'),
  // Only rooms assign them.
  message: { occupantId: { ...occupantId, write: () => undefined } },
});
