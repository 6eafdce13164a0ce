/** Queries in namespaces that web clients claimed: who is asked, whose answer counts, and that nobody waits in vain. */
import { describe, expect, it } from 'vitest';
import { type Element, el, elements, serialize } from '../../src/xmpp/stanza.ts';
import type { Connecting, JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s', STANZAWIRE_SESSIONS_RESUME_WINDOW: '10s' });
const chess = 'urn:example:chess';
const peer = 'romeo@example.com/orchard';
let user = 0;

/** A new user of whom Romeo may learn. */
async function login(connect: Connecting = {}): Promise<JsonClient> {
  const client = await play.gateway.login(`user${++user}`, { scopes: ['raw'], ...connect });
  await play.befriend(client, 'romeo@example.com');
  await client.rest();
  return client;
}

/** Another session of the last one. */
const again = (connect: Connecting = {}) => play.gateway.login(`user${user}`, { scopes: ['raw'], ...connect });

let count = 0;
function ask(to: string, xmlns = chess, from = peer, type = 'get'): string {
  const id = `q${++count}`;
  play.server.send(el('iq', { type, id, from, to }, el('move', { xmlns, piece: 'Nf3' }, el('why', {}, '<&>'))));
  return id;
}
const answered = (id: string) => play.server.next(({ name, attrs }) => name === 'iq' && attrs.id === id);
const conditions = (iq: Element) => [iq.attrs.type, elements(iq).flatMap(elements)[0]?.name];

describe('a claimed query', () => {
  it('is an iq event for each session that claimed, and the first reply is the answer', async () => {
    const [one, two, other] = [await login({ iq: [chess] }), await again(), await again()];
    await two.request('session.update', { iq: ['urn:example:other', chess] });
    const id = ask(`${one.user}/web`);
    const data = await one.next('iq');
    expect(data).toEqual({
      iq: expect.any(String),
      from: peer,
      type: 'get',
      payload: {
        name: 'move',
        attrs: { xmlns: chess, piece: 'Nf3' },
        children: [{ name: 'why', attrs: {}, children: ['<&>'] }],
      },
    });
    expect(await two.next('iq')).toEqual(data);
    const payload = { name: 'move', attrs: { xmlns: chess }, children: ['e5'] };
    expect(await two.request('iq.reply', { iq: data.iq, payload })).toBeUndefined();
    const answer = await answered(id);
    expect(serialize(answer)).toBe(
      `<iq type="result" id="${id}" from="${one.user}/web" to="${peer}"><move xmlns="${chess}">e5</move></iq>`,
    );
    expect(await one.refused('iq.reply', { iq: data.iq, payload })).toMatchObject({
      code: 'item-not-found',
      field: 'iq',
    });
    expect((await other.rest()).filter(({ type }) => type === 'iq')).toEqual([]);
    await Promise.all([one.close(), two.close(), other.close()]);
  });

  it('may be refused, with a condition of the application', async () => {
    const client = await login({ iq: [chess] });
    const id = ask(client.user, chess, peer, 'set');
    const { iq, type } = await client.next('iq');
    expect(type).toBe('set');
    const app = { name: 'illegal-move', attrs: { xmlns: chess } };
    await client.request('iq.reply', { iq, error: { code: 'not-acceptable', message: 'no', type: 'wait', app } });
    const answer = await answered(id);
    expect(answer.attrs).toMatchObject({ type: 'error', from: client.user, to: peer });
    expect(elements(answer).map(serialize)).toEqual([
      '<error type="wait"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">no</text>' +
        `<illegal-move xmlns="${chess}"/></error>`,
    ]);
    await client.close();
  });

  it('between two web users stays inside', async () => {
    const [alice, bob] = [await login(), await login({ iq: [chess] })];
    await bob.request('contact.approve', { jid: alice.user });
    await alice.request('contact.add', { jid: bob.user });
    const asked = alice.request('iq.send', {
      to: bob.user,
      type: 'get',
      payload: { name: 'move', attrs: { xmlns: chess } },
    });
    const { iq, from } = await bob.next('iq');
    expect(from).toBe(alice.user);
    await bob.request('iq.reply', { iq });
    expect(await asked).toEqual({ from: bob.user });
    await Promise.all([alice.close(), bob.close()]);
  });

  it('that nobody answers in time, or can answer any more, is answered all the same', async () => {
    const client = await login({ iq: [chess] });
    const late = ask(client.user);
    const { iq } = await client.next('iq');
    expect(conditions(await answered(late))).toEqual(['error', 'service-unavailable']);
    expect(await client.refused('iq.reply', { iq })).toMatchObject({ code: 'item-not-found' });
    const left = ask(client.user);
    await client.next('iq');
    await client.close();
    const before = performance.now();
    expect(conditions(await answered(left))).toEqual(['error', 'service-unavailable']);
    expect(performance.now() - before).toBeLessThan(800);
  });

  it('waits for a session that has lost its socket', async () => {
    const client = await login({ iq: [chess] });
    client.ws.terminate();
    await client.closed;
    const id = ask(client.user);
    await play.stanzas();
    const { session = '', seq = 0 } = client.ready ?? {};
    const back = await again({ resume: { session, seq } });
    expect(back.ready).toMatchObject({ resumed: true });
    const { iq } = await back.next('iq');
    // Its first ids were used before.
    back.send({ type: 'iq.reply', id: 'late', data: { iq } });
    expect((await answered(id)).attrs.type).toBe('result');
    await back.close();
  });

  it('does not come from strangers, in other namespaces, or once it is claimed no more', async () => {
    const client = await login({ iq: [chess] });
    const refused = [
      ask(client.user, chess, 'mallory@example.net/x'),
      ask(`${client.user}/other`),
      ask(client.user, 'urn:example:checkers'),
      ask('web.example.com'),
    ];
    for (const id of refused) expect(conditions(await answered(id))).toEqual(['error', 'service-unavailable']);
    await client.request('session.update', { iq: [] });
    expect(conditions(await answered(ask(client.user)))).toEqual(['error', 'service-unavailable']);
    expect(await client.rest()).toEqual([]);
    await client.close();
  });
});

describe('a claim', () => {
  it('needs the scope raw, is of a namespace that is free, and not of the server', async () => {
    const plain = await play.gateway.login('plain');
    expect(await plain.refused('session.update', { iq: [chess] })).toMatchObject({ code: 'forbidden', field: 'iq' });
    await expect(play.gateway.login('plain', { iq: [chess] })).rejects.toThrow(/forbidden/);
    const client = await play.gateway.login('claims', { scopes: ['raw'] });
    const refused = (xmlns: string) => client.refused('session.update', { iq: [chess, xmlns] });
    for (const xmlns of ['jabber:iq:roster', 'urn:xmpp:privilege:2', 'urn:xmpp:delegation:3']) {
      expect(await refused(xmlns)).toMatchObject({ code: 'forbidden', field: 'iq.1' });
    }
    for (const xmlns of ['urn:xmpp:ping', 'http://jabber.org/protocol/disco#info']) {
      expect(await refused(xmlns)).toMatchObject({ code: 'conflict', field: 'iq.1' });
    }
    await Promise.all([plain.close(), client.close()]);
  });

  it('ends with the scope', async () => {
    const client = await login({ iq: [chess] });
    const token = await play.gateway.token(client.user.split('@')[0] ?? '', { scopes: [] });
    await client.request('auth.refresh', { token });
    expect(conditions(await answered(ask(client.user)))).toEqual(['error', 'service-unavailable']);
    await client.close();
  });
});

describe('iq.reply', () => {
  it('holds to the rules of raw input', async () => {
    const client = await login({ iq: [chess] });
    const id = ask(client.user);
    const { iq } = await client.next('iq');
    const wrong: [object, object][] = [
      [{ payload: { name: 'query', attrs: { xmlns: 'jabber:iq:roster' } } }, { code: 'forbidden' }],
      [{ payload: { name: 'a b' } }, { code: 'bad-request', field: 'payload.name' }],
      [
        { error: { code: 'gone', app: { name: 'x', attrs: { xmlns: 'urn:xmpp:privilege:1' } } } },
        { code: 'forbidden' },
      ],
      [{ error: { code: 'rate-limited' } }, { code: 'bad-request', field: 'error.code' }],
      [
        { payload: { name: 'a' }, error: { code: 'gone' } },
        { code: 'bad-request', field: 'error' },
      ],
    ];
    for (const [reply, error] of wrong) expect(await client.refused('iq.reply', { iq, ...reply })).toMatchObject(error);
    await client.request('iq.reply', { iq });
    expect((await answered(id)).children).toEqual([]);
    const stranger = await play.gateway.login('stranger', { scopes: ['raw'] });
    const second = ask(client.user);
    const other = await client.next('iq');
    expect(await stranger.refused('iq.reply', { iq: other.iq })).toMatchObject({ code: 'item-not-found' });
    await client.request('iq.reply', { iq: other.iq });
    await answered(second);
    await Promise.all([client.close(), stranger.close()]);
  });
});
