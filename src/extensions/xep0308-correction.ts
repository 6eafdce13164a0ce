/**
 * XEP-0308 Last Message Correction 1.2.1, of any message and not only the last.
 *   {"type":"message.edit","data":{"to":"bob@example.com","id":"m2","body":"hello!"}}
 *   → <message id="m9"><body>hello!</body><replace xmlns="urn:xmpp:message-correct:0" id="m2"/></message>
 *   → {"type":"message.edited","data":{"id":"m9","replace":"m2","body":"hello!",…}}
 */
import { type Act, extension, type Session, xep } from '../extension.ts';
import { childAttribute } from '../fields.ts';
import { MessageContent } from '../protocol/content.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { RequestData } from '../protocol/frames.ts';
import type { Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { act, known, mustBeOwn } from './acting.ts';
import { messageOf } from './message-content.ts';
import { completed, digestOf } from './sending.ts';

type Edit = RequestData<'message.edit'>;
type Changes = Omit<Edit, 'to' | 'id' | 'originId'>;

const replace = childAttribute('replace', ns.correction, 'id');
const fields = Object.keys(MessageContent.properties) as (keyof MessageContent)[];

/** §4: the whole message is sent again. What is not said stays as it was, `null` removes it. */
function merged(message: Partial<Message>, changes: Changes): MessageContent {
  const before = message as Partial<Record<keyof MessageContent, unknown>>;
  const all = fields.map((name) => [name, changes[name] === undefined ? before[name] : changes[name]] as const);
  // What was checked when it was first sent, and what the request's schema has checked.
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null)) as MessageContent;
}

function correction(session: Session, { to, id, originId = crypto.randomUUID(), ...changes }: Edit): Act {
  const { account, gateway } = session;
  return {
    type: 'message.edited',
    target: id,
    id: originId,
    digest: digestOf(id, changes),
    isDone: () => false,
    write: async (stanza, target, place) => {
      mustBeOwn(target);
      // Its parts are messages of their own on the wire (XEP-0447 §4).
      if (target.message.files || changes.files) throw badRequest('files', 'a message with files cannot be edited');
      const content = messageOf(merged(target.message, changes));
      const chat = target.message.chat ?? tryParse(to)?.bare ?? to;
      const message = place === 'chat' && content.reply ? await completed(account, chat, content) : content;
      // §4: by the id attribute of the first version, however often it is edited.
      gateway.translate.writeMessage(stanza, { ...message, originId, replace: known(target.idAttribute) });
      gateway.run('messageOut', account, stanza);
    },
  };
}

export default extension({
  spec: xep('0308', '1.2.1'),
  features: { client: [ns.correction] },
  message: { replace },
  actions: [
    {
      type: 'message.edited',
      // A typing notice for an edit that is being written changes nothing.
      content: true,
      read: (stanza) => {
        const target = replace.read(stanza);
        // §5: only the sender may correct, and what it corrects is the first version, however often.
        return target === undefined ? undefined : { target, of: 'sender' };
      },
    },
  ],
  requests: {
    'message.edit': async (session, data) => {
      if (data.originId === data.id) {
        throw new StanzaError('conflict', 'This id is that of the message', { field: 'originId' });
      }
      return { ...(await act(session, data.to, correction(session, data))), replace: data.id };
    },
  },
});
