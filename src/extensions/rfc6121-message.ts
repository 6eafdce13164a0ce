/**
 * RFC 6121 §5, messages: the content every message has, and `message.send`.
 *   {"body":"hi","subject":"s","thread":"t","lang":"en"}
 *   ↔ <message xml:lang="en"><body>hi</body><subject>s</subject><thread>t</thread></message>
 */
import { randomUUID } from 'node:crypto';
import { extension, rfc } from '../extension.ts';
import { attribute, childAttribute, childText, custom } from '../fields.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import { append, el, elements, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { address } from './address.ts';

type Texts = Record<string, string>;

/** §5.2.3: `body` is the one in the message's own language, `bodies` are those in others. */
const body = custom<string>(
  [['body', '']],
  (stanza) => {
    const all = elements(stanza).filter((child) => nameOf(child) === 'body' && namespaceOf(child) === '');
    const own = all.find((child) => child.attrs['xml:lang'] === undefined) ?? all[0];
    return own && textOf(own);
  },
  (stanza, value) => append(stanza, el('body', {}, value)),
);

const bodies = custom<Texts>(
  [['body', '']],
  (stanza) => {
    const texts: Texts = {};
    for (const child of elements(stanza)) {
      const lang = child.attrs['xml:lang'];
      if (lang && nameOf(child) === 'body' && namespaceOf(child) === '') texts[lang] = textOf(child);
    }
    return Object.keys(texts).length === 0 ? undefined : texts;
  },
  (stanza, value) => {
    for (const [lang, text] of Object.entries(value)) append(stanza, el('body', { 'xml:lang': lang }, text));
  },
);

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
    lang: attribute('xml:lang'),
  },
  requests: {
    'message.send': (session, data) => {
      const { to: address_, id = randomUUID(), type = 'chat', ...content } = data;
      const to = address(address_, 'to');
      if (type === 'groupchat')
        throw new StanzaError('feature-not-implemented', 'Rooms come with a later version', { field: 'type' });
      if (content.body === undefined && content.bodies === undefined && content.subject === undefined) {
        throw badRequest('body', 'a message has a body or a subject');
      }
      const { account, gateway } = session;
      const stanza = el('message', { from: account.client.full, to: to.full, id, type });
      gateway.translate.writeMessage(stanza, { ...content, originId: id });
      gateway.run('messageOut', account, stanza);
      return account.deliver(session, { id, to, type, stanza });
    },
  },
});
