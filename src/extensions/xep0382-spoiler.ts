/**
 * XEP-0382 Spoiler Messages 0.2.0: the body is to be shown on demand. Of several hints the first is told.
 *   {"body":"Both of them die!","spoiler":"Love story end"} ↔ <spoiler xmlns="urn:xmpp:spoiler:0">Love story end</spoiler>
 */
import { extension, xep } from '../extension.ts';
import { childText } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

export default extension({
  spec: xep('0382', '0.2.0'),
  features: { client: [ns.spoiler] },
  message: { spoiler: childText('spoiler', ns.spoiler) },
});
