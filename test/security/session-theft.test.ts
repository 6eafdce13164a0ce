/** Sessions that somebody else would like to have, to end, or to have twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene();
let alice: JsonClient;
let mallory: JsonClient;
beforeAll(async () => {
  alice = await at.gateway.login('alice', { scopes: ['raw'], raw: 'full' });
  mallory = await at.gateway.login('mallory');
});
afterAll(() => Promise.all([alice.close(), mallory.close()]));

const idOf = (client: JsonClient): string => client.ready?.session ?? '';
const say = (body: string): void =>
  at.server.send(
    el('message', { from: 'romeo@example.com/x', to: alice.user, type: 'chat', id: body }, el('body', {}, body)),
  );

describe('another account that knows the id of a session', () => {
  it('does not get it by resume: it has a session of its own, and the victim notices nothing', async () => {
    const thief = await at.gateway.login('mallory', { resume: { session: idOf(alice), seq: 0 } });
    expect(thief.ready).toMatchObject({ resumed: false, reason: 'other-user', user: mallory.user });
    expect(idOf(thief)).not.toBe(idOf(alice));
    say('for alice only');
    expect(await alice.next('message')).toMatchObject({ body: 'for alice only' });
    expect((await thief.rest()).filter(({ type }) => type === 'message')).toEqual([]);
    await thief.close();
  });

  it('nor while it waits for its client, of which nothing is replayed to a stranger', async () => {
    const tablet = await at.gateway.login('alice');
    tablet.ws.terminate();
    await tablet.closed;
    say('while the tablet is away');
    await alice.next('message');
    const thief = await at.gateway.login('mallory', { resume: { session: idOf(tablet), seq: 0 } });
    expect(thief.ready).toMatchObject({ resumed: false, reason: 'other-user' });
    expect(await thief.rest()).toEqual([]);
    const back = await at.gateway.login('alice', { resume: { session: idOf(tablet), seq: 0 } });
    expect(back.ready).toMatchObject({ resumed: true });
    expect(await back.next('message')).toMatchObject({ body: 'while the tablet is away' });
    await Promise.all([thief.close(), back.close()]);
  });

  it('cannot end it, nor see it in a list', async () => {
    expect(await mallory.refused('session.end', { session: idOf(alice) })).toMatchObject({ code: 'item-not-found' });
    const { items } = await mallory.request('session.list', {});
    expect(items.map(({ session }) => session)).toEqual([idOf(mallory)]);
    await alice.request('session.update', { active: true });
  });

  it('cannot go on as its user with auth.refresh', async () => {
    const token = await at.gateway.token('mallory');
    expect(await alice.refused('auth.refresh', { token })).toMatchObject({ code: 'forbidden' });
    expect((await alice.request('session.list', {})).items).not.toEqual([]);
  });
});

describe('the ids of sessions', () => {
  it('are random, of 144 bits, and share nothing that would help to guess one', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 100; i++) {
      const client = await at.gateway.login(`user-${i}`, { presence: false });
      ids.push(idOf(client));
      await client.close();
    }
    for (const id of ids) expect(id).toMatch(/^s_[\w-]{24}$/);
    expect(new Set(ids).size).toBe(ids.length);
    // 100 texts of 24 random characters out of 64: at each place some 50 are seen.
    for (let place = 2; place < 26; place++) {
      expect(new Set(ids.map((id) => id[place])).size).toBeGreaterThan(25);
    }
  });

  it.each([
    ['almost right', (id: string) => `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`],
    ['in another case', (id: string) => id.toLowerCase()],
    ['a beginning', (id: string) => id.slice(0, 10)],
    ['and more', (id: string) => `${id}x`],
    ['__proto__', () => '__proto__'],
    ['constructor', () => 'constructor'],
    ['a path', () => '../sessions'],
  ])('that are %s are unknown', async (_, change) => {
    const wrong = change(idOf(alice));
    // Base64 without a capital letter is its own lower case; that it is, once in a thousand years, is no mistake.
    if (wrong === idOf(alice)) return;
    const client = await at.gateway.login('alice', { resume: { session: wrong, seq: 0 }, presence: false });
    expect(client.ready).toMatchObject({ resumed: false, reason: 'unknown' });
    await client.close();
  });

  it('are worth nothing after session.end', async () => {
    const phone = await at.gateway.login('alice');
    await alice.request('session.end', { session: idOf(phone) });
    expect(await phone.closed).toBe(1000);
    const back = await at.gateway.login('alice', { resume: { session: idOf(phone), seq: 0 } });
    expect(back.ready).toMatchObject({ resumed: false });
    await back.close();
  });
});

describe('two who resume one session at the same time', () => {
  it('end with one of them having it, whichever was last: each event comes once, and to one', async () => {
    for (let round = 0; round < 10; round++) {
      const first = await at.gateway.login('alice');
      first.ws.terminate();
      await first.closed;
      const text = `race ${round}`;
      say(text);
      await alice.next('message', ({ body }) => body === text);
      const token = await at.gateway.token('alice');
      const clients = await Promise.all([JsonClient.open(at.gateway.url), JsonClient.open(at.gateway.url)]);
      const resume = { session: idOf(first), seq: 0 };
      for (const client of clients) client.send({ type: 'connect', id: 1, data: { token, resume } });
      const codes = clients.map((client) => client.closed.then((code) => ({ client, code })));
      const loser = await Promise.race(codes);
      expect(loser.code).toBe(4008);
      const winner = clients.find((client) => client !== loser.client);
      await winner?.inbox.next(({ type }) => type === 'ready');
      expect((await winner?.rest())?.filter(({ data }) => data?.body === text)).toHaveLength(1);
      const after = `after ${round}`;
      say(after);
      await winner?.next('message', ({ body }) => body === after);
      await alice.next('message', ({ body }) => body === after);
      await winner?.close();
    }
  });

  it('a token without a scope takes nothing over that the session had by one', async () => {
    const first = await at.gateway.login('alice', { scopes: ['raw'], raw: 'full', iq: ['urn:example:q'] });
    first.ws.terminate();
    await first.closed;
    const second = await at.gateway.login('alice', { resume: { session: idOf(first), seq: 0 } });
    expect(second.ready).toMatchObject({ resumed: true });
    say('no stanza with it');
    const event = await second.next('message', ({ body }) => body === 'no stanza with it');
    expect(event).not.toHaveProperty('stanza');
    const payload = { name: 'q', attrs: { xmlns: 'urn:example:x' } };
    expect(await second.refused('iq.send', { to: 'example.com', type: 'get', payload })).toMatchObject({
      code: 'forbidden',
    });
    await second.close();
  });
});
