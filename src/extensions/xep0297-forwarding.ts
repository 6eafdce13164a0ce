/**
 * XEP-0297 Stanza Forwarding 1.0, in messages. What is forwarded is what its forwarder says: nobody else has signed it.
 *   {"body":"See this","forwarded":[{"from":"juliet@example.com/balcony","time":"2026-01-01T09:00:00.000Z","body":"O Romeo"}]}
 *   ↔ <forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="2026-01-01T09:00:00.000Z"/>
 *       <message xmlns="jabber:client" from="juliet@example.com/balcony"><body>O Romeo</body></message></forwarded>
 */
import { extension, type Field, type Nested, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Forwarded } from '../protocol/content.ts';
import type { Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, find, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { readTime } from './date-time.ts';

/** More is not read. */
const most = 10;

const types = ['chat', 'groupchat', 'normal', 'headline'] as const;

function inside(stanza: Element): Element[] {
  return elements(stanza)
    .filter((child) => nameOf(child) === 'forwarded' && namespaceOf(child) === ns.forward)
    .slice(0, most);
}

function read(forwarded: Element, nested: Nested): Forwarded | undefined {
  const message = find(forwarded, 'message', '');
  if (!message) return undefined;
  const { id, from = '', to = '' } = message.attrs;
  const type = types.find((one) => one === message.attrs.type);
  const time = readTime(find(forwarded, 'delay', ns.delay)?.attrs.stamp);
  const [sender, receiver] = [tryParse(from)?.full, tryParse(to)?.full];
  return {
    ...(id ? { id } : {}),
    ...(sender ? { from: sender } : {}),
    ...(receiver ? { to: receiver } : {}),
    ...(type ? { type } : {}),
    ...(time ? { time } : {}),
    ...contentOf(nested.read(message)),
  };
}

/** What was said of it on its way is not what it says. */
const notSaid = ['originId', 'stanzaIds', 'occupantId', 'delay', 'replace'] as const;

function contentOf(message: Partial<Message>): Forwarded {
  const content = { ...message };
  for (const key of notSaid) delete content[key];
  return content as Forwarded;
}

function write({ id, from, to, type, time, ...content }: Forwarded, nested: Nested): Element {
  const message = el('message', { xmlns: ns.client, id, from, to, type });
  nested.write(message, content);
  const delay = time === undefined ? undefined : el('delay', { xmlns: ns.delay, stamp: time });
  return el('forwarded', { xmlns: ns.forward }, delay, message);
}

function isWhole(forwarded: Element, nested: Nested): boolean {
  const message = find(forwarded, 'message', '');
  if (!message || !nested.isWhole(message)) return false;
  const all = nested.read(message);
  const known = new Set([message, find(forwarded, 'delay', ns.delay)]);
  return notSaid.every((key) => all[key] === undefined) && elements(forwarded).every((child) => known.has(child));
}

const forwarded: Field<Forwarded[]> = {
  elements: [elementKey('forwarded', ns.forward)],
  content: true,
  read: (stanza, nested) => {
    if (!nested) return undefined;
    const all = inside(stanza).flatMap((one) => read(one, nested) ?? []);
    return all.length === 0 ? undefined : all;
  },
  write: (stanza, value, nested) => {
    if (nested) for (const one of value) append(stanza, write(one, nested));
  },
  used: (stanza, nested) =>
    nested ? inside(stanza).filter((one) => read(one, nested) !== undefined && isWhole(one, nested)) : [],
};

export default extension({
  spec: xep('0297', '1.0'),
  features: { client: [ns.forward] },
  message: { forwarded },
});
