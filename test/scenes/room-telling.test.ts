/** Receipts, markers and chat states in rooms (XEP-0184, XEP-0333, XEP-0085): by which id, and to whom not at all. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Child, type Element, el, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_RATE: '1000' });
let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});

let rooms = 0;
function room(config: Parameters<ScriptedMuc['room']>[1] = {}): ScriptedRoom {
  rooms += 1;
  const one = muc.room(`telling${rooms}`, config);
  one.affiliations.set('alice@web.example.com', 'member');
  one.enter('Bob', { affiliation: 'owner' });
  return one;
}
const club = { membersOnly: true, nonAnonymous: true };

let alice: JsonClient | undefined;
async function joined({ jid }: ScriptedRoom): Promise<JsonClient> {
  const client = await at.gateway.login('alice', {});
  alice = client;
  await client.request('room.join', { room: jid, nick: 'alice' });
  client.inbox.take();
  await at.stanzas();
  return client;
}
afterEach(async () => {
  const { items = [] } = (await alice?.request('room.list', {})) ?? {};
  const inside = items.filter((one) => one.joined);
  await Promise.all(inside.map(async (one) => alice?.request('room.leave', { room: one.room })));
  await alice?.close();
});

const messages = async (): Promise<Element[]> => (await at.stanzas()).filter((one) => nameOf(one) === 'message');
const marked = (stanza: Element | undefined) => stanza && find(stanza, 'displayed', ns.markers)?.attrs.id;

describe('a marker in a room', () => {
  it.each([
    ['the id of the room', {}],
    ['the id attribute where the room gives none', { stanzaIds: false, archive: false }],
  ])('names %s', async (_, config) => {
    const dev = room({ ...club, ...config });
    const client = await joined(dev);
    const given = dev.say('Bob', 'hi', { id: 'b1' });
    const { id } = await client.next('message');
    await client.request('message.mark', { to: dev.jid, id });
    const [marker, ...more] = await messages();
    expect(more).toEqual([]);
    expect(marker?.attrs).toMatchObject({ to: dev.jid, type: 'groupchat' });
    expect(marked(marker)).toBe('stanzaIds' in config ? 'b1' : given);
    expect(marker && find(marker, 'store', ns.hints)).toBeDefined();
  });

  it('moves forwards only, and is never for an own message or what is private', async () => {
    const dev = room(club);
    const client = await joined(dev);
    dev.say('Bob', 'one');
    dev.say('Bob', 'two');
    dev.say('Bob', 'three');
    const ids: string[] = [];
    for (const _ of 'abc') ids.push((await client.next('message')).id);
    const [one = '', two = '', three = ''] = ids;
    await client.request('message.mark', { to: dev.jid, id: two });
    expect((await messages()).map(marked)).toEqual([two]);
    await client.request('message.mark', { to: dev.jid, id: one });
    await client.request('message.mark', { to: dev.jid, id: two });
    await client.request('message.mark', { to: dev.jid, id: three, private: true });
    const own = await client.request('message.send', { to: dev.jid, body: 'mine' });
    await client.request('message.mark', { to: dev.jid, id: own.id });
    expect((await messages()).map(marked)).toEqual([undefined]);
  });

  it.each([
    ['is open', { membersOnly: false, nonAnonymous: true }],
    ['hides who is who', { membersOnly: true, nonAnonymous: false }],
  ])('is not sent where the room %s, nor is typing', async (_, config) => {
    const dev = room(config);
    const client = await joined(dev);
    dev.say('Bob', 'hi');
    const { id } = await client.next('message');
    await client.request('message.mark', { to: dev.jid, id });
    await client.request('typing.send', { to: dev.jid, state: 'composing' });
    expect(await messages()).toEqual([]);
  });

  it('and typing are sent only where the user wants that', async () => {
    const dev = room(club);
    const client = await joined(dev);
    await client.request('typing.send', { to: dev.jid, state: 'composing' });
    const [typing] = await messages();
    expect(typing && find(typing, 'composing', ns.chatStates)).toBeDefined();
    expect(typing && find(typing, 'no-store', ns.hints)).toBeDefined();
    await client.request('settings.set', { sendMarkers: false, sendTyping: false });
    dev.say('Bob', 'hi');
    const { id } = await client.next('message');
    await client.request('message.mark', { to: dev.jid, id });
    await client.request('typing.send', { to: dev.jid, state: 'composing' });
    expect(await messages()).toEqual([]);
    await client.request('settings.set', { sendMarkers: true, sendTyping: true });
  });

  it('of others is a receipt event; their receipts in a room are none', async () => {
    const dev = room(club);
    const client = await joined(dev);
    const { id } = await client.request('message.send', { to: dev.jid, id: crypto.randomUUID(), body: 'hi' });
    const say = (...children: Element[]) =>
      dev.spoken('Bob', { id: crypto.randomUUID() }, children, { to: () => true });
    say(el('received', { xmlns: ns.receipts, id }));
    say(el('displayed', { xmlns: ns.markers, id }));
    expect(await client.next('receipt')).toMatchObject({ id, status: 'displayed', from: `${dev.jid}/Bob` });
    await at.stanzas();
    expect(client.inbox.take().filter(({ type }) => type === 'receipt')).toEqual([]);
  });
});

describe('in a private chat of a room', () => {
  const whisper = (dev: ScriptedRoom, id: string, ...children: Child[]) =>
    dev.pass('Bob', 'alice', el('message', { type: 'chat', id }, el('body', {}, 'psst'), ...children));

  it('receipts and markers name the id attribute and say that they are private', async () => {
    const dev = room();
    const client = await joined(dev);
    const origin = el('origin-id', { xmlns: ns.stanzaIds, id: 'origin' });
    whisper(dev, 'attribute', origin, el('request', { xmlns: ns.receipts }), el('markable', { xmlns: ns.markers }));
    const { id, chat } = await client.next('message');
    expect(id).toBe('origin');
    const receipt = await at.server.next((one) => find(one, 'received', ns.receipts) !== undefined);
    expect(receipt.attrs).toMatchObject({ to: chat, type: 'chat' });
    expect(find(receipt, 'received', ns.receipts)?.attrs.id).toBe('attribute');
    expect(find(receipt, 'x', ns.mucUser)).toBeDefined();
    await messages();
    await client.request('message.mark', { to: chat, id });
    const [marker] = await messages();
    expect(marked(marker)).toBe('attribute');
    expect(marker?.attrs).toMatchObject({ to: chat, type: 'chat' });
    expect(marker && find(marker, 'x', ns.mucUser)).toBeDefined();
  });

  it('typing is told nobody', async () => {
    const dev = room(club);
    const client = await joined(dev);
    await client.request('typing.send', { to: `${dev.jid}/Bob`, state: 'composing' });
    expect(await messages()).toEqual([]);
  });
});
