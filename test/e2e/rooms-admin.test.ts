/** What moderators, admins and owners of rooms do, by web users on real servers; XMPP users on slixmpp see it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

onEveryServer('the administration of rooms', (server) => {
  let gateway: TestGateway;
  let alice: JsonClient;
  let bob: JsonClient;
  let room = '';
  let rooms = 0;

  beforeAll(async () => {
    const env = { STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000' };
    gateway = await TestGateway.start(upstreamOf(server()), env);
    const client = await gateway.login('waits-for-the-link', { presence: false });
    if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up', 30_000);
    await client.close();
  });
  afterAll(() => gateway.stop());

  beforeEach(async () => {
    room = `room${++rooms}@${server().rooms}`;
    alice = await gateway.login('alice');
    bob = await gateway.login('bob');
  });
  afterEach(() => Promise.all([alice.close(), bob.close()]));

  const plain = () => alice.request('room.create', { room });

  test('a room is made with its configuration, before anybody else gets in, and ended', async () => {
    const values = { name: 'The Dev Room', membersOnly: true, persistent: true, public: true };
    const made = await alice.request('room.create', { room, nick: 'al', values });
    expect(made).toMatchObject({ created: true, self: { nick: 'al', affiliation: 'owner', role: 'moderator' } });
    const shown = { room, name: 'The Dev Room', membersOnly: true, persistent: true, public: true };
    expect(await bob.request('room.info', { room })).toMatchObject({ ...shown, joined: false });
    expect(await alice.request('room.info', { room })).toMatchObject({ ...shown, joined: true, affiliation: 'owner' });
    expect(await alice.refused('room.create', { room })).toMatchObject({ code: 'conflict', field: 'room' });
    expect(await bob.refused('room.create', { room })).toMatchObject({ code: 'conflict', field: 'room' });
    expect(await bob.refused('room.join', { room })).toMatchObject({ code: 'registration-required', by: room });

    const { items } = await bob.request('disco.items', { jid: server().rooms });
    expect(items.filter(({ jid }) => jid === room)).toMatchObject([{ name: expect.stringContaining('The Dev Room') }]);
    const found = await bob.request('directory.search', { text: 'DEV the' });
    expect(found.items.map(({ jid }) => jid)).toEqual([room]);
    expect((await bob.request('directory.search', { text: 'no such thing' })).items).toEqual([]);

    await alice.request('room.affiliation', { room, jid: bob.user, affiliation: 'member', reason: 'welcome' });
    await bob.request('room.join', { room, nick: 'bo' });
    const members = await alice.request('room.members', { room });
    expect(members.items.map(({ jid, affiliation }) => [jid, affiliation])).toEqual([
      [alice.user, 'owner'],
      [bob.user, 'member'],
    ]);
    await alice.request('room.destroy', { room, reason: 'done' });
    expect(await bob.next('room.left')).toMatchObject({ room, cause: 'destroyed', reason: 'done' });
    expect(await alice.next('room.left')).toMatchObject({ room, cause: 'destroyed', reason: 'done' });
    // COMPAT(Prosody): it remembers that there was one, for a while.
    const code = expect.stringMatching(/^(item-not-found|gone)$/);
    expect(await alice.refused('room.info', { room })).toMatchObject({ code, by: room });
  });

  test('a configuration that the room does not have takes the new room with it', { timeout: 30_000 }, async () => {
    const refused = await alice.refused('room.create', { room, values: { colour: 'red' } });
    expect(refused).toMatchObject({ code: 'bad-request', field: 'values.colour' });
    // COMPAT(ejabberd): the old room may lose the question whether there is one, on its way out.
    expect(await alice.request('room.create', { room }, 20_000)).toMatchObject({ created: true });
  });

  test('its configuration is read and changed, by its owner', async () => {
    await plain();
    const before = await alice.request('room.config.get', { room });
    expect(before.values).toMatchObject({ membersOnly: false, moderated: expect.any(Boolean), anonymous: 'semi' });
    expect(before.form.fields).toContainEqual(expect.objectContaining({ var: 'muc#roomconfig_membersonly' }));
    await alice.request('room.config.set', {
      room,
      values: { password: 's3cret', anonymous: 'non', 'muc#roomconfig_roomname': 'Named', subjectByAnyone: true },
    });
    const { values, form } = await alice.request('room.config.get', { room });
    expect(values).toMatchObject({ password: 's3cret', anonymous: 'non', name: 'Named', subjectByAnyone: true });
    const rest = (one: typeof before) => one.form.fields.filter(({ var: name }) => !changed.includes(name ?? ''));
    const changed = ['roomsecret', 'passwordprotectedroom', 'whois', 'roomname', 'changesubject'].map(
      (name) => `muc#roomconfig_${name}`,
    );
    expect(rest({ values, form })).toEqual(rest(before));
    expect(await bob.refused('room.join', { room })).toMatchObject({ code: 'not-authorized', field: 'password' });
    await bob.request('room.join', { room, password: 's3cret' });
    expect(await bob.refused('room.config.get', { room })).toMatchObject({ code: 'forbidden', by: room });
    await alice.request('room.config.set', { room, values: { passwordProtected: false } });
    expect(await alice.request('room.info', { room })).toMatchObject({ passwordProtected: false, anonymous: 'non' });
    const wrong = { room, values: { anonymous: 'full' } };
    expect(await alice.refused('room.config.set', wrong)).toMatchObject({ field: 'values.anonymous' });
  });

  test('a moderator takes voice, is asked for it, gives it, kicks and bans', async () => {
    await alice.request('room.create', { room, nick: 'al', values: { moderated: true } });
    await bob.request('room.join', { room, nick: 'bo' });
    await alice.request('room.role', { room, nick: 'bo', role: 'visitor' });
    await bob.next('room.occupant', ({ self, role }) => self === true && role === 'visitor');
    expect(await bob.refused('room.subject', { room, subject: 'Mine' })).toMatchObject({ code: 'forbidden', by: room });
    await bob.request('room.voice', { room });
    const asked = await alice.next('room.voice.requested');
    expect(asked).toMatchObject({ room, nick: 'bo' });
    expect((await alice.request('room.members', { room, role: 'visitor' })).items).toMatchObject([{ nick: 'bo' }]);
    await alice.request('room.voice', { room, nick: asked.nick, allow: true });
    await bob.next('room.occupant', ({ self, role }) => self === true && role === 'participant');
    expect(await bob.refused('room.role', { room, nick: 'al', role: 'none' })).toMatchObject({ by: room });
    await alice.request('room.subject', { room, subject: 'Release day' });

    await alice.request('room.role', { room, nick: 'bo', role: 'none', reason: 'calm down' });
    expect(await bob.next('room.left')).toMatchObject({ room, cause: 'kicked', reason: 'calm down' });
    await bob.request('room.join', { room, nick: 'bo' });
    await alice.request('room.affiliation', { room, jid: bob.user, affiliation: 'outcast', reason: 'spam' });
    expect(await bob.next('room.left')).toMatchObject({ room, cause: 'banned', rejoin: false });
    // COMPAT(ejabberd 23.01): a moderated room remembers the role of who was there, and lets the banned in with it.
    if (server().name !== 'ejabberd-23.01') {
      expect(await bob.refused('room.join', { room })).toMatchObject({ code: 'forbidden', by: room });
    }
    const banned = await alice.request('room.members', { room, affiliation: 'outcast' });
    expect(banned.items).toMatchObject([{ jid: bob.user, affiliation: 'outcast' }]);
  });

  test('a web user is invited by the room, declines, is invited directly, and joins', async () => {
    await plain();
    await alice.request('room.invite', { room, jid: bob.user, reason: 'join us' });
    expect(await bob.next('room.invite')).toMatchObject({ room, reason: 'join us', from: expect.any(String) });
    const tab = await gateway.login('bob', { want: ['rooms'] });
    expect(tab.ready?.invites).toMatchObject([{ room, reason: 'join us' }]);
    await bob.request('room.decline', { room, reason: 'busy' });
    expect(await tab.next('room.invite.removed')).toEqual({ room });
    expect(await alice.next('room.declined')).toMatchObject({ room, reason: 'busy', from: bob.user });
    await alice.request('room.invite', { room, jid: bob.user, direct: true });
    expect(await tab.next('room.invite')).toMatchObject({ room, from: alice.user, direct: true });
    await bob.request('room.join', { room });
    expect(await tab.next('room.invite.removed')).toEqual({ room });
    await tab.close();
  });

  test('a nick is registered', async () => {
    await plain();
    await bob.request('room.join', { room, nick: 'bo' });
    // COMPAT(ejabberd 23.01): nicks are registered with the service, not with a room.
    if (server().name === 'ejabberd-23.01') {
      expect((await bob.refused('room.register', { room })).by).toBe(room);
      return;
    }
    await alice.request('room.affiliation', { room, jid: bob.user, affiliation: 'member' });
    expect(await bob.request('room.register', { room })).toMatchObject({ registered: false, form: { type: 'form' } });
    expect(await bob.request('room.register', { room, nick: 'bo' })).toEqual({ registered: true, nick: 'bo' });
    expect(await bob.request('room.register', { room })).toMatchObject({ registered: true, nick: 'bo' });
    expect(await bob.request('room.register', { room, remove: true })).toEqual({ registered: false });
  });

  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user', () => {
    let romeo: SlixmppPeer;
    beforeAll(async () => {
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
    });
    afterAll(() => romeo.close());

    test('invitations go both ways, of both kinds', async () => {
      await plain();
      await alice.request('room.invite', { room, jid: romeo.bareJid, reason: 'come' });
      expect((await romeo.next('message', ({ invite }) => invite !== undefined)).invite).toMatchObject({
        kind: 'mediated',
        room,
        reason: 'come',
      });
      await alice.request('room.invite', { room, jid: romeo.bareJid, reason: 'please', direct: true });
      expect((await romeo.next('message', ({ invite }) => invite !== undefined)).invite).toMatchObject({
        kind: 'direct',
        room,
        reason: 'please',
      });
      const his = await SlixmppRoom.join(romeo, room, 'Romeo');
      await his.invite(bob.user, 'hither').catch(() => undefined);
      await his.inviteDirectly(bob.user, 'hither');
      expect(await bob.next('room.invite', ({ direct }) => direct === true)).toMatchObject({
        room,
        from: romeo.bareJid,
        reason: 'hither',
      });
      await alice.request('room.role', { room, nick: 'Romeo', role: 'none', reason: 'go' });
      const gone = await his.presenceOf('Romeo', ({ type }) => type === 'unavailable');
      expect(gone.occupant).toMatchObject({ reason: 'go' });
      expect(gone.occupant?.statusCodes).toContain(307);
    });
  });
});
