/** What happens to messages: edits, retractions, reactions, receipts and markers that come in (PROTOCOL.md §11). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene();
const romeo = 'romeo@example.com';
const mallory = 'mallory@example.com';
let alice: JsonClient;

beforeAll(async () => {
  alice = await at.gateway.login('alice', { scopes: ['raw'], raw: 'extra' });
});
afterAll(() => alice.close());

const send = (from: string, id: string, ...children: Child[]) =>
  at.server.send(el('message', { from: `${from}/x`, to: alice.user, type: 'chat', id }, ...children));
const body = (text: string) => el('body', {}, text);
const replace = (id: string) => el('replace', { xmlns: 'urn:xmpp:message-correct:0', id });
const retract = (id: string) => el('retract', { xmlns: 'urn:xmpp:message-retract:1', id });
const received = (id: string) => el('received', { xmlns: 'urn:xmpp:receipts', id });
const marker = (name: string, id: string) => el(name, { xmlns: 'urn:xmpp:chat-markers:0', id });
const originId = (id: string) => el('origin-id', { xmlns: 'urn:xmpp:sid:0', id });
const delay = (stamp: string) => el('delay', { xmlns: 'urn:xmpp:delay', from: 'example.com', stamp });
const reactions = (id: string, ...emoji: string[]) =>
  el('reactions', { xmlns: 'urn:xmpp:reactions:0', id }, ...emoji.map((one) => el('reaction', {}, one)));

/** Nothing came of what was sent last. */
async function nothing(): Promise<void> {
  await at.stanzas();
  expect(await alice.rest()).toEqual([]);
}

describe('an edit', () => {
  it('is a message object with the id of the first version, whichever id names it, however often', async () => {
    send(romeo, 'e1', body('teh'), originId('e1-origin'));
    await alice.next('message');
    send(romeo, 'e2', body('the'), replace('e1'));
    expect(await alice.next('message.edited')).toMatchObject({
      id: 'e2',
      replace: 'e1-origin',
      chat: romeo,
      from: `${romeo}/x`,
      to: alice.user,
      type: 'chat',
      body: 'the',
      archiveId: expect.any(String),
    });
    send(romeo, 'e3', body('the end'), replace('e1-origin'));
    expect(await alice.next('message.edited')).toMatchObject({ id: 'e3', replace: 'e1-origin' });
    // Some clients name the last version instead.
    send(romeo, 'e4', body('the very end'), replace('e3'));
    expect(await alice.next('message.edited')).toMatchObject({ id: 'e4', replace: 'e1-origin', body: 'the very end' });
    await nothing();
  });

  it('of another sender, or of the own message, is ignored', async () => {
    send(romeo, 'e5', body('mine'));
    await alice.next('message');
    await alice.request('message.send', { to: romeo, id: 'own-1', body: 'hi' });
    send(mallory, 'e6', body('forged'), replace('e5'));
    send(romeo, 'e7', body('forged'), replace('own-1'));
    await nothing();
  });

  it('that comes before its message waits for it', async () => {
    send(romeo, 'w2', body('second'), replace('w1'));
    await nothing();
    send(romeo, 'w1', body('first'));
    expect(await alice.next('message')).toMatchObject({ id: 'w1', body: 'first' });
    expect(await alice.next('message.edited')).toMatchObject({ id: 'w2', replace: 'w1', body: 'second' });
  });

  it('that is only being typed changes nothing', async () => {
    send(romeo, 'e8', body('typed'));
    await alice.next('message');
    send(romeo, 'e9', el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' }), replace('e8'));
    expect(await alice.next('typing')).toMatchObject({ state: 'composing' });
    await nothing();
  });
});

describe('a retraction', () => {
  it('in its newer and older form takes the message back; its body is no message', async () => {
    send(romeo, 'r1', body('oops'), originId('r1-origin'));
    send(romeo, 'r2', body('oops again'));
    await alice.next('message');
    await alice.next('message');
    send(romeo, 'r3', retract('r1'), body('I took a message back'), el('fallback', { xmlns: 'urn:xmpp:fallback:0' }));
    expect(await alice.next('message.retracted')).toMatchObject({ id: 'r1-origin', chat: romeo, from: `${romeo}/x` });
    const older = el('retract', { xmlns: 'urn:xmpp:message-retract:0' });
    send(romeo, 'r4', el('apply-to', { xmlns: 'urn:xmpp:fasten:0', id: 'r2' }, older), body('fallback'));
    expect(await alice.next('message.retracted')).toMatchObject({ id: 'r2' });
    await nothing();
  });

  it("of another sender's message is ignored", async () => {
    send(romeo, 'r5', body('stays'));
    await alice.next('message');
    await alice.request('message.send', { to: romeo, id: 'own-2', body: 'stays too' });
    send(mallory, 'r6', retract('r5'));
    send(romeo, 'r7', retract('own-2'));
    await nothing();
  });
});

describe('reactions', () => {
  it("are the sender's whole set, to anybody's message", async () => {
    await alice.request('message.send', { to: romeo, id: 'own-3', body: 'hi' });
    send(romeo, 'k1', body('my own'));
    await alice.next('message');
    send(romeo, 'k2', reactions('own-3', '👋', '🐢', '👋', ' '), body('a fallback'));
    expect(await alice.next('reaction')).toMatchObject({ id: 'own-3', chat: romeo, reactions: ['👋', '🐢'] });
    send(romeo, 'k3', reactions('own-3'));
    expect(await alice.next('reaction')).toMatchObject({ id: 'own-3', reactions: [] });
    send(romeo, 'k4', reactions('k1', '❤️'));
    expect(await alice.next('reaction')).toMatchObject({ id: 'k1', reactions: ['❤️'] });
    send(mallory, 'k5', reactions('k1', '💩'));
    await nothing();
  });

  it('are bounded', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `e${i}`);
    send(romeo, 'k6', reactions('own-3', 'x'.repeat(1000), ...many));
    expect((await alice.next('reaction')).reactions).toEqual(many.slice(0, 32));
  });

  it('that were delayed do not replace newer ones', async () => {
    send(romeo, 'k7', reactions('own-3', '👍'));
    await alice.next('reaction');
    send(romeo, 'k8', reactions('own-3', '👎'), delay('2020-01-01T00:00:00Z'));
    await nothing();
    const { items } = await alice.request('history.get', { chat: romeo, ids: ['own-3'] });
    expect(items[0]?.data).toMatchObject({ reactions: { [romeo]: ['👍'] } });
  });
});

describe('receipts and markers', () => {
  it('tell what became of an own message', async () => {
    await alice.request('message.send', { to: romeo, id: 'own-4', body: 'hi' });
    send(romeo, 's1', received('own-4'));
    expect(await alice.next('receipt')).toMatchObject({
      id: 'own-4',
      chat: romeo,
      from: `${romeo}/x`,
      status: 'delivered',
    });
    send(romeo, 's2', marker('displayed', 'own-4'), el('thread', {}, 't'));
    expect(await alice.next('receipt')).toMatchObject({ id: 'own-4', status: 'displayed' });
  });

  it("of somebody else, or of a message that is not the account's, are ignored", async () => {
    send(romeo, 's3', body('mine'));
    await alice.next('message');
    send(mallory, 's4', received('own-4'));
    send(mallory, 's5', marker('displayed', 'own-4'));
    send(romeo, 's6', received('s3'));
    send(romeo, 's7', marker('displayed', 's3'));
    await nothing();
  });

  it('of the older kinds of marker are no receipts', async () => {
    send(romeo, 's8', marker('received', 'own-4'));
    send(romeo, 's9', marker('acknowledged', 'own-4'));
    const frames = [await alice.next('stanza'), await alice.next('stanza')];
    expect(frames).toHaveLength(2);
    await nothing();
  });

  it('beside something to show are in extra, and the message is shown', async () => {
    send(romeo, 's10', body('here you are'), received('own-4'));
    expect(await alice.next('message')).toMatchObject({
      id: 's10',
      extra: [{ name: 'received', attrs: { xmlns: 'urn:xmpp:receipts', id: 'own-4' } }],
    });
    await nothing();
  });

  it('that bounce are no failed messages', async () => {
    const condition = el('service-unavailable', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' });
    const error = el('error', { type: 'cancel' }, condition);
    at.server.send(el('message', { from: romeo, to: `${alice.user}/web`, type: 'error', id: 'a-receipt' }, error));
    await nothing();
  });
});

describe('what does not count', () => {
  const count = async (type: string, reason: string): Promise<number> => {
    const start = `stanzawire_actions_ignored_total{type="${type}",reason="${reason}"}`;
    const line = (await at.gateway.metrics()).split('\n').find((one) => one.startsWith(start));
    return Number(line?.split(' ').at(-1));
  };

  it.each([
    ['message.edited', 'forbidden', [body('forged'), replace('own-5')]],
    ['message.retracted', 'forbidden', [retract('own-5')]],
    ['receipt', 'forbidden', [received('theirs')]],
    ['receipt', 'forbidden', [marker('displayed', 'theirs')]],
    ['reaction', 'late', [reactions('theirs', '👎'), delay('2020-01-01T00:00:00Z')]],
  ])('is counted, and has no answer: %s, %s', async (type, reason, children) => {
    if (type === 'message.edited') {
      await alice.request('message.send', { to: romeo, id: 'own-5', body: 'hi' });
      send(romeo, 'theirs', body('ho'));
      await alice.next('message');
      send(romeo, crypto.randomUUID(), reactions('theirs', '👍'));
      await alice.next('reaction');
    }
    const before = await count(type, reason);
    await at.stanzas();
    send(romeo, crypto.randomUUID(), ...children);
    expect((await at.stanzas()).filter(({ name }) => name === 'message')).toEqual([]);
    expect(await count(type, reason)).toBe(before + 1);
    expect(await alice.rest()).toEqual([]);
  });
});
