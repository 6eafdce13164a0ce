/**
 * XEP-0393 Message Styling 1.1.1: styling is the clients' affair; that there is none in a body is told.
 *   {"body":"> _ <","unstyled":true} ↔ <unstyled xmlns="urn:xmpp:styling:0"/>
 */
import { extension, xep } from '../extension.ts';
import { flag } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

export default extension({
  spec: xep('0393', '1.1.1'),
  features: { client: [ns.styling] },
  message: { unstyled: flag('unstyled', ns.styling) },
});
