/** Sessions outlive their sockets: complete replay or none, and contacts see nothing of it (PROTOCOL.md §3, §5). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { type Connecting, JsonClient } from '../support/json-client.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const romeo = 'romeo@example.com/orchard';
let server: ScriptedServer;
let gateway: TestGateway;
const clients: JsonClient[] = [];

const env = {
  STANZAWIRE_SESSIONS_MAX_EVENTS: '20',
  STANZAWIRE_SESSIONS_RESUME_WINDOW: '1s',
  STANZAWIRE_SESSIONS_PER_ACCOUNT: '3',
};

beforeAll(async () => {
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server), env);
  await server.until(({ connections }) => connections === 1);
});
afterAll(async () => {
  await gateway.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

const say = (to: string, body: string) =>
  server.send(
    el('message', { from: romeo, to: `${to}@web.example.com`, type: 'chat', id: body }, el('body', {}, body)),
  );

async function login(user: string, connecting: Connecting = {}): Promise<JsonClient> {
  const client = await gateway.login(user, connecting);
  clients.push(client);
  return client;
}

/** A new socket that wants the session back. */
async function back(client: JsonClient, user: string, seq: number, connecting: Connecting = {}): Promise<JsonClient> {
  return login(user, { resume: { session: client.ready?.session ?? '', seq }, ...connecting });
}

async function lose(client: JsonClient): Promise<void> {
  client.ws.terminate();
  await client.closed;
}

const bodies = async (client: JsonClient, count: number) => {
  const events = [];
  for (let i = 0; i < count; i++) events.push(await client.inbox.next(({ type }) => type === 'message'));
  return events.map(({ seq, data }) => `${seq} ${String(data?.body)}`);
};

describe('a client that comes back in its window', () => {
  it('gets everything after its seq, in order, and then what is new', async () => {
    const first = await login('alice');
    expect(first.ready?.resume).toEqual({ windowMs: 1000, maxEvents: 20 });
    say('alice', 'a');
    say('alice', 'b');
    expect(await bodies(first, 2)).toEqual(['1 a', '2 b']);
    await lose(first);
    say('alice', 'c');
    const second = await back(first, 'alice', 1);
    expect(second.ready).toMatchObject({ session: first.ready?.session, resumed: true, seq: 1 });
    expect(second.ready).not.toHaveProperty('limits');
    say('alice', 'd');
    expect(await bodies(second, 3)).toEqual(['2 b', '3 c', '4 d']);
    expect(await second.rest()).toEqual([]);
  });

  it('closes the socket it comes back from with 4008, and goes on', async () => {
    const first = await login('alice');
    const second = await back(first, 'alice', 0);
    expect(await first.closed).toBe(4008);
    say('alice', 'still here');
    expect(await bodies(second, 1)).toEqual(['1 still here']);
  });

  it('gets the answers it missed by sending the requests again with the same ids', async () => {
    const first = await login('alice');
    server.answersPings = false;
    first.send({ type: 'message.send', id: 'q', data: { to: 'romeo@example.com', id: 'm-once', body: 'once' } });
    await server.next(({ attrs }) => attrs.id === 'm-once');
    await lose(first);
    const second = await back(first, 'alice', 0);
    second.send({ type: 'message.send', id: 'q', data: { to: 'romeo@example.com', id: 'm-once', body: 'once' } });
    server.answersPings = true;
    server.pong(server.pings.at(-1));
    expect(await second.inbox.next(({ id }) => id === 'q')).toMatchObject({ type: 'ok', data: { id: 'm-once' } });
    second.send({ type: 'message.send', id: 'q', data: { to: 'romeo@example.com', id: 'm-once', body: 'once' } });
    expect(await second.inbox.next(({ id }) => id === 'q')).toMatchObject({ type: 'ok', data: { id: 'm-once' } });
    second.send({ type: 'message.send', id: 'q', data: { to: 'romeo@example.com', id: 'other', body: 'other' } });
    expect(await second.inbox.next(({ id }) => id === 'q')).toMatchObject({
      type: 'error',
      error: { code: 'conflict' },
    });
    expect(server.received.filter(({ attrs }) => attrs.id === 'm-once')).toHaveLength(1);
  });

  it('gets the latest presence of each contact, once, and no typing', async () => {
    const first = await login('alice');
    const probe = await login('alice');
    await lose(first);
    for (const show of ['away', 'dnd']) {
      server.send(el('presence', { from: romeo, to: 'alice@web.example.com' }, el('show', {}, show)));
    }
    const composing = el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' });
    server.send(el('message', { from: romeo, to: 'alice@web.example.com', type: 'chat' }, composing));
    say('alice', 'then');
    await bodies(probe, 1);
    const second = await back(first, 'alice', 0);
    const frames = await second.rest();
    expect(frames.map(({ type, data }) => `${type} ${String(data?.show ?? data?.body)}`)).toEqual([
      'message then',
      'presence dnd',
    ]);
  });

  it('may lose its socket again in the middle of a replay', async () => {
    const first = await login('alice');
    const probe = await login('alice');
    await lose(first);
    for (let i = 1; i <= 15; i++) say('alice', `m${i}`);
    await bodies(probe, 15);
    const second = await back(first, 'alice', 0);
    second.ws.terminate();
    const third = await back(first, 'alice', 7);
    expect(await bodies(third, 8)).toEqual(Array.from({ length: 8 }, (_, i) => `${i + 8} m${i + 8}`));
    expect(await third.rest()).toEqual([]);
  });
});

describe('a client that cannot have everything', () => {
  it('has a gap: a new session, nothing replayed, and the old one gone', async () => {
    const first = await login('alice');
    const probe = await login('alice');
    await lose(first);
    for (let i = 1; i <= 25; i++) say('alice', `m${i}`);
    await bodies(probe, 25);
    const second = await back(first, 'alice', 1);
    expect(second.ready).toMatchObject({ resumed: false, seq: 0, reason: 'gap' });
    expect(second.ready?.session).not.toBe(first.ready?.session);
    expect(second.ready?.archive?.last).toBeDefined();
    expect(await second.rest()).toEqual([]);
    const { items } = await second.request('session.list', {});
    expect(items.map(({ session }) => session)).not.toContain(first.ready?.session);
  });

  it('claims events that were never sent, and has a gap', async () => {
    const first = await login('alice');
    expect((await back(first, 'alice', 99)).ready).toMatchObject({ resumed: false, reason: 'gap' });
  });

  it('is of another user, or unknown', async () => {
    const first = await login('alice');
    expect((await back(first, 'mallory', 0)).ready).toMatchObject({ resumed: false, reason: 'other-user' });
    const unknown = { session: 's_no-such-session', seq: 0 };
    expect((await login('alice', { resume: unknown })).ready).toMatchObject({ resumed: false, reason: 'unknown' });
    say('alice', 'for alice alone');
    expect(await bodies(first, 1)).toEqual(['1 for alice alone']);
  });

  it('comes too late', async () => {
    const first = await login('late');
    await lose(first);
    const other = await login('late');
    const gone = async (): Promise<void> => {
      const { items } = await other.request('session.list', {});
      if (items.length > 1) await new Promise((resolve) => setTimeout(resolve, 50)).then(gone);
    };
    await gone();
    expect((await back(first, 'late', 0)).ready).toMatchObject({ resumed: false, reason: 'expired' });
  });
});

describe('what a contact sees', () => {
  const toRomeo = () =>
    server.received.filter(({ name, attrs }) => name === 'presence' && attrs.to === 'romeo@example.com');

  it('of a reload is nothing, and of the last session the end of its window', async () => {
    const first = await login('julia');
    server.send(el('presence', { from: 'romeo@example.com', to: 'julia@web.example.com', type: 'subscribe' }));
    await first.next('contact.request');
    await first.request('contact.approve', { jid: 'romeo@example.com' });
    await server.next(({ name, attrs }) => name === 'presence' && attrs.from === 'julia@web.example.com/web');
    const before = toRomeo().length;
    first.ws.close(1001);
    await first.closed;
    const second = await back(first, 'julia', first.ready?.seq ?? 0);
    expect(second.ready?.resumed).toBe(true);
    expect(toRomeo()).toHaveLength(before);
    await lose(second);
    const { attrs } = await server.next(
      ({ name, attrs: { from, type } }) =>
        name === 'presence' && type === 'unavailable' && from === 'julia@web.example.com/web',
    );
    expect(attrs.to).toBe('romeo@example.com');
  });
});

describe('an account with many sessions', () => {
  it('lists them, and ends another one', async () => {
    const desk = await login('carol', { device: 'desk', client: 'acme/1' });
    const phone = await login('carol', { device: 'phone' });
    await phone.request('session.update', { active: false });
    const { items } = await desk.request('session.list', {});
    expect(items).toMatchObject([
      { device: 'desk', client: 'acme/1', current: true, attached: true, active: true },
      { device: 'phone', current: false, attached: true, active: false },
    ]);
    await desk.request('session.end', { session: phone.ready?.session ?? '' });
    expect(await phone.closed).toBe(1000);
    expect(await desk.refused('session.end', { session: 's_x' })).toMatchObject({ code: 'item-not-found' });
  });

  it('over the limit loses the one that waits longest, and then has none to lose', async () => {
    const lost = await login('dora');
    await lose(lost);
    const rest = [await login('dora'), await login('dora'), await login('dora')];
    const fourth = await JsonClient.open(gateway.url);
    fourth.send({ type: 'connect', id: 1, data: { token: await gateway.token('dora') } });
    expect(await fourth.closed).toBe(4009);
    expect(rest.map(({ ws }) => ws.readyState)).toEqual([1, 1, 1]);
  });

  it('holds presence and typing back from one that nobody looks at', async () => {
    const eve = await login('eve');
    await eve.request('session.update', { active: false });
    for (const show of ['away', 'xa']) {
      server.send(el('presence', { from: romeo, to: 'eve@web.example.com' }, el('show', {}, show)));
    }
    say('eve', 'awake');
    expect(await bodies(eve, 1)).toEqual(['1 awake']);
    expect(await eve.rest()).toEqual([]);
    await eve.request('session.update', { active: true });
    expect(await eve.next('presence')).toMatchObject({ show: 'xa' });
    expect(await eve.rest()).toEqual([]);
  });
});

describe('acknowledged events', () => {
  it('are forgotten: a client that acks may miss any number, one that does not has a gap', async () => {
    const acking = await login('fay', { features: ['ack'] });
    for (let i = 1; i <= 30; i++) {
      say('fay', `m${i}`);
      const { seq } = await acking.inbox.next(({ type }) => type === 'message');
      acking.send({ type: 'ack', data: { seq } });
    }
    await acking.rest();
    await lose(acking);
    expect((await back(acking, 'fay', 30)).ready).toMatchObject({ resumed: true, replaying: 0 });
    expect((await back(acking, 'fay', 5)).ready).toMatchObject({ resumed: false, reason: 'gap' });
  });
});
