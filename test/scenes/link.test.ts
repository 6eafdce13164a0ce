import { beforeEach, describe, expect, it } from 'vitest';
import { childText } from '../../src/xmpp/stanza.ts';
import { scene } from '../support/scene.ts';

const env = { STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s' };
const patient = { STANZAWIRE_LIMITS_SEND_TIMEOUT: '20s' };
const play = scene(patient);
const romeo = 'romeo@example.com';
const said = (id: string) => ({ to: romeo, id, body: `this is ${id}` });
const query = {
  to: 'example.com',
  type: 'get',
  payload: { name: 'query', attrs: { xmlns: 'jabber:iq:version' } },
} as const;
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** The messages that a connection of the gateway brought, as they were on the wire. */
const messagesOf = (connection: number) => play.server.raw[connection]?.match(/<message .*?<\/message>/g) ?? [];

async function down(): Promise<void> {
  await play.server.stop();
}
async function up(): Promise<void> {
  await play.server.listen();
}

// Each gets a gateway of its own: a link that is lost often waits ever longer.
beforeEach(async () => {
  play.server.answersPings = true;
  await play.restart(patient);
  await play.stanzas();
});

describe('the link', () => {
  it('goes down and comes back: every session is told, and no socket is closed', async () => {
    const [alice, tablet, bob] = await Promise.all(['alice', 'alice', 'bob'].map((user) => play.gateway.login(user)));
    if (!alice || !tablet || !bob) throw new Error('three logged in');
    await down();
    for (const client of [alice, tablet, bob]) {
      const state = await client.next('state');
      expect(state).toEqual({ link: 'down', since: time, reason: expect.any(String), retryInMs: expect.any(Number) });
    }
    const late = await play.gateway.login('carol');
    expect(late.ready?.link).toBe('down');
    await up();
    for (const client of [alice, tablet, bob, late]) {
      expect(await client.next('state', undefined, 10_000)).toEqual({ link: 'up', since: time });
      expect(await client.rest()).toEqual([]);
      await client.close();
    }
  });

  it('is down for everybody who asks, and the gateway is not ready', async () => {
    const alice = await play.gateway.login('alice', { scopes: ['raw'] });
    const ready = async () => (await fetch(`${play.gateway.internalUrl}/readyz`)).status;
    expect(await ready()).toBe(200);
    const pending = alice.refused('iq.send', query);
    await play.server.next(({ name }) => name === 'iq');
    await down();
    expect(await pending).toMatchObject({ code: 'link-down', retry: true });
    expect(await alice.refused('iq.send', query)).toMatchObject({ code: 'link-down', retry: true });
    expect(await ready()).toBe(503);
    // What needs no link works: the own domain, the others of the gateway.
    const bob = await play.gateway.login('bob');
    await alice.request('message.send', { to: bob.user, body: 'hi' });
    expect(await bob.next('message')).toMatchObject({ body: 'hi' });
    expect(await alice.request('iq.send', { ...query, to: 'web.example.com' })).toHaveProperty('payload');
    await up();
    await alice.next('state', ({ link }) => link === 'up', 10_000);
    expect(await ready()).toBe(200);
    await Promise.all([alice.close(), bob.close()]);
  });
});

describe('a message while the link is down', () => {
  it('waits, and is ok only when it was written and fenced', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    await down();
    await alice.next('state');
    const answers = [
      alice.request('message.send', said('w1'), 10_000),
      alice.request('message.send', said('w2'), 10_000),
    ];
    expect(await alice.rest()).toEqual([]);
    play.server.answersPings = false;
    await up();
    await play.server.next(({ attrs }) => attrs.id === 'w2', 10_000);
    await play.server.until(({ pings }) => pings.length > 0);
    expect((await alice.rest()).map(({ type }) => type)).toEqual(['state']);
    play.server.answersPings = true;
    play.server.pong(play.server.pings.at(-1));
    expect(await Promise.all(answers)).toMatchObject([{ id: 'w1' }, { id: 'w2' }]);
    expect([(await tablet.next('message')).id, (await tablet.next('message')).id]).toEqual(['w1', 'w2']);
    expect((await play.stanzas()).map(({ attrs }) => attrs.id)).toEqual(['w1', 'w2']);
    expect(await alice.rest()).toEqual([]);
    await Promise.all([alice.close(), tablet.close()]);
  });

  it('fails with link-down after sendTimeout, and is not sent later', async () => {
    await play.restart(env);
    const alice = await play.gateway.login('alice');
    await down();
    await alice.next('state');
    const error = await alice.refused('message.send', said('late'));
    expect(error).toMatchObject({ code: 'link-down', retry: true });
    await up();
    await alice.next('state', ({ link }) => link === 'up', 10_000);
    expect(await play.stanzas()).toEqual([]);
    // A repeat of its id is a new attempt.
    expect(await alice.request('message.send', said('late'))).toMatchObject({ id: 'late' });
    expect(await play.stanzas()).toHaveLength(1);
    await alice.close();
  });
});

describe('a message that was written and not fenced when the link was lost', () => {
  it('is sent again as it was, before anything new, and answered once', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    const before = play.server.connections;
    play.server.answersPings = false;
    const answers = ['u1', 'u2'].map((id) => alice.request('message.send', said(id), 10_000));
    await play.server.next(({ attrs }) => attrs.id === 'u2');
    play.server.drop('rst');
    await alice.next('state');
    answers.push(alice.request('message.send', said('u3'), 10_000));
    play.server.answersPings = true;
    expect(await Promise.all(answers)).toMatchObject([{ id: 'u1' }, { id: 'u2' }, { id: 'u3' }]);
    const [first, second] = [messagesOf(before - 1), messagesOf(before)];
    expect(second.slice(0, 2)).toEqual(first);
    expect(second).toHaveLength(3);
    for (const id of ['u1', 'u2', 'u3']) expect((await tablet.next('message')).id).toBe(id);
    expect((await tablet.rest()).map(({ type }) => type)).toEqual(['state', 'state']);
    await Promise.all([alice.close(), tablet.close()]);
  });

  it('is unconfirmed after sendTimeout; its repeat is the same stanza', async () => {
    await play.restart(env);
    const alice = await play.gateway.login('alice');
    const before = play.server.connections;
    play.server.answersPings = false;
    const answer = alice.refused('message.send', said('n1'));
    await play.server.next(({ attrs }) => attrs.id === 'n1');
    await down();
    expect(await answer).toMatchObject({ code: 'unconfirmed', retry: true });
    play.server.answersPings = true;
    await up();
    await alice.next('state', ({ link }) => link === 'up', 10_000);
    await play.stanzas();
    expect(messagesOf(before)).toEqual([]);
    await alice.request('message.send', said('n1'));
    expect(messagesOf(before)).toEqual(messagesOf(before - 1));
    expect(await alice.refused('message.send', { ...said('n1'), body: 'other' })).toMatchObject({ code: 'conflict' });
    await alice.close();
  });
});

describe('what is not worth waiting for', () => {
  it('is dropped: typing while the link is down is ok and never sent', async () => {
    const alice = await play.gateway.login('alice');
    await alice.request('message.send', said('t1'));
    await play.stanzas();
    await down();
    await alice.next('state');
    await alice.request('typing.send', { to: romeo, state: 'composing' });
    await up();
    await alice.next('state', ({ link }) => link === 'up', 10_000);
    await alice.request('typing.send', { to: romeo, state: 'paused' });
    expect(
      (await play.stanzas()).map((stanza) => childText(stanza, 'paused', 'http://jabber.org/protocol/chatstates')),
    ).toEqual(['']);
    await alice.close();
  });
});

describe('presence over a loss of the link', () => {
  const show = (stanzas: Awaited<ReturnType<typeof play.stanzas>>) =>
    stanzas.map((stanza) => [stanza.attrs.from, stanza.attrs.to, stanza.attrs.type, childText(stanza, 'show', '')]);

  it('is announced again to those who see it, once per contact, with what changed meanwhile', async () => {
    const [alice, bob] = [await play.gateway.login('alice'), await play.gateway.login('bob')];
    await play.befriend(alice, romeo);
    await play.befriend(alice, 'juliet@example.com');
    await play.befriend(bob, romeo);
    await down();
    await alice.next('state');
    await alice.request('presence.set', { show: 'away' });
    await alice.request('presence.set', { show: 'dnd' });
    await up();
    await alice.next('state', ({ link }) => link === 'up', 10_000);
    expect(show(await play.stanzas())).toEqual([
      ['alice@web.example.com/web', romeo, undefined, 'dnd'],
      ['alice@web.example.com/web', 'juliet@example.com', undefined, 'dnd'],
      ['bob@web.example.com/web', romeo, undefined, undefined],
    ]);
    await Promise.all([alice.close(), bob.close()]);
    await play.stanzas();
  });

  it('of an account that went meanwhile is unavailable, told once', async () => {
    const [alice, bob] = [await play.gateway.login('alice'), await play.gateway.login('bob')];
    await play.befriend(alice, romeo);
    await down();
    await bob.next('state');
    await alice.close();
    await up();
    await bob.next('state', ({ link }) => link === 'up', 10_000);
    expect(show(await play.stanzas())).toEqual([['alice@web.example.com/web', romeo, 'unavailable', undefined]]);
    play.server.drop('rst');
    await bob.next('state', ({ link }) => link === 'up', 10_000);
    expect(show(await play.stanzas())).toEqual([]);
    await bob.close();
  });
});
