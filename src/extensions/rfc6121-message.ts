/**
 * RFC 6121 §5, messages: the content every message has, and `message.send`.
 *   {"body":"hi","subject":"s","thread":"t","lang":"en"}
 *   ↔ <message xml:lang="en"><body>hi</body><subject>s</subject><thread>t</thread></message>
 */
import { randomUUID } from 'node:crypto';
import { extension, type Field, rfc } from '../extension.ts';
import { attribute, childAttribute, childText, custom } from '../fields.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { MessageContent } from '../protocol/objects.ts';
import { append, type Element, el, elements, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { address } from './address.ts';

type Texts = Record<string, string>;

/** BCP 47, as far as the wire's schema takes it. */
const languageTag = /^(?=.{1,35}$)[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;

function languageOf({ attrs }: Element): string | undefined {
  const tag = attrs['xml:lang'];
  return tag !== undefined && languageTag.test(tag) ? tag : undefined;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

/** §5.2.3: the one to show, which is in the message's own language where there is one, and those in other languages. */
function bodiesOf(stanza: Element): { own: Element | undefined; others: Element[] } {
  const all: Element[] = [];
  for (const child of stanza.children) {
    if (typeof child !== 'string' && nameOf(child) === 'body' && namespaceOf(child) === '') all.push(child);
  }
  const own =
    all.find((child) => !languageOf(child)) ??
    all.find((child) => isSame(languageOf(child), languageOf(stanza))) ??
    all[0];
  return { own, others: all.length > 1 ? all.filter((child) => child !== own) : [] };
}

const body = custom<string>(
  [['body', '']],
  (stanza) => {
    const { own } = bodiesOf(stanza);
    return own && textOf(own);
  },
  (stanza, value) => append(stanza, el('body', {}, value)),
);

const bodies = custom<Texts>(
  [['body', '']],
  (stanza) => {
    const texts: Texts = {};
    for (const child of bodiesOf(stanza).others) {
      const tag = languageOf(child);
      if (tag) texts[tag] = textOf(child);
    }
    return Object.keys(texts).length === 0 ? undefined : texts;
  },
  (stanza, value) => {
    for (const [tag, text] of Object.entries(value)) append(stanza, el('body', { 'xml:lang': tag }, text));
  },
);

const lang: Field<string> = {
  ...attribute('xml:lang'),
  read: (stanza) => {
    const { own } = bodiesOf(stanza);
    return (own && languageOf(own)) ?? languageOf(stanza);
  },
};

/** @throws StanzaError bad-request: nothing to show, or §5.2.3: two bodies in one language, or one in none */
export function checkContent({ body, bodies = {}, subject, lang }: MessageContent): void {
  const tags = Object.keys(bodies);
  if (body === undefined && subject === undefined && tags.length === 0) {
    throw badRequest('body', 'a message has a body or a subject');
  }
  const seen = new Set(body === undefined ? [] : [lang?.toLowerCase()]);
  for (const tag of tags) {
    const field = `bodies.${tag.slice(0, 35)}`.toWellFormed();
    if (!languageTag.test(tag)) throw badRequest(field, `${field} is not a language tag`);
    if (seen.has(tag.toLowerCase())) throw badRequest(field, `${field} is in the language of another body`);
    seen.add(tag.toLowerCase());
  }
}

export default extension({
  spec: rfc(6121, '5'),
  message: {
    body: { ...body, content: true },
    bodies: { ...bodies, many: true, content: true },
    subject: childText('subject', '', { content: true }),
    thread: childText('thread', ''),
    parentThread: {
      ...childAttribute('thread', '', 'parent'),
      // It is an attribute of the thread, which is written before it.
      write: (stanza, value) => {
        const thread = elements(stanza).find((child) => nameOf(child) === 'thread');
        if (thread) thread.attrs.parent = value;
      },
    },
    lang,
  },
  requests: {
    'message.send': (session, data) => {
      const { to: address_, id = randomUUID(), type = 'chat', ...content } = data;
      const to = address(address_, 'to');
      const service = session.gateway.serving(session.account, to);
      if (service?.send) return service.send(session, data, to);
      // XEP-0045 §7.4: only occupants are heard.
      if (type === 'groupchat')
        throw new StanzaError('not-acceptable', 'The account is not in this room', { field: 'to' });
      checkContent(content);
      const { account, gateway } = session;
      const stanza = el('message', { from: account.client.full, to: to.full, id, type });
      gateway.translate.writeMessage(stanza, { ...content, originId: id });
      gateway.run('messageOut', account, stanza);
      return account.deliver(session, { id, to, type, stanza });
    },
  },
});
