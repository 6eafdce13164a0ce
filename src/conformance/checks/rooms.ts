/** §10 rooms: be in them, speak, administer, end them; §11 what is told of them. */
import { expect, type Need, Skip, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Session } from '../session.ts';

const need: Need[] = ['rooms', 'b'];

/** A room that the first account has made, and that is gone when the check is over. */
async function create(lab: Lab, values: Record<string, string | boolean> = {}): Promise<{ a: Session; room: string }> {
  const a = await lab.connect('a');
  const room = `${lab.unique('conformance')}@${lab.facts.rooms}`;
  lab.after(async () => (await lab.connect('a')).ask('room.destroy', { room }));
  const made = await a.request('room.create', { room, nick: 'ay', values });
  same([made.created, made.self.nick, made.room.joined], [true, 'ay', true], 'created, nick and joined');
  return { a, room };
}

/** The same with the second account in it. */
async function together(lab: Lab, values: Record<string, string | boolean> = {}) {
  const { a, room } = await create(lab, values);
  const b = await lab.connect('b');
  lab.after(async () => (await lab.connect('b')).ask('room.leave', { room }));
  const joined = await b.request('room.join', { room, nick: 'bee' });
  await a.next('room.occupant', (one) => one.room === room && one.nick === 'bee' && one.type === 'available');
  return { a, b, room, joined };
}

export const rooms = section(10, {
  'rooms.join': [
    'who joins gets the room and who is in it; the others see them come',
    async (lab) => {
      const { a, room, joined } = await together(lab);
      same([joined.self.nick, joined.self.self, joined.room.joined], ['bee', true, true], 'the own place');
      same(
        joined.occupants.map(({ nick }) => nick),
        ['ay'],
        'who else is there',
      );
      const { items, complete } = await a.request('room.occupants', { room });
      same([items.map(({ nick }) => nick), complete], [['ay', 'bee'], true], 'room.occupants');
      const { items: mine } = await a.request('room.list', {});
      expect(
        mine.some((one) => one.room === room && one.joined),
        'room.list does not have it',
      );
    },
    ...need,
  ],
  'rooms.speak': [
    "ok of a message is the room's copy of it: one id for all, and the own id beside it",
    async (lab) => {
      const { a, b, room } = await together(lab);
      const [id, text] = [lab.unique('m'), lab.unique()];
      const sent = await a.say(room, text, { id });
      same([sent.originId, sent.type, sent.chat], [id, 'groupchat', room], 'originId, type and chat');
      const heard = await b.heard(text);
      same([heard.id, heard.from, heard.to], [sent.id, `${room}/ay`, room], 'id, from and to');
      await a.none('message', ({ body }) => body === text);
    },
    ...need,
  ],
  'rooms.repeat': [
    'a message to a room that is sent again with its data.id is said once',
    async (lab) => {
      const { a, b, room } = await together(lab);
      const [id, text] = [lab.unique('m'), lab.unique()];
      const first = await a.say(room, text, { id });
      same(await a.say(room, text, { id }), first, 'the second ok');
      await b.heard(text);
      await b.none('message', ({ body }) => body === text);
    },
    ...need,
  ],
  'rooms.private': [
    'a private message to an occupant is a chat of its own',
    async (lab) => {
      const { a, b, room } = await together(lab);
      const text = lab.unique();
      const { chat } = await a.say(`${room}/bee`, text);
      const heard = await b.heard(text);
      same([chat, heard.chat, heard.type], [`${room}/bee`, `${room}/ay`, 'chat'], 'chats and type');
    },
    ...need,
  ],
  'rooms.subject': [
    'a subject is told to all as a change of the room',
    async (lab) => {
      const { a, b, room } = await together(lab);
      await a.request('room.subject', { room, subject: 'Release day' });
      const told = await b.next('room', ({ subject }) => subject === 'Release day');
      same([told.room, told.subjectBy], [room, 'ay'], 'room and subjectBy');
    },
    ...need,
  ],
  'rooms.nick': [
    'another nick is told with the old one',
    async (lab) => {
      const { a, b, room } = await together(lab);
      same((await b.request('room.nick', { room, nick: 'bumble' })).nick, 'bumble', 'the nick');
      const left = await a.next('room.occupant', ({ nick, type }) => nick === 'bee' && type === 'unavailable');
      same(left.newNick, 'bumble', 'newNick');
      await b.refused('room.nick', { room, nick: 'ay' }, 'conflict');
    },
    ...need,
  ],
  'rooms.exists': [
    'a room that is there cannot be created again',
    async (lab) => {
      const { a, room } = await create(lab);
      await a.refused('room.create', { room, nick: 'ay' }, 'conflict');
    },
    'rooms',
  ],
  'rooms.password': [
    'a room with a password is not-authorized without it',
    async (lab) => {
      const { room } = await create(lab, { passwordProtected: true, password: 's3cret' });
      const b = await lab.connect('b');
      await b.refused('room.join', { room, nick: 'bee' }, 'not-authorized');
      await b.request('room.join', { room, nick: 'bee', password: 's3cret' });
      await b.request('room.leave', { room });
    },
    ...need,
  ],
  'rooms.members': [
    'a room for members is registration-required for others; a member may come',
    async (lab) => {
      const { a, room } = await create(lab, { membersOnly: true });
      const b = await lab.connect('b');
      await b.refused('room.join', { room, nick: 'bee' }, 'registration-required');
      await a.request('room.affiliation', { room, jid: b.user, affiliation: 'member' });
      const { items } = await a.request('room.members', { room, affiliation: 'member' });
      same(
        items.map(({ jid }) => jid),
        [b.user],
        'the members',
      );
      await b.request('room.join', { room, nick: 'bee' });
      await b.request('room.leave', { room });
    },
    ...need,
  ],
  'rooms.kick': [
    'who is kicked is told why, and is in the room no more',
    async (lab) => {
      const { a, b, room } = await together(lab);
      await a.request('room.role', { room, nick: 'bee', role: 'none', reason: 'calm down' });
      const left = await b.next('room.left', (one) => one.room === room);
      same([left.cause, left.reason], ['kicked', 'calm down'], 'cause and reason');
      await b.refused('message.send', { to: room, type: 'groupchat', body: 'still here?' }, 'not-acceptable');
    },
    ...need,
  ],
  'rooms.ban': [
    'who is banned is forbidden to come back',
    async (lab) => {
      const { a, b, room } = await together(lab);
      await a.request('room.affiliation', { room, jid: b.user, affiliation: 'outcast' });
      same((await b.next('room.left', (one) => one.room === room)).cause, 'banned', 'the cause');
      await b.refused('room.join', { room, nick: 'bee' }, 'forbidden');
    },
    ...need,
  ],
  'rooms.voice': [
    'in a moderated room a visitor asks for voice, and a moderator answers',
    async (lab) => {
      const { a, b, room } = await together(lab, { moderated: true });
      await a.request('room.role', { room, nick: 'bee', role: 'visitor' });
      await b.next('room.occupant', (one) => one.self === true && one.role === 'visitor');
      await b.refused('message.send', { to: room, body: 'may I?' }, 'forbidden');
      await b.request('room.voice', { room });
      same((await a.next('room.voice.requested')).nick, 'bee', 'who asks');
      await a.request('room.voice', { room, nick: 'bee', allow: true });
      await b.next('room.occupant', (one) => one.self === true && one.role === 'participant');
    },
    ...need,
  ],
  'rooms.invite': [
    'an invitation is told, and goes when it is declined, which the inviter hears',
    async (lab) => {
      const { a, room } = await create(lab);
      const b = await lab.connect('b');
      await a.request('room.invite', { room, jid: b.user, reason: 'join us' });
      const invite = await b.next('room.invite', (one) => one.room === room);
      same(invite.reason, 'join us', 'the reason');
      await b.request('room.decline', { room, reason: 'no time' });
      await b.next('room.invite.removed', (one) => one.room === room);
      same((await a.next('room.declined', (one) => one.room === room)).reason, 'no time', 'the reason of the refusal');
    },
    ...need,
  ],
  'rooms.config': [
    'owners read and change the configuration by plain names; others are forbidden',
    async (lab) => {
      const { a, b, room } = await together(lab, { name: 'Before' });
      await a.request('room.config.set', { room, values: { name: 'After' } });
      const { values, form } = await a.request('room.config.get', { room });
      same([values.name, form.type], ['After', 'form'], 'name and form');
      await b.refused('room.config.get', { room }, 'forbidden');
      same((await b.request('room.info', { room })).name, 'After', 'the name in room.info');
    },
    ...need,
  ],
  'rooms.moderate': [
    'a moderator takes a message back, which all are told by the room',
    async (lab) => {
      const { a, b, room, joined } = await together(lab);
      const text = lab.unique();
      const { id } = await b.say(room, text);
      if (joined.room.features.includes('moderation')) {
        await a.request('message.moderate', { room, id, reason: 'spam' });
        const told = await b.next('message.retracted', (one) => one.id === id);
        same(told.moderatedBy, `${room}/ay`, 'moderatedBy');
      } else await a.refused('message.moderate', { room, id }, 'feature-not-implemented');
    },
    ...need,
  ],
  'rooms.history': [
    "history.get of a room is the room's archive",
    async (lab) => {
      const { a, room, joined } = await together(lab);
      const text = lab.unique();
      await a.say(room, text);
      if (joined.room.features.includes('mam')) {
        const { items } = await a.request('history.get', { chat: room, max: 5 });
        expect(
          items.some(({ data }) => (data as { body?: string }).body === text),
          'the message is not in it',
        );
      } else await a.refused('history.get', { chat: room }, 'feature-not-implemented');
    },
    ...need,
  ],
  'rooms.bookmark': [
    'a bookmark is kept, keeps what is not named, and is removed',
    async (lab) => {
      const { a, room } = await create(lab);
      lab.after(async () => (await lab.connect('a')).ask('room.bookmark', { room, remove: true }));
      await a.request('room.bookmark', { room, name: 'Ours', autojoin: true });
      const { bookmark } = await a.request('room.bookmark', { room, nick: 'ay' });
      same(bookmark, { name: 'Ours', nick: 'ay', autojoin: true }, 'the bookmark');
      same(
        (await a.request('room.bookmark', { room, remove: true })).bookmark,
        undefined,
        'the bookmark that was removed',
      );
    },
    'rooms',
  ],
  'rooms.register': [
    'room.register shows the registration of who may register, and refuses others',
    async (lab) => {
      const { a, b, room } = await together(lab);
      const { error } = await a.ask('room.register', { room });
      if (error?.code === 'feature-not-implemented' || error?.code === 'service-unavailable') {
        throw new Skip(`rooms of this server take no registrations: ${error.code}`);
      }
      const { registered } = await a.request('room.register', { room, nick: 'ay' });
      same(registered, true, 'registered');
      await b.refused('room.nick', { room, nick: 'ay' }, 'conflict', 'not-acceptable');
      same((await a.request('room.register', { room, remove: true })).registered, false, 'registered after its end');
    },
    ...need,
  ],
  'rooms.outside': [
    'a request about a room that the account is not in is not-acceptable',
    async (lab) => {
      const { room } = await create(lab);
      const b = await lab.connect('b');
      await b.refused('room.occupants', { room }, 'not-acceptable');
      await b.refused('room.nick', { room, nick: 'bee' }, 'not-acceptable');
      await b.refused('message.send', { to: room, type: 'groupchat', body: 'hello' }, 'not-acceptable');
    },
    ...need,
  ],
  'rooms.devices': [
    'membership is of the account: what one session joins, the other is in, and a leave is told',
    async (lab) => {
      const { a, room } = await create(lab);
      const other = await lab.connect('a');
      const again = await other.request('room.join', { room });
      same([again.self.nick, again.created], ['ay', undefined], 'nick and created of the second join');
      await a.request('room.leave', { room });
      same((await other.next('room.left', (one) => one.room === room)).cause, 'left', 'the cause');
    },
    'rooms',
  ],
  'rooms.destroy': [
    'who ends a room tells all who are in it',
    async (lab) => {
      const { a, b, room } = await together(lab);
      await b.refused('room.destroy', { room }, 'forbidden');
      await a.request('room.destroy', { room, reason: 'it is done' });
      const left = await b.next('room.left', (one) => one.room === room);
      same([left.cause, left.reason, left.rejoin], ['destroyed', 'it is done', false], 'cause, reason and rejoin');
    },
    ...need,
  ],
});
