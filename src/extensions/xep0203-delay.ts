/**
 * XEP-0203 Delayed Delivery 2.0.
 *   {"delay":{"from":"example.com","time":"2026-01-01T10:00:00.000Z"}}
 *   ← <delay xmlns="urn:xmpp:delay" from="example.com" stamp="2026-01-01T10:00:00Z"/>
 */
import { extension, xep } from '../extension.ts';
import { custom } from '../fields.ts';
import type { Message } from '../protocol/objects.ts';
import { ns } from '../xmpp/namespaces.ts';
import { find, textOf } from '../xmpp/stanza.ts';

export default extension({
  spec: xep('0203', '2.0'),
  message: {
    delay: custom<NonNullable<Message['delay']>>(
      [['delay', ns.delay]],
      (stanza) => {
        const delay = find(stanza, 'delay', ns.delay);
        const stamp = Date.parse(delay?.attrs.stamp ?? '');
        if (!delay || Number.isNaN(stamp)) return undefined;
        const reason = textOf(delay);
        return {
          ...(delay.attrs.from ? { from: delay.attrs.from } : {}),
          time: new Date(stamp).toISOString(),
          ...(reason ? { reason } : {}),
        };
      },
      // Only servers stamp delays.
      () => undefined,
    ),
  },
});
