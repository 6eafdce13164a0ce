/**
 * XEP-0172 User Nickname 1.1: what somebody calls themselves. A claim, never an identity; it comes with a request to
 * subscribe, and some clients send it with every presence.
 *   {"nick":"Carol"} ← <nick xmlns="http://jabber.org/protocol/nick">Carol</nick>
 */
import { extension, xep } from '../extension.ts';
import { childText } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

/** More of a nick is not shown. */
const maxLength = 1023;

const text = childText('nick', ns.nick);

export const nick = {
  ...text,
  read: (stanza: Parameters<typeof text.read>[0]) => text.read(stanza)?.slice(0, maxLength).toWellFormed() || undefined,
};

export default extension({ spec: xep('0172', '1.1'), presence: { nick } });
