/** Rooms and those who are blocked in them (XEP-0191): an error to a room would put the account out of it. */
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { append, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s' });
let muc: ScriptedMuc;
let alice: JsonClient;
let rooms = 0;
let jid = '';
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});
beforeEach(async () => {
  const room = muc.room(`room${++rooms}`);
  room.enter('Bob', { affiliation: 'owner' });
  jid = room.jid;
  alice = await at.gateway.login(`alice${rooms}`);
  await alice.request('room.join', { room: jid, nick: 'Alice' });
  await alice.rest();
  await at.stanzas();
});

const said = (type: string, nick = 'Bob') => {
  const stanza = el('message', { from: `${jid}/${nick}`, to: `${alice.user}/web`, type, id: crypto.randomUUID() });
  append(stanza, el('body', {}, 'hi'));
  at.server.send(stanza);
};

it('what a blocked occupant says is not shown, and not answered', async () => {
  await alice.request('block.add', { jids: [`${jid}/Bob`] });
  await at.stanzas();
  said('groupchat');
  said('chat');
  expect(await at.stanzas()).toEqual([]);
  expect(await alice.rest()).toEqual([]);
  said('groupchat', 'Carol');
  await alice.next('message', ({ from }) => from === `${jid}/Carol`);
  expect(await alice.refused('message.send', { to: `${jid}/Bob`, body: 'psst' })).toMatchObject({
    code: 'not-acceptable',
  });
  await alice.close();
});

it.each(['the room', 'its service'])(
  'whoever blocks %s is out of the room, and comes in after the block',
  async (what) => {
    const tablet = await at.gateway.login(`alice${rooms}`);
    await tablet.rest();
    const blocked = what === 'the room' ? jid : muc.domain;
    await alice.request('block.add', { jids: [blocked] });
    const [leave, ...more] = await at.stanzas();
    expect(leave?.attrs).toMatchObject({ to: `${jid}/Alice`, type: 'unavailable' });
    expect(more).toEqual([]);
    expect(await tablet.next('room.left')).toMatchObject({ room: jid, cause: 'left' });
    expect(await alice.request('room.list', {})).toMatchObject({ items: [] });
    expect(await alice.refused('room.join', { room: jid })).toMatchObject({
      code: 'not-acceptable',
      app: { name: 'blocked' },
    });
    said('groupchat');
    const [bounce] = await at.stanzas();
    expect(bounce?.attrs).toMatchObject({ to: `${jid}/Bob`, type: 'error' });
    expect((await tablet.rest()).map(({ type }) => type)).toEqual(['block']);
    await alice.request('block.remove', {});
    expect(await alice.request('room.join', { room: jid, nick: 'Alice' })).toMatchObject({ self: { nick: 'Alice' } });
    await Promise.all([alice.close(), tablet.close()]);
  },
);
