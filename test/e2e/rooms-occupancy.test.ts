/** Web users and an XMPP user in one room, on every server: in, out, kicked, and back after whatever has happened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { onEveryServer } from '../support/servers/each.ts';

onEveryServer('rooms', (server) => {
  const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
  const env = {
    STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'store.sqlite')}`,
    STANZAWIRE_SESSIONS_RESUME_WINDOW: '2s',
    STANZAWIRE_LIMITS_SEND_TIMEOUT: '10s',
  };
  let gateway: TestGateway;
  let peer: SlixmppPeer;
  let alice: JsonClient;
  let there: SlixmppRoom;
  const room = 'tea@conference.example.test';
  const isRoom = (data: { room: string }) => data.room === room;

  /** Past the link's first connection, and past the search for the room service. */
  async function start(): Promise<void> {
    gateway = await TestGateway.start(upstreamOf(server()), env);
    const one = await gateway.login('waits', { presence: false });
    if (one.ready?.link === 'down') await one.next('state', ({ link }) => link === 'up', 20_000);
    await one.close();
  }

  beforeAll(async () => {
    await start();
    peer = await SlixmppPeer.login({ server: server(), user: 'romeo' });
  }, 60_000);
  afterAll(async () => {
    await peer?.close();
    await gateway?.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  describe('occupancy', () => {
    test('the room service is found', async () => {
      const names = async () => {
        const client = await gateway.login('looks');
        await client.close();
        return client.ready?.services;
      };
      await expect.poll(names, { timeout: 10_000 }).toMatchObject({ rooms: 'conference.example.test' });
    });

    test('a join makes the room, and others come in', async () => {
      alice = await gateway.login('alice');
      const made = await alice.request('room.join', { room, nick: 'Alice' }, 15_000);
      expect(made).toMatchObject({ created: true, room: { room, joined: true, affiliation: 'owner' }, occupants: [] });
      there = await SlixmppRoom.join(peer, room, 'Romeo');
      expect(there.created).toBe(false);
      expect(await alice.next('room.occupant')).toMatchObject({ room, nick: 'Romeo', type: 'available' });
      const nurse = await gateway.login('nurse');
      const joined = await nurse.request('room.join', { room }, 15_000);
      expect(joined.occupants.map(({ nick }) => nick).toSorted()).toEqual(['Alice', 'Romeo']);
      expect(joined.room.features).toContain('mam');
      expect(await alice.next('room.occupant')).toMatchObject({ nick: 'nurse' });
      await nurse.request('room.leave', { room });
      expect(await alice.next('room.occupant')).toMatchObject({ nick: 'nurse', type: 'unavailable' });
      await nurse.close();
    });

    test('another nick is given, and one that is taken is a conflict', async () => {
      expect(await alice.request('room.nick', { room, nick: 'Al' })).toEqual({ nick: 'Al' });
      await there.presenceOf('Al');
      expect(await alice.refused('room.nick', { room, nick: 'Romeo' })).toMatchObject({ code: 'conflict' });
      await there.changeNick('Montague');
      expect(await alice.next('room.occupant', ({ newNick }) => newNick === 'Montague')).toMatchObject({
        nick: 'Romeo',
      });
      const tybalt = await gateway.login('tybalt');
      expect(await tybalt.refused('room.join', { room, nick: 'Montague' })).toMatchObject({ code: 'conflict' });
      await tybalt.close();
    });

    test('a status is seen in the room', async () => {
      await alice.request('presence.set', { show: 'dnd' });
      await there.presenceOf('Al', ({ show }) => show === 'dnd');
    });

    test('who is kicked is out, who is banned stays out', async () => {
      const own = 'juliet@conference.example.test';
      const theirs = await SlixmppRoom.join(peer, own, 'Romeo');
      const tybalt = await gateway.login('tybalt');
      await tybalt.request('room.join', { room: own });
      await theirs.kick('tybalt', 'calm down');
      expect(await tybalt.next('room.left')).toMatchObject({ room: own, cause: 'kicked', reason: 'calm down' });
      await tybalt.request('room.join', { room: own });
      await theirs.ban('tybalt@web.example.test', 'enough');
      expect(await tybalt.next('room.left')).toMatchObject({ room: own, cause: 'banned', rejoin: false });
      expect(await tybalt.refused('room.join', { room: own })).toMatchObject({ code: 'forbidden' });
      await theirs.configure({ 'muc#roomconfig_membersonly': 1 });
      const nurse = await gateway.login('nurse');
      expect(await nurse.refused('room.join', { room: own })).toMatchObject({ code: 'registration-required' });
      await theirs.configure({
        'muc#roomconfig_membersonly': 0,
        'muc#roomconfig_passwordprotectedroom': 1,
        'muc#roomconfig_roomsecret': 's3cret',
      });
      expect(await nurse.refused('room.join', { room: own })).toMatchObject({ code: 'not-authorized' });
      await nurse.request('room.join', { room: own, password: 's3cret' });
      await theirs.destroy('over', 'new@conference.example.test');
      expect(await nurse.next('room.left')).toMatchObject({
        room: own,
        cause: 'destroyed',
        reason: 'over',
        alternate: { room: 'new@conference.example.test' },
      });
      await Promise.all([tybalt.close(), nurse.close()]);
    }, 30_000);

    test('a room that is silent for 15 minutes is asked, and says that the account is in it', async () => {
      const asked = async () =>
        Number(/^stanzawire_stanzas_total\{direction="out",kind="iq"\} (\d+)$/m.exec(await gateway.metrics())?.[1]);
      vi.useFakeTimers({ toFake: ['Date', 'setInterval'], now: Date.now() });
      try {
        const carol = await gateway.login('carol');
        await carol.request('room.join', { room, nick: 'Carol' }, 15_000);
        await there.presenceOf('Carol');
        await expect.poll(asked, { timeout: 10_000 }).toBeGreaterThan(0);
        const before = await asked();
        vi.advanceTimersByTime(16 * 60_000);
        // Hers; Alice's room is looked at by an interval of the time before.
        await expect.poll(asked, { timeout: 10_000 }).toBe(before + 1);
        vi.advanceTimersByTime(60_000);
        expect(await asked()).toBe(before + 1);
        await there.say('still there?');
        await carol.next('message', ({ body }) => body === 'still there?', 15_000);
        expect((await carol.rest()).filter(({ type }) => type === 'room.left' || type === 'room')).toEqual([]);
        await carol.request('room.leave', { room });
        await carol.close();
      } finally {
        vi.useRealTimers();
      }
    }, 60_000);

    test('without a session the account is away, and back with the next', async () => {
      await alice.close();
      await there.presenceOf('Al', ({ type }) => type === 'unavailable');
      alice = await gateway.login('alice', { want: ['rooms'] });
      expect(alice.ready?.rooms).toMatchObject([{ room, nick: 'Al', joined: false }]);
      expect(await alice.next('room', isRoom)).toMatchObject({ joined: true, nick: 'Al' });
      await there.presenceOf('Al', ({ type }) => type !== 'unavailable');
    });

    test('a restart of the gateway is not seen in the room', async () => {
      peer.take('presence');
      await gateway.stop();
      await start();
      alice = await gateway.login('alice');
      expect(await alice.next('room', isRoom)).toMatchObject({ joined: true, nick: 'Al' });
      await peer.ping('example.test');
      const seen = peer.take('presence').filter(({ from }) => from === `${room}/Al`);
      expect(seen.filter(({ type }) => type === 'unavailable')).toEqual([]);
    }, 30_000);

    test('after a restart of the server the account is in its room again', async () => {
      await peer.close();
      await server().restart();
      expect(await alice.next('room', (data) => isRoom(data) && data.joined, 40_000)).toMatchObject({ nick: 'Al' });
      peer = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      there = await SlixmppRoom.join(peer, room, 'Romeo');
      expect(await alice.next('room.occupant', ({ nick }) => nick === 'Romeo')).toMatchObject({ type: 'available' });
      const { items } = await alice.request('room.occupants', { room });
      expect(items.map(({ nick }) => nick)).toEqual(['Al', 'Romeo']);
      await alice.close();
    }, 90_000);
  });
});
