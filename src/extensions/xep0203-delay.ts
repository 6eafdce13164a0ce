/**
 * XEP-0203 Delayed Delivery 2.0.
 *   {"delay":{"from":"example.com","time":"2026-01-01T10:00:00.000Z"}}
 *   ← <delay xmlns="urn:xmpp:delay" from="example.com" stamp="2026-01-01T10:00:00Z"/>
 */
import { extension, xep } from '../extension.ts';
import { custom } from '../fields.ts';
import type { Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { find, textOf } from '../xmpp/stanza.ts';

// XEP-0082 §3.2: a time without an offset is no time; Date.parse would take it, and much else, for one of ours.
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export default extension({
  spec: xep('0203', '2.0'),
  message: {
    delay: custom<NonNullable<Message['delay']>>(
      [['delay', ns.delay]],
      (stanza) => {
        const delay = find(stanza, 'delay', ns.delay);
        const { from = '', stamp: text = '' } = delay?.attrs ?? {};
        const stamp = dateTime.test(text) ? Date.parse(text) : Number.NaN;
        if (!delay || Number.isNaN(stamp)) return undefined;
        const by = tryParse(from);
        const reason = textOf(delay);
        return {
          ...(by ? { from: by.full } : {}),
          time: new Date(stamp).toISOString(),
          ...(reason ? { reason } : {}),
        };
      },
      // Only servers stamp delays.
      () => undefined,
    ),
  },
});
