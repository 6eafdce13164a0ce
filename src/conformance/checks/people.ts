/** §10 contacts, presence, blocking, settings, profiles. */
import { expect, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Session } from '../session.ts';

/** The smallest PNG: one pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Sessions of the first two accounts, which are no contacts of each other, neither now nor afterwards. */
async function strangers(lab: Lab): Promise<[Session, Session]> {
  const [a, b] = [await lab.connect(), await lab.connect('b')];
  const part = async (): Promise<void> => {
    await a.request('contact.remove', { jid: b.user });
    await b.request('contact.remove', { jid: a.user });
    await a.settle();
    await b.settle();
  };
  await part();
  for (const { wire } of [a, b]) wire.take(() => true);
  lab.after(part);
  return [a, b];
}

/** The first two accounts as contacts of each other. */
async function friends(lab: Lab): Promise<[Session, Session]> {
  const [a, b] = await strangers(lab);
  await a.request('contact.add', { jid: b.user });
  await b.next('contact.request', ({ jid }) => jid === a.user);
  await b.request('contact.add', { jid: a.user });
  await a.next('contact', ({ jid, subscription }) => jid === b.user && subscription === 'both');
  return [a, b];
}

export const contacts = section(10, {
  'contacts.add': [
    'contact.add asks the other one, who approves; both hear of it',
    async (lab) => {
      const [a, b] = await strangers(lab);
      const added = await a.request('contact.add', { jid: b.user, name: 'Bee', groups: ['Work'], message: 'It is me' });
      same([added.name, added.groups, added.subscription, added.ask], ['Bee', ['Work'], 'none', true], 'the contact');
      const asked = await b.next('contact.request', ({ jid }) => jid === a.user);
      same(asked.message, 'It is me', 'the message of the request');
      const { requests } = await b.request('contact.list', {});
      expect(
        requests.some(({ jid }) => jid === a.user),
        'contact.list does not have the request',
      );
      await b.request('contact.approve', { jid: a.user });
      const contact = await a.next('contact', ({ jid, subscription }) => jid === b.user && subscription === 'to');
      same([contact.ask, contact.name], [undefined, 'Bee'], 'ask and name of the contact');
    },
    'b',
  ],
  'contacts.two-tabs': [
    'a request is told to every session, and an answer in one of them ends it in all; the same answer again is ok',
    async (lab) => {
      const [a, b] = await strangers(lab);
      const other = await lab.connect('b');
      await a.request('contact.add', { jid: b.user });
      await Promise.all([b, other].map((one) => one.next('contact.request', ({ jid }) => jid === a.user)));
      await b.request('contact.approve', { jid: a.user });
      const told = await other.next('contact', ({ jid, subscription }) => jid === a.user && subscription === 'from');
      same(told.request, undefined, 'request of the contact');
      await other.request('contact.approve', { jid: a.user });
    },
    'b',
  ],
  'contacts.deny': [
    'contact.deny ends the request: the one who asked is no wiser, and it is told as contact.removed',
    async (lab) => {
      const [a, b] = await strangers(lab);
      await a.request('contact.add', { jid: b.user });
      await b.next('contact.request');
      await b.request('contact.deny', { jid: a.user });
      await b.next('contact.removed', ({ jid }) => jid === a.user);
      const { items } = await a.request('contact.list', {});
      same(items.find(({ jid }) => jid === b.user)?.subscription, 'none', 'the subscription');
    },
    'b',
  ],
  'contacts.set': [
    'contact.set changes name and groups, and knows contacts only',
    async (lab) => {
      const [a, b] = await strangers(lab);
      await a.refused('contact.set', { jid: b.user, name: 'Nobody' }, 'item-not-found');
      await a.request('contact.add', { jid: b.user, name: 'Bee' });
      const other = await lab.connect();
      same((await a.request('contact.set', { jid: b.user, groups: ['Chess'] })).name, 'Bee', 'the name that was kept');
      same((await other.next('contact', ({ groups }) => groups.length > 0)).groups, ['Chess'], 'the groups told');
      same((await a.request('contact.set', { jid: b.user, name: '' })).name, undefined, 'the name that was removed');
    },
    'b',
  ],
  'contacts.remove': [
    'contact.remove ends both directions',
    async (lab) => {
      const [a, b] = await friends(lab);
      await a.request('contact.remove', { jid: b.user });
      await a.next('contact.removed', ({ jid }) => jid === b.user);
      await b.next('contact', ({ jid, subscription }) => jid === a.user && subscription === 'none');
    },
    'b',
  ],
  'presence.told': [
    'contacts see presence, its changes, and its end',
    async (lab) => {
      const [, b] = await friends(lab);
      await b.request('presence.set', {});
      const a = await lab.connect('a', { presence: { show: 'dnd', status: 'in a meeting' } });
      const seen = await b.next('presence', ({ user, show }) => user === a.user && show === 'dnd');
      same([seen.type, seen.status], ['available', 'in a meeting'], 'type and status');
      await a.request('presence.set', { show: 'away', idleSince: '2026-01-01T09:50:00.000Z' });
      const away = await b.next('presence', ({ user, show }) => user === a.user && show === 'away');
      same(away.idleSince, '2026-01-01T09:50:00.000Z', 'idleSince');
      await a.request('presence.set', { type: 'unavailable' });
      await b.next('presence', ({ user, type }) => user === a.user && type === 'unavailable');
    },
    'b',
  ],
  'presence.strangers': [
    'who is no contact sees no presence, unless it is sent to them',
    async (lab) => {
      const [, b] = await strangers(lab);
      const a = await lab.connect('a', { presence: {} });
      await a.settle();
      await b.none('presence', ({ user }) => user === a.user);
      await a.request('presence.send', { to: b.user, status: 'for you' });
      same((await b.next('presence', ({ user }) => user === a.user)).status, 'for you', 'the status');
      await a.request('presence.send', { to: b.user, type: 'unavailable' });
      await b.next('presence', ({ user, type }) => user === a.user && type === 'unavailable');
    },
    'b',
  ],
});

export const blocking = section(10, {
  'block.hides': [
    'the blocked get service-unavailable and are not heard; the blocker writes to them no more',
    async (lab) => {
      const [a, b, other] = [await lab.connect(), await lab.connect('b'), await lab.connect()];
      lab.after(async () => a.request('block.remove', { jids: [b.user] }));
      await a.request('block.add', { jids: [b.user] });
      same([...(await other.next('block')).jids], [b.user], 'what other sessions are told');
      expect((await a.request('block.list', {})).items.includes(b.user), 'block.list does not have it');
      await b.refused('message.send', { to: a.user, body: 'hello?' }, 'service-unavailable');
      const { app } = await a.refused('message.send', { to: b.user, body: 'hello?' }, 'not-acceptable');
      expect(
        app !== undefined && 'name' in app && app.name === 'blocked',
        'the error does not say in app that it is blocked',
      );
      await a.none('message', ({ from }) => from === b.user);
      await a.request('block.remove', { jids: [b.user] });
      const text = lab.unique();
      await b.say(a.user, text);
      await a.heard(text);
    },
    'b',
  ],
  'settings.set': [
    'settings.set changes what it names, and tells the other sessions',
    async (lab) => {
      const [a, other] = [await lab.connect(), await lab.connect()];
      const before = await a.request('settings.get', {});
      lab.after(async () => a.request('settings.set', before));
      const after = await a.request('settings.set', { sendTyping: !before.sendTyping });
      same(after, { ...before, sendTyping: !before.sendTyping }, 'the settings');
      same(await other.next('settings'), after, 'what other sessions are told');
    },
  ],
  'settings.typing': [
    'without sendTyping nobody is told of typing, and the request is ok all the same',
    async (lab) => {
      const [a, b] = [await lab.connect('a', { presence: {} }), await lab.connect('b')];
      lab.after(async () => a.request('settings.set', { sendTyping: true }));
      await a.say(b.user, lab.unique());
      await a.request('typing.send', { to: b.user, state: 'composing' });
      await b.next('typing');
      await a.request('settings.set', { sendTyping: false });
      await a.request('typing.send', { to: b.user, state: 'paused' });
      await a.settle();
      await b.none('typing');
    },
    'b',
  ],
});

export const profiles = section(10, {
  'profile.set': [
    'a profile is what was set, for others too; other sessions are told',
    async (lab) => {
      const [a, b, other] = [await lab.connect(), await lab.connect('b'), await lab.connect()];
      const nick = lab.unique('nick');
      lab.after(async () => a.request('profile.set', { nick: '', vcard: {}, avatar: false }));
      await a.request('profile.set', { nick, vcard: { fn: 'A Name', email: ['a@example.com'] } });
      await other.next('profile', (profile) => profile.nick === nick);
      const { nick: seen, vcard } = await b.request('profile.get', { jid: a.user });
      same([seen, vcard?.fn, vcard?.email], [nick, 'A Name', ['a@example.com']], 'what others see');
    },
    'b',
  ],
  'profile.avatar': [
    'an avatar is checked by its content, and served to who asks for it',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      lab.after(async () => a.request('profile.set', { avatar: false }));
      const { avatar } = await a.request('profile.set', { avatar: { data: png } });
      const fetched = await b.request('avatar.get', { jid: a.user });
      same([fetched.id, fetched.mediaType], [avatar?.id, 'image/png'], 'id and mediaType');
      const base = lab.facts.url.replace(/^ws/, 'http');
      const answer = await fetch(new URL(fetched.url ?? '', base));
      same([answer.status, answer.headers.get('content-type')], [200, 'image/png'], 'what is served at its url');
    },
    'b',
  ],
  'profile.no-svg': [
    'an image of another kind is refused',
    async (lab) => {
      const a = await lab.connect();
      const data = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>').toString('base64');
      for (const wrong of [data, Buffer.from('GIF, or not').toString('base64'), '***']) {
        const { error } = await a.ask('profile.set', { avatar: { data: wrong } });
        expect(error !== undefined && error.code === 'bad-request', `it is answered ${error?.code ?? 'ok'}`);
      }
      await a.refused('avatar.get', { jid: lab.user('b') }, 'item-not-found');
    },
    'b',
  ],
});
