/** Rooms on real servers: web users and an XMPP user on slixmpp in one room, and all that they can do there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const limits = { STANZAWIRE_LIMITS_RATE: '100000', STANZAWIRE_LIMITS_BURST: '100000' };
const isGone = ({ type }: { type: string }): boolean => type === 'unavailable';

onEveryServer('rooms', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user on slixmpp', () => {
    let gateway: TestGateway;
    let alice: JsonClient;
    let tablet: JsonClient;
    let bob: JsonClient;
    let romeo: SlixmppPeer;
    let his: SlixmppRoom;
    let room = '';

    beforeAll(async () => {
      gateway = await TestGateway.start(upstreamOf(server()), limits);
      alice = await gateway.login('alice');
      tablet = await gateway.login('alice');
      bob = await gateway.login('bob');
      if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      room = `dev@${server().rooms}`;
    });
    afterAll(async () => {
      await romeo.close();
      await gateway.stop();
    });

    test('the service is found, a join creates the room, and the others come in', async () => {
      const late = await gateway.login('alice');
      expect(late.ready?.services).toMatchObject({ rooms: server().rooms });
      await late.close();
      const values = { 'muc#roomconfig_persistentroom': true, 'muc#roomconfig_changesubject': true };
      const made = await alice.request('room.create', { room, nick: 'Alice', values });
      expect(made).toMatchObject({
        created: true,
        occupants: [],
        self: { nick: 'Alice', affiliation: 'owner', self: true },
      });
      expect(await tablet.next('room', (each) => each.room === room && each.joined)).toMatchObject({ nick: 'Alice' });
      const joined = await bob.request('room.join', { room, nick: 'Bob' });
      expect(joined.room).toMatchObject({ room, joined: true, persistent: true, role: 'participant' });
      expect(joined.occupants).toMatchObject([{ nick: 'Alice', role: 'moderator' }]);
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      for (const session of [alice, tablet, bob]) {
        const came = await session.next('room.occupant', ({ nick, type }) => nick === 'Romeo' && type === 'available');
        expect(came).toMatchObject({ room, affiliation: 'none', role: 'participant' });
      }
      const occupants = await bob.request('room.occupants', { room });
      expect(occupants.items.map(({ nick }) => nick).sort()).toEqual(['Alice', 'Bob', 'Romeo']);
    });

    test('everybody hears everything once, in one order, under one id', async () => {
      await Promise.all([alice.rest(), tablet.rest(), bob.rest()]);
      const first = await alice.request('message.send', { to: room, body: 'one' });
      const second = await his.say('two');
      const third = await bob.request('message.send', { to: room, body: 'three', id: 'id-of-bob' });
      expect(third).toMatchObject({ originId: 'id-of-bob', chat: room, type: 'groupchat' });
      const ids = [first.id, second.stanzaId, third.id];
      expect((await his.next(({ body }) => body === 'one')).stanzaId).toBe(first.id);
      expect((await his.next(({ body }) => body === 'three')).stanzaId).toBe(third.id);
      await tablet.next('message', ({ body }) => body === 'three');
      await alice.next('message', ({ body }) => body === 'three');
      const heard = async (session: JsonClient) =>
        (await session.rest()).filter(({ type }) => type === 'message').map(({ data }) => data?.id);
      expect(await heard(tablet)).toEqual(ids.slice(0, 2));
      expect(await heard(alice)).toEqual(ids.slice(1, 2));
      expect(await heard(bob)).toEqual(ids.slice(0, 2));
      const { items } = await bob.request('history.get', { chat: room, view: 'log' });
      expect(items.slice(-3)).toMatchObject(ids.map((id) => ({ data: { id } })));
    });

    test('private messages go to one occupant, and to all sessions of the account', async () => {
      await alice.request('message.send', { to: `${room}/Romeo`, body: 'psst', type: 'chat' });
      expect(await his.nextWhisper('Alice')).toMatchObject({ body: 'psst' });
      expect(await tablet.next('message', ({ body }) => body === 'psst')).toMatchObject({
        chat: `${room}/Romeo`,
        outgoing: true,
      });
      await his.whisper('Alice', 'what is it?');
      for (const session of [alice, tablet]) {
        const whispered = await session.next('message', ({ body }) => body === 'what is it?');
        expect(whispered).toMatchObject({ chat: `${room}/Romeo`, type: 'chat' });
      }
      expect((await bob.rest()).filter(({ type }) => type === 'message')).toEqual([]);
      expect(await alice.refused('message.send', { to: `${room}/Nobody`, body: 'psst', type: 'chat' })).toMatchObject({
        code: 'item-not-found',
      });
    });

    test('the subject and nicks change on either side', async () => {
      await alice.request('room.subject', { room, subject: 'Release day' });
      await his.nextSubject((subject) => subject === 'Release day');
      await bob.next('room', ({ subject }) => subject === 'Release day');
      await his.setSubject('Verona');
      expect(await bob.next('room', ({ subject }) => subject === 'Verona')).toMatchObject({ subjectBy: 'Romeo' });
      expect(await alice.request('room.nick', { room, nick: 'Alicia' })).toEqual({ nick: 'Alicia' });
      expect((await his.presenceOf('Alice', isGone)).occupant).toMatchObject({ newNick: 'Alicia' });
      expect(await alice.refused('room.nick', { room, nick: 'Romeo' })).toMatchObject({ code: 'conflict' });
      await his.changeNick('R');
      expect(await bob.next('room.occupant', ({ nick }) => nick === 'Romeo')).toMatchObject({ newNick: 'R' });
    });

    test('invitations reach web users and XMPP users', async () => {
      const juliet = await SlixmppPeer.login({ server: server(), user: 'juliet' });
      await alice.request('room.invite', { room, jid: juliet.bareJid, reason: 'join us' });
      const invited = await juliet.next('message', ({ invite }) => invite !== undefined);
      expect(invited.invite).toMatchObject({ kind: 'mediated', room, reason: 'join us' });
      const carol = await gateway.login('carol');
      // ejabberd lets moderators invite, others only if the room is configured so
      await alice.request('room.affiliation', { room, jid: romeo.bareJid, affiliation: 'owner' });
      await his.presenceOf(his.nick, ({ occupant }) => occupant?.role === 'moderator');
      await his.invite(carol.user, 'come');
      expect(await carol.next('room.invite', (invite) => invite.room === room)).toMatchObject({ reason: 'come' });
      await Promise.all([juliet.close(), carol.close()]);
    });

    test('kicks and bans go both ways, and their causes are told', async () => {
      await alice.request('room.affiliation', { room, jid: romeo.bareJid, affiliation: 'none' });
      await alice.request('room.role', { room, nick: 'R', role: 'none', reason: 'calm down' });
      const kicked = (await his.presenceOf('R', isGone)).occupant;
      expect(kicked).toMatchObject({ reason: 'calm down' });
      expect(kicked?.statusCodes).toContain(307);
      await alice.request('room.affiliation', { room, jid: romeo.bareJid, affiliation: 'owner' });
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      await his.kick('Bob', 'spam');
      const left = await bob.next('room.left', (each) => each.room === room);
      expect(left).toMatchObject({ cause: 'kicked', reason: 'spam', actor: { nick: 'Romeo' } });
      expect(await bob.refused('message.send', { to: room, body: 'still here', type: 'groupchat' })).toMatchObject({
        code: expect.any(String),
      });
      await bob.request('room.join', { room, nick: 'Bob' });
      await his.ban(bob.user, 'enough');
      expect(await bob.next('room.left', (each) => each.room === room)).toMatchObject({
        cause: 'banned',
        rejoin: false,
      });
      expect(await bob.refused('room.join', { room, nick: 'Bob' })).toMatchObject({ code: 'forbidden' });
      const { items } = await alice.request('room.members', { room, affiliation: 'outcast' });
      expect(items).toMatchObject([{ jid: bob.user, affiliation: 'outcast' }]);
      await alice.request('room.affiliation', { room, jid: bob.user, affiliation: 'none' });
    });

    test('who leaves is gone on all its sessions, and a destroyed room is gone for all', async () => {
      await bob.request('room.join', { room, nick: 'Bob' });
      await his.presenceOf('Bob', ({ type }) => type === 'available');
      await bob.request('room.leave', { room, status: 'bye' });
      await his.presenceOf('Bob', ({ type, status }) => type === 'unavailable' && status === 'bye');
      expect((await bob.request('room.list', {})).items.filter(({ joined }) => joined)).toEqual([]);
      await his.destroy('the end', `next@${server().rooms}`);
      for (const session of [alice, tablet]) {
        expect(await session.next('room.left', (each) => each.room === room)).toMatchObject({
          cause: 'destroyed',
          reason: 'the end',
          alternate: { room: `next@${server().rooms}` },
        });
      }
    });
  });
});
