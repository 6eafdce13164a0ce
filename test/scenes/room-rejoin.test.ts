/** An account is in its rooms while it has a session and the link is up; it comes back by itself (PROTOCOL.md §10, XEP-0410). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { find } from '../../src/xmpp/stanza.ts';
import { readError } from '../../src/xmpp/stanza-error.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'store.sqlite')}`, STANZAWIRE_XMPP_PACE: '1000' };
const at = scene(env);
let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});

let rooms = 0;
let room: ScriptedRoom;
/** A room with Bob in it, and a client of Alice, who has joined it. */
async function joined() {
  await at.linkUp();
  rooms += 1;
  room = muc.room(`room${rooms}`);
  room.enter('Bob', { affiliation: 'owner' });
  const alice = await at.gateway.login('alice');
  await alice.request('room.join', { room: room.jid, nick: 'Alice' });
  return alice;
}

afterEach(async () => {
  const alice = await at.gateway.login('alice');
  const { items } = await alice.request('room.list', {});
  await Promise.all(items.map((one) => alice.request('room.leave', { room: one.room })));
  await alice.close();
});

const joins = () =>
  at.server.received.filter(
    ({ name, attrs }) => name === 'presence' && attrs.to?.startsWith(room.jid) && attrs.type === undefined,
  ).length;

describe('an account', () => {
  it('is out of its rooms when its last session ends, and in again with the next', async () => {
    const alice = await joined();
    const phone = await at.gateway.login('alice');
    await phone.close();
    await at.stanzas();
    expect(room.occupants.has('Alice')).toBe(true);
    await alice.close();
    await at.server.until(() => !room.occupants.has('Alice'));
    const again = await at.gateway.login('alice', { want: ['rooms'] });
    expect(again.ready?.rooms).toMatchObject([{ room: room.jid, nick: 'Alice', joined: false }]);
    expect(await again.next('room')).toMatchObject({ room: room.jid, joined: true, occupants: 2 });
    const third = await at.gateway.login('alice', { want: ['rooms'] });
    expect(third.ready?.rooms).toMatchObject([{ room: room.jid, joined: true }]);
    await Promise.all([again.close(), third.close()]);
  });

  it('is in its rooms again after a restart of the gateway, which they do not see', async () => {
    const alice = await joined();
    await at.restart(env);
    await alice.closed;
    expect(room.occupants.has('Alice')).toBe(true);
    // Until its client may be back nobody is a ghost.
    await at.stanzas();
    room.say('Bob', 'anybody there?');
    expect(await at.stanzas()).toEqual([]);
    const again = await at.gateway.login('alice');
    expect(await again.next('room')).toMatchObject({ room: room.jid, nick: 'Alice', joined: true });
    expect(joins()).toBe(2);
    await again.close();
  });
});

describe('when the link comes back', () => {
  it('the account joins again, and is told what has changed, and nothing else', async () => {
    const alice = await joined();
    room.enter('Eve');
    await alice.next('room.occupant');
    at.server.drop('rst');
    await alice.next('state', ({ link }) => link === 'down');
    room.exit('Bob');
    room.enter('Mallory');
    const before = joins();
    await alice.next('room', undefined, 8000);
    expect(joins()).toBe(before + 1);
    const rest = (await alice.rest()).filter(({ type }) => type === 'room.occupant').map(({ data }) => data);
    expect(rest).toMatchObject([
      { nick: 'Mallory', type: 'available' },
      { nick: 'Bob', type: 'unavailable' },
    ]);
    const { items } = await alice.request('room.occupants', { room: room.jid });
    expect(items.map(({ nick }) => nick)).toEqual(['Alice', 'Eve', 'Mallory']);
    await alice.close();
  }, 15_000);

  it('someone else may have its nick: it takes another, and says so', async () => {
    const alice = await joined();
    at.server.drop('rst');
    await alice.next('state', ({ link }) => link === 'down');
    room.forget('Alice');
    room.enter('Alice');
    expect(await alice.next('room', undefined, 8000)).toMatchObject({ room: room.jid, nick: 'Alice_2', joined: true });
    await alice.close();
  }, 15_000);

  it('all its nicks may be taken: it stays a member, and the next session may try', async () => {
    const alice = await joined();
    at.server.drop('rst');
    await alice.next('state', ({ link }) => link === 'down');
    room.forget('Alice');
    for (const nick of ['Alice', 'Alice_2', 'Alice_3', 'Alice_4']) room.enter(nick);
    expect(await alice.next('room.left', undefined, 8000)).toMatchObject({
      cause: 'error',
      rejoin: true,
      error: { code: 'conflict' },
    });
    room.exit('Alice');
    const phone = await at.gateway.login('alice');
    expect(await phone.next('room')).toMatchObject({ nick: 'Alice', joined: true });
    await Promise.all([alice.close(), phone.close()]);
  }, 15_000);

  it('a room may have been closed to it: it is told so, and is no member any more', async () => {
    const alice = await joined();
    at.server.drop('rst');
    await alice.next('state', ({ link }) => link === 'down');
    room.forget('Alice');
    room.affiliations.set('alice@web.example.com', 'outcast');
    expect(await alice.next('room.left', undefined, 8000)).toMatchObject({
      room: room.jid,
      cause: 'banned',
      rejoin: false,
      error: { code: 'forbidden' },
    });
    expect((await alice.request('room.list', {})).items).toEqual([]);
    await alice.close();
  }, 15_000);
});

describe('a room that puts the account out', () => {
  it('for a shutdown of the service is joined again', async () => {
    const alice = await joined();
    room.kick('Alice', {}, [332]);
    expect(await alice.next('room.left')).toMatchObject({ cause: 'shutdown', rejoin: true });
    expect(await alice.next('room', undefined, 8000)).toMatchObject({ room: room.jid, joined: true });
    await alice.close();
  }, 15_000);

  it('for a lost connection is joined again, without a word', async () => {
    const alice = await joined();
    room.kick('Alice', {}, [307, 333]);
    expect(await alice.next('room', undefined, 8000)).toMatchObject({ room: room.jid, joined: true });
    expect((await alice.rest()).map(({ type }) => type)).toEqual([]);
    await alice.close();
  }, 15_000);
});

describe('a ghost', () => {
  it('is sent an error once, and presence and errors are sent none', async () => {
    const alice = await joined();
    await alice.request('room.leave', { room: room.jid });
    await at.stanzas();
    const web = 'alice@web.example.com/web';
    room.haunt(web);
    at.server.send(`<presence from="${room.jid}/Ghost" to="${web}"><x xmlns="${ns.mucUser}"/></presence>`);
    at.server.send(`<message from="${room.jid}/Ghost" to="${web}" type="error"><error type="cancel"/></message>`);
    const answers = await at.stanzas();
    expect(answers.map(({ name, attrs }) => [name, attrs.type])).toEqual([['message', 'error']]);
    expect(answers[0] && readError(answers[0]).code).toBe('service-unavailable');
    expect((await alice.rest()).map(({ type }) => type)).toEqual([]);
    await alice.close();
  });
});

it('an error from the room makes the account ask whether it is there, and join again where it is not', async () => {
  const alice = await joined();
  room.forget('Alice');
  const from = `${room.jid}/Alice`;
  at.server.send(
    `<presence from="${from}" to="alice@web.example.com/web" type="error"><error type="cancel"><not-acceptable xmlns="${ns.stanzaErrors}"/></error></presence>`,
  );
  const ping = await at.server.next(
    (stanza) => stanza.name === 'iq' && find(stanza, 'ping', ns.ping) !== undefined && stanza.attrs.to === from,
  );
  expect(ping.attrs.from).toBe('alice@web.example.com/web');
  expect(await alice.next('room', undefined, 8000)).toMatchObject({ room: room.jid, joined: true });
  await alice.close();
}, 15_000);
