/**
 * A name of one's own in a room, XEP-0045 §7.10 with XEP-0077: who registers is a member, and nobody else gets the nick.
 *   {"type":"room.register","data":{"room":"dev@rooms.example.com","nick":"alice"}}
 *   → <query xmlns="jabber:iq:register"><x xmlns="jabber:x:data" type="submit">… muc#register_roomnick …</x></query>
 */
import type { Account } from '../../extension.ts';
import type { Form, FormValues } from '../../protocol/forms.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Child, childText, type Element, el, find } from '../../xmpp/stanza.ts';
import { ask } from '../discovery.ts';
import { fill, findForm, firstValue, formIn } from '../xep0004-forms.ts';

import type { Part } from './part.ts';
import { nickOf, roomAddress } from './rooms.ts';

interface Registration {
  registered: boolean;
  nick?: string;
  form?: Form;
}

const roomNick = 'muc#register_roomnick';

function query(account: Account, room: Jid, type: 'get' | 'set', child?: Child): Promise<Element | undefined> {
  return ask(account, room, type, el('query', { xmlns: ns.register }, child));
}

function read(answer: Element | undefined): Registration {
  const isRegistered = answer !== undefined && find(answer, 'registered', ns.register) !== undefined;
  const form = answer && findForm(answer);
  const named = answer && (childText(answer, 'username', ns.register)?.trim() || firstValue(form, roomNick));
  const nick = isRegistered ? named : undefined;
  return { registered: isRegistered, ...(nick ? { nick } : {}), ...(form ? { form } : {}) };
}

async function register(account: Account, room: Jid, nick: string | undefined, given: FormValues) {
  const answer = await query(account, room, 'get');
  const before = read(answer);
  const values = nick === undefined ? given : { ...given, [roomNick]: nickOf(nick) };
  // §7.10: who is registered is sent no form (Prosody), and is so under the nick asked for already.
  if (before.registered && !before.form && nick !== undefined && before.nick === nick) return before;
  const form = before.registered && !before.form ? plainForm() : formIn(answer, room.bare);
  await query(
    account,
    room,
    'set',
    fill(form, values, (name) => (name === roomNick && nick !== undefined ? 'nick' : `values.${name}`)),
  );
  const name = values[roomNick];
  return { registered: true, ...(typeof name === 'string' ? { nick: name } : {}) };
}

/** What every room asks for (§15.5.1). */
function plainForm(): Form {
  return {
    type: 'form',
    fields: [
      { var: 'FORM_TYPE', type: 'hidden', values: ['http://jabber.org/protocol/muc#register'] },
      { var: roomNick, type: 'text-single', required: true, values: [] },
    ],
  };
}

export const registration: Part = {
  requests: {
    'room.register': async ({ account }, { room: text, nick, values, remove }) => {
      const room = roomAddress(account, text);
      if (remove) {
        await query(account, room, 'set', el('remove'));
        return { registered: false };
      }
      if (nick === undefined && values === undefined) return read(await query(account, room, 'get'));
      return register(account, room, nick, values ?? {});
    },
  },
};
