/**
 * XEP-0334 Message Processing Hints 0.4.0.
 *   {"hints":["no-copy"]} ↔ <no-copy xmlns="urn:xmpp:hints"/>
 * They are told, not obeyed: a message that has content is in the archive, or `ok` and catch-up would not hold for it.
 */
import { extension, xep } from '../extension.ts';
import { custom } from '../fields.ts';
import type { Message } from '../protocol/objects.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';

type Hint = NonNullable<Message['hints']>[number];

const hints: readonly Hint[] = ['no-permanent-store', 'no-store', 'no-copy', 'store'];

export function hint(name: Hint): Element {
  return el(name, { xmlns: ns.hints });
}

export default extension({
  spec: xep('0334', '0.4.0'),
  message: {
    hints: {
      ...custom<Hint[]>(
        hints.map((name) => [name, ns.hints]),
        (stanza) => {
          const names = elements(stanza)
            .filter((child) => namespaceOf(child) === ns.hints)
            .map(nameOf);
          const found = hints.filter((name) => names.includes(name));
          return found.length === 0 ? undefined : found;
        },
        (stanza, value) => {
          for (const name of value) append(stanza, hint(name));
        },
      ),
      many: true,
    },
  },
});
