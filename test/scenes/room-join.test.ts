/** Into a room and out of it (XEP-0045 §7): one join whoever asks, clear errors, and what the account's sessions are told. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el, find } from '../../src/xmpp/stanza.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s' });
let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});

let rooms = 0;
/** A room that no other test is in, with Bob in it. */
function room(config: Parameters<ScriptedMuc['room']>[1] = {}) {
  rooms += 1;
  const one = muc.room(`room${rooms}`, config);
  one.enter('Bob', { affiliation: 'owner' });
  return one;
}

/** So that nobody is in a room of another test. */
afterEach(async () => {
  for (const user of ['alice', 'bob', 'carol', 'dora']) {
    const client = await at.gateway.login(user);
    const { items } = await client.request('room.list', {});
    await Promise.all(items.map((one) => client.request('room.leave', { room: one.room })));
    await client.close();
  }
});

const joins = (to: string) =>
  at.server.received.filter(({ name, attrs }) => name === 'presence' && attrs.to === to && attrs.type === undefined);
const isAbout = (jid: string) => (data: { room: string }) => data.room === jid;

describe('a join', () => {
  it('is answered with the room, its occupants and oneself', async () => {
    const { jid } = room({ name: 'Development' });
    const alice = await at.gateway.login('alice');
    const answer = await alice.request('room.join', { room: jid, nick: 'Alice', history: { max: 0 } });
    expect(answer).toMatchObject({
      room: { room: jid, name: 'Development', nick: 'Alice', joined: true, role: 'participant', affiliation: 'none' },
      occupants: [
        { room: jid, nick: 'Bob', type: 'available', affiliation: 'owner', role: 'moderator', statusCodes: [] },
      ],
      self: { room: jid, nick: 'Alice', self: true, role: 'participant' },
    });
    expect(answer.self.statusCodes).toContain(110);
    expect(answer).not.toHaveProperty('created');
    expect(answer.occupants[0]).not.toHaveProperty('jid');
    const [join, ...more] = joins(`${jid}/Alice`);
    expect(more).toEqual([]);
    expect(join && find(join, 'x', ns.muc)).toBeDefined();
    await alice.close();
  });

  it('that creates the room says so, and lets others in at once', async () => {
    const jid = `made@${muc.domain}`;
    const alice = await at.gateway.login('alice');
    const answer = await alice.request('room.join', { room: jid });
    expect(answer).toMatchObject({ created: true, room: { nick: 'alice' }, self: { affiliation: 'owner' } });
    const bob = await at.gateway.login('bob');
    expect(await bob.request('room.join', { room: jid })).toMatchObject({ occupants: [{ nick: 'alice' }] });
    await Promise.all([alice.close(), bob.close()]);
  });

  it('of several sessions at one moment is one join, and once more it is none', async () => {
    const { jid } = room();
    const [laptop, phone] = [await at.gateway.login('carol'), await at.gateway.login('carol')];
    const both = await Promise.all([laptop, phone].map((one) => one.request('room.join', { room: jid, nick: 'C' })));
    expect(both[0]).toEqual(both[1]);
    expect(await phone.request('room.join', { room: jid })).toMatchObject({ self: { nick: 'C' } });
    expect(joins(`${jid}/C`)).toHaveLength(1);
    await Promise.all([laptop.close(), phone.close()]);
  });

  it('is told to the other sessions as a room event', async () => {
    const { jid } = room();
    const [laptop, phone] = [await at.gateway.login('carol'), await at.gateway.login('carol')];
    await laptop.request('room.join', { room: jid });
    expect(await phone.next('room', isAbout(jid))).toMatchObject({ joined: true, nick: 'carol' });
    expect((await laptop.rest()).filter(({ type }) => type === 'room')).toEqual([]);
    await Promise.all([laptop.close(), phone.close()]);
  });

  it('with a nick that somebody has fails with conflict, and the account is no member', async () => {
    const { jid } = room();
    const alice = await at.gateway.login('alice');
    expect(await alice.refused('room.join', { room: jid, nick: 'Bob' })).toMatchObject({
      code: 'conflict',
      field: 'nick',
      by: jid,
    });
    const { items } = await alice.request('room.list', {});
    expect(items.map((one) => one.room)).not.toContain(jid);
    expect(await alice.request('room.join', { room: jid, nick: 'Alice' })).toMatchObject({ self: { nick: 'Alice' } });
    await alice.close();
  });

  it.each([
    ['a password that is wrong', { password: 'open' }, { password: 'shut' }, 'not-authorized', 'password'],
    ['no password', { password: 'open' }, {}, 'not-authorized', 'password'],
    ['a room of members', { membersOnly: true }, {}, 'registration-required', undefined],
    ['a full room', { maxUsers: 1 }, {}, 'service-unavailable', undefined],
  ])('into %s fails', async (_what, config, wishes, code, field) => {
    const { jid } = room(config);
    const alice = await at.gateway.login('alice');
    const error = await alice.refused('room.join', { room: jid, ...wishes });
    expect(error).toMatchObject({ code, by: jid, retry: error.retry });
    expect(error.field).toBe(field);
    await alice.close();
  });

  it('of the banned fails with forbidden', async () => {
    const one = room();
    one.affiliate('alice@web.example.com', 'outcast');
    const alice = await at.gateway.login('alice');
    expect(await alice.refused('room.join', { room: one.jid })).toMatchObject({ code: 'forbidden' });
    await alice.close();
  });

  it('that may not create a room fails with not-allowed', async () => {
    muc.mayCreate = false;
    const alice = await at.gateway.login('alice');
    const error = await alice.refused('room.join', { room: `nowhere@${muc.domain}` });
    muc.mayCreate = true;
    expect(error).toMatchObject({ code: 'not-allowed', field: 'room' });
    await alice.close();
  });

  it('that is not answered times out, and may be tried again', async () => {
    const { jid } = room();
    const alice = await at.gateway.login('alice');
    muc.swallow = ({ name, attrs }) => name === 'presence' && attrs.to === `${jid}/alice`;
    expect(await alice.refused('room.join', { room: jid })).toMatchObject({ code: 'timeout', retry: true });
    muc.swallow = () => false;
    expect(await alice.request('room.join', { room: jid })).toMatchObject({ self: { nick: 'alice' } });
    await alice.close();
  });

  it.each(['dev', 'alice@web.example.com', `dev@rooms.example.com/nick`, 'no jid@'])(
    'to %s, which is no room, is a bad request',
    async (jid) => {
      const alice = await at.gateway.login('alice');
      expect(await alice.refused('room.join', { room: jid })).toMatchObject({ code: 'bad-request', field: 'room' });
      await alice.close();
    },
  );

  it('adopts the nick that the room gives (210)', async () => {
    const one = room();
    one.assignNick = (nick) => `${nick} the Second`;
    const alice = await at.gateway.login('alice');
    expect(await alice.request('room.join', { room: one.jid, nick: 'Al' })).toMatchObject({
      room: { nick: 'Al the Second' },
      self: { nick: 'Al the Second' },
    });
    await alice.close();
  });

  it('into a room of 1,000 is one answer and no events', async () => {
    const one = room();
    for (let i = 0; i < 1000; i++) one.enter(`n${i}`);
    const alice = await at.gateway.login('alice');
    const answer = await alice.request('room.join', { room: one.jid });
    expect(answer.occupants).toHaveLength(1001);
    expect((await alice.rest()).filter(({ type }) => type?.startsWith('room'))).toEqual([]);
    const page = await alice.request('room.occupants', { room: one.jid, max: 10, after: 'n5' });
    expect(page).toMatchObject({ count: 1002, complete: false, first: 'n50' });
    expect(page.items).toHaveLength(10);
    await alice.close();
  });
});

describe('in a room', () => {
  it('who comes, changes and goes is told by the latest value', async () => {
    const one = room();
    const alice = await at.gateway.login('alice');
    await alice.request('room.join', { room: one.jid });
    one.enter('Eve', { show: [el('show', {}, 'away')] });
    expect(await alice.next('room.occupant')).toMatchObject({ nick: 'Eve', type: 'available', show: 'away' });
    one.setRole('Eve', 'visitor', { reason: 'shh', actor: 'Bob' });
    expect(await alice.next('room.occupant')).toMatchObject({ nick: 'Eve', role: 'visitor', reason: 'shh' });
    one.rename('Eve', 'Evelyn');
    expect(await alice.next('room.occupant')).toMatchObject({ nick: 'Eve', type: 'unavailable', newNick: 'Evelyn' });
    expect(await alice.next('room.occupant')).toMatchObject({ nick: 'Evelyn', type: 'available' });
    one.kick('Evelyn', { reason: 'out' });
    expect(await alice.next('room.occupant')).toMatchObject({
      nick: 'Evelyn',
      type: 'unavailable',
      reason: 'out',
      statusCodes: [307],
    });
    expect((await alice.rest()).filter(({ type }) => type === 'presence')).toEqual([]);
    await alice.close();
  });

  it('another nick is asked for, given, or refused', async () => {
    const one = room();
    const alice = await at.gateway.login('alice');
    await alice.request('room.join', { room: one.jid });
    expect(await alice.request('room.nick', { room: one.jid, nick: 'Al' })).toEqual({ nick: 'Al' });
    expect(await alice.next('room', isAbout(one.jid))).toMatchObject({ nick: 'Al' });
    expect(await alice.refused('room.nick', { room: one.jid, nick: 'Bob' })).toMatchObject({ code: 'conflict' });
    const { items } = await alice.request('room.occupants', { room: one.jid });
    expect(items).toMatchObject([{ nick: 'Al', self: true }, { nick: 'Bob' }]);
    await alice.close();
  });

  it('a change of status is no join, and the invisible are seen all the same', async () => {
    const one = room();
    const alice = await at.gateway.login('alice', { presence: false });
    await alice.request('room.join', { room: one.jid });
    await at.stanzas();
    await alice.request('presence.set', { show: 'dnd', status: 'busy' });
    const told = (await at.stanzas()).filter(({ attrs }) => attrs.to === `${one.jid}/alice`);
    expect(told).toHaveLength(1);
    const [status] = told as [Element];
    expect(find(status, 'x', ns.muc)).toBeUndefined();
    expect(find(status, 'show', '')?.children).toEqual(['dnd']);
    await alice.request('presence.set', { type: 'unavailable' });
    expect((await at.stanzas()).filter(({ attrs }) => attrs.to?.startsWith(one.jid))).toEqual([]);
    await alice.close();
  });

  it('a request about a room the account is not in is not-acceptable', async () => {
    const alice = await at.gateway.login('alice');
    const nowhere = `nowhere@${muc.domain}`;
    expect(await alice.refused('room.occupants', { room: nowhere })).toMatchObject({ code: 'not-acceptable' });
    expect(await alice.refused('room.leave', { room: nowhere })).toMatchObject({ code: 'item-not-found' });
    await alice.close();
  });
});

describe('out of a room', () => {
  it('is who leaves it, on every session', async () => {
    const one = room();
    const [laptop, phone] = [await at.gateway.login('dora'), await at.gateway.login('dora')];
    await laptop.request('room.join', { room: one.jid });
    await laptop.request('room.leave', { room: one.jid, status: 'bye' });
    expect(one.occupants.has('dora')).toBe(false);
    expect(await phone.next('room.left')).toEqual({ room: one.jid, cause: 'left', rejoin: true, statusCodes: [] });
    expect((await laptop.request('room.list', {})).items).toEqual([]);
    await Promise.all([laptop.close(), phone.close()]);
  });

  it.each([
    ['kicked', true, (one: ReturnType<typeof room>) => one.kick('dora', { reason: 'so', actor: 'Bob' }), [307]],
    ['banned', false, (one: ReturnType<typeof room>) => one.ban('dora', { reason: 'so', actor: 'Bob' }), [301]],
    [
      'membersOnly',
      false,
      (one: ReturnType<typeof room>) => one.kick('dora', { reason: 'so', actor: 'Bob' }, [322]),
      [322],
    ],
    [
      'affiliation',
      false,
      (one: ReturnType<typeof room>) => one.kick('dora', { reason: 'so', actor: 'Bob' }, [321]),
      [321],
    ],
  ])('is who was put out: %s', async (cause, rejoin, act, codes) => {
    const one = room();
    const dora = await at.gateway.login('dora');
    await dora.request('room.join', { room: one.jid });
    act(one);
    const left = await dora.next('room.left');
    expect(left).toMatchObject({ room: one.jid, cause, rejoin, reason: 'so', actor: { nick: 'Bob' } });
    expect(left.statusCodes).toEqual(expect.arrayContaining(codes));
    expect((await dora.request('room.list', {})).items).toEqual([]);
    expect(joins(`${one.jid}/dora`)).toHaveLength(1);
    await dora.close();
  });

  it('is everybody when it is destroyed', async () => {
    const one = room();
    const dora = await at.gateway.login('dora');
    await dora.request('room.join', { room: one.jid });
    one.destroy({ reason: 'moved', venue: 'new@rooms.example.com' });
    expect(await dora.next('room.left')).toMatchObject({
      cause: 'destroyed',
      rejoin: false,
      reason: 'moved',
      alternate: { room: 'new@rooms.example.com' },
    });
    await dora.close();
  });
});
