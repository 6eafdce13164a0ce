/**
 * RFC 6121 §5, messages: the content every message has, and `message.send`.
 *   {"body":"hi","subject":"s","thread":"t","lang":"en"}
 *   ↔ <message xml:lang="en"><body>hi</body><subject>s</subject><thread>t</thread></message>
 */
import { randomUUID } from 'node:crypto';
import { extension, type Field, rfc } from '../extension.ts';
import { attribute, childAttribute, childText, custom } from '../fields.ts';
import { StanzaError } from '../protocol/errors.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, nameOf, textOf } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { bodiesOf, languageOf } from './bodies.ts';
import { shownBody } from './body.ts';
import { sendTo } from './sending.ts';
import { noticeOf } from './xep0380-encryption.ts';

type Texts = Record<string, string>;

const body: Field<string> = {
  ...custom<string>(
    [
      ['body', ''],
      ['encryption', ns.encryption],
    ],
    (stanza) => {
      const { own, text } = shownBody(stanza);
      return own ? text : noticeOf(stanza);
    },
    (stanza, value) => append(stanza, el('body', {}, value)),
  ),
  used: (stanza) => {
    const { own } = bodiesOf(stanza);
    return own ? [own] : [];
  },
};

/** By language; the last one of each. */
function translations(stanza: Element): Map<string, Element> {
  const found = new Map<string, Element>();
  for (const child of bodiesOf(stanza).others) {
    const tag = languageOf(child);
    if (tag !== undefined) found.set(tag, child);
  }
  return found;
}

const bodies = custom<Texts>(
  [['body', '']],
  (stanza) => {
    if (bodiesOf(stanza).others.length === 0) return undefined;
    const found = translations(stanza);
    if (found.size === 0) return undefined;
    return Object.fromEntries([...found].map(([tag, child]) => [tag, textOf(child)]));
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

export default extension({
  spec: rfc(6121, '5'),
  message: {
    body: { ...body, content: true },
    bodies: { ...bodies, content: true, used: (stanza) => [...translations(stanza).values()] },
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
      return sendTo(session, { to, id, type, content });
    },
  },
});
