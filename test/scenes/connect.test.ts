import { beforeAll, describe, expect, it } from 'vitest';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const play = scene({
  STANZAWIRE_HTTP_PUBLIC_ORIGINS: 'https://chat.example.com,https://other.example.com:8443',
  STANZAWIRE_SESSIONS_PER_ACCOUNT: '2',
});
const open = (options?: Parameters<typeof JsonClient.open>[1]) => JsonClient.open(play.gateway.url, options);
const connect = (data: object = {}, id: unknown = 1) => ({ type: 'connect', id, data });
const invalid = { code: 'token-invalid', message: 'The token is not valid', retry: false };

let silent: JsonClient;
beforeAll(async () => {
  silent = await open();
});

describe('a first frame that is no connect closes the socket, without a word', () => {
  const rows: [string, string | Buffer, number][] = [
    ['not JSON', '{"type":"connect"', 4000],
    ['nothing at all', '', 4000],
    ['a number', '7', 4000],
    ['null', 'null', 4000],
    ['a string', '"connect"', 4000],
    ['an empty object', '{}', 4000],
    ['an empty array', '[]', 4000],
    ['a batch, of a connect alone', '[{"type":"connect"}]', 4000],
    ['another request', '{"type":"message.send","id":1,"data":{"to":"romeo@example.com","body":"hi"}}', 4000],
    ['a ping', '{"type":"ping","id":1}', 4000],
    ['a binary frame', Buffer.from('{"type":"connect"}'), 1003],
    ['a connect of more than 16 KiB', JSON.stringify(connect({ token: 'x'.repeat(16 * 1024) })), 1009],
    ['a frame over frameBytes', ' '.repeat(64 * 1024 + 1), 1009],
  ];
  it.each(rows)('%s', async (_what, frame, code) => {
    const client = await open();
    client.ws.send(frame);
    expect(await lastWords(client)).toEqual({ code, frames: [] });
  });
});

describe('a token that does not count', () => {
  it.each([
    ['a forged one', () => ({ token: 'eyJhbGciOi.J9.abc' })],
    ['none at all', () => ({})],
    ['one that is null', () => ({ token: null })],
  ])('%s is an error with the id, then 4001', async (_what, data) => {
    const client = await open();
    client.send(connect(data(), 'c-1'));
    const error = { type: 'error', id: 'c-1', error: invalid };
    expect(await lastWords(client)).toEqual({ code: 4001, frames: [error] });
  });

  it('that has expired is an error of its own, then 4002', async () => {
    const client = await open();
    client.send(connect({ token: await play.gateway.token('alice', { ttlMs: -60_000 }) }));
    const error = { code: 'token-expired', message: 'The token has expired', retry: false };
    expect(await lastWords(client)).toEqual({ code: 4002, frames: [{ type: 'error', id: 1, error }] });
  });

  it('is answered without an id where the connect had none', async () => {
    const client = await open();
    client.send({ type: 'connect', data: { token: 'forged' } });
    expect(await lastWords(client)).toEqual({ code: 4001, frames: [{ type: 'error', error: invalid }] });
  });
});

describe('a connect with a wrong field is an error, and the next one may be right', () => {
  const rows: [string, object, string][] = [
    ['a token that is a number', { token: 7 }, 'token'],
    ['an empty token', { token: '' }, 'token'],
    ['presence that is true', { presence: true }, 'presence'],
    ['a show that nobody knows', { presence: { show: 'bored' } }, 'presence.show'],
    ['a snapshot that nobody knows', { want: ['contacts', 'secrets'] }, 'want.1'],
    ['features that are no list', { features: 'batch' }, 'features'],
    ['a raw that nobody knows', { raw: 'all' }, 'raw'],
    ['a resume without its number', { resume: { session: 's_1' } }, 'resume.seq'],
    ['a resume with a negative number', { resume: { session: 's_1', seq: -1 } }, 'resume.seq'],
    ['a device name that is too long', { device: 'x'.repeat(65) }, 'device'],
    ['a forbidden character', { client: 'a\0' }, 'client'],
  ];
  it.each(rows)('%s', async (_what, data, field) => {
    const client = await open();
    const token = await play.gateway.token('alice');
    client.send(connect({ token, ...data }));
    expect(await client.inbox.next()).toMatchObject({ type: 'error', id: 1, error: { code: 'bad-request', field } });
    client.send(connect({ token }, 2));
    expect(await client.inbox.next()).toMatchObject({ type: 'ready', id: 2, data: { user: 'alice@web.example.com' } });
    expect(await client.rest()).toEqual([]);
    await client.close();
  });

  it('data that is no object, and an id that is none', async () => {
    const client = await open();
    client.send({ type: 'connect', id: 'x', data: [] });
    expect(await client.inbox.next()).toMatchObject({ id: 'x', error: { code: 'bad-request', field: 'data' } });
    client.send({ type: 'connect', id: 1.5 });
    const frame = await client.inbox.next();
    expect(frame).toMatchObject({ type: 'error', error: { code: 'bad-request', field: 'id' } });
    expect(frame).not.toHaveProperty('id');
    await client.close();
  });

  it('the frames sent behind it are told that there is no session', async () => {
    const client = await open();
    client.send(connect({ token: 7 }));
    client.send({ type: 'message.send', id: 2, data: { to: 'romeo@example.com', body: 'hi' } });
    client.send(connect({ token: await play.gateway.token('alice') }, 3));
    client.send({ type: 'ping', id: 4 });
    const frames = [await client.inbox.next(), await client.inbox.next(), await client.inbox.next()];
    expect(frames).toMatchObject([
      { type: 'error', id: 1, error: { code: 'bad-request', field: 'token' } },
      { type: 'error', id: 2, error: { code: 'not-connected', retry: false } },
      { type: 'ready', id: 3 },
    ]);
    expect(await client.inbox.next()).toEqual({ type: 'pong', id: 4 });
    expect(await client.rest()).toEqual([]);
    expect(await play.stanzas()).toEqual([]);
    await client.close();
  });
});

describe('a connect', () => {
  it('is answered by ready with all it promises, and by nothing else', async () => {
    const alice = await play.gateway.login('alice', {
      device: 'web',
      client: 'test/1',
      features: ['batch', 'binary', 'fly'],
    });
    expect(alice.ready).toEqual({
      session: expect.stringMatching(/^s_[\w-]{24}$/),
      resumed: false,
      seq: 0,
      user: 'alice@web.example.com',
      link: 'up',
      heartbeatMs: 25_000,
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      resume: { windowMs: 60_000, maxEvents: 2000 },
      limits: {
        frameBytes: 65_536,
        batch: 50,
        inFlight: 64,
        rate: { perSecond: 20, burst: 100 },
        historyMax: 100,
        sendTimeoutMs: 30_000,
      },
      features: ['batch', 'binary'],
      services: { rooms: 'rooms.example.com', upload: 'upload.example.com' },
      archive: {},
    });
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });

  it('that resumes gets a new session, and learns why', async () => {
    const resume = { session: 's_7Kq2mV', seq: 41 };
    const alice = await play.gateway.login('alice', { resume });
    expect(alice.ready).toMatchObject({ resumed: false, reason: 'unknown', seq: 0 });
    expect(alice.ready?.session).not.toBe(resume.session);
    await alice.close();
  });

  it('may bring its token in the upgrade, and one in the frame goes first', async () => {
    const headers = { authorization: `Bearer ${await play.gateway.token('alice')}` };
    const client = await open({ headers });
    client.send(connect());
    expect(await client.inbox.next()).toMatchObject({ type: 'ready', data: { user: 'alice@web.example.com' } });
    await client.close();
    const other = await open({ headers });
    other.send(connect({ token: await play.gateway.token('bob') }));
    expect(await other.inbox.next()).toMatchObject({ type: 'ready', data: { user: 'bob@web.example.com' } });
    await other.close();
    const forger = await open({ headers: { authorization: 'Bearer forged' } });
    forger.send(connect());
    expect(await lastWords(forger)).toEqual({ code: 4001, frames: [{ type: 'error', id: 1, error: invalid }] });
  });

  it('may be followed at once: what is behind it waits for ready and keeps its order', async () => {
    const client = await open();
    client.send(connect({ token: await play.gateway.token('alice') }));
    const ids = Array.from({ length: 20 }, (_, i) => i + 10);
    for (const id of ids) client.send({ type: 'ping', id });
    expect(await client.inbox.next()).toMatchObject({ type: 'ready', id: 1 });
    for (const id of ids) expect(await client.inbox.next()).toEqual({ type: 'pong', id });
    expect(await client.rest()).toEqual([]);
    await client.close();
  });

  it('a batch right behind it comes too early', async () => {
    const client = await open();
    client.burst(connect({ token: await play.gateway.token('alice') }), [{ type: 'ping', id: 2 }]);
    expect(await lastWords(client)).toEqual({ code: 4000, frames: [] });
  });

  it('that comes twice closes with 4005, whether ready was awaited or not', async () => {
    const token = await play.gateway.token('alice');
    const patient = await play.gateway.login('alice');
    patient.send(connect({ token }));
    expect(await lastWords(patient)).toEqual({ code: 4005, frames: [] });
    const hasty = await open();
    hasty.burst(connect({ token }), connect({ token }, 2), { type: 'ping', id: 3 });
    expect(await lastWords(hasty)).toMatchObject({ code: 4005, frames: [{ type: 'ready', id: 1 }] });
  });
});

describe('the upgrade', () => {
  it('without a subprotocol means v1; ours is echoed among others; only unknown ones close with 4006', async () => {
    const none = await open({ protocols: [] });
    expect(none.ws.protocol).toBe('');
    none.send(connect({ token: await play.gateway.token('alice') }));
    expect(await none.inbox.next()).toMatchObject({ type: 'ready' });
    await none.close();
    const several = await open({ protocols: ['stanzawire.v9', 'stanzawire.v1'] });
    expect(several.ws.protocol).toBe('stanzawire.v1');
    await several.close();
    const unknown = await open({ protocols: ['stanzawire.v9', 'soap'] });
    expect(await lastWords(unknown)).toEqual({ code: 4006, frames: [] });
  });

  it.each([
    ['https://chat.example.com', true],
    ['https://other.example.com:8443', true],
    ['https://other.example.com', false],
    ['http://chat.example.com', false],
    ['https://chat.example.com.evil.example', false],
    ['null', false],
  ])('from a page of %s is let in: %s', async (origin, allowed) => {
    const client = await open({ headers: { origin } });
    client.send(connect({ token: await play.gateway.token('alice') }));
    if (allowed) expect(await client.inbox.next()).toMatchObject({ type: 'ready' });
    else expect(await lastWords(client)).toEqual({ code: 4003, frames: [] });
    await client.close();
  });
});

it('a session too many closes with 4009, and there is room again when one has ended', async () => {
  const laptop = await play.gateway.login('alice');
  const tablet = await play.gateway.login('alice');
  const phone = await open();
  phone.send(connect({ token: await play.gateway.token('alice') }));
  expect(await lastWords(phone)).toEqual({ code: 4009, frames: [] });
  expect(await (await play.gateway.login('bob')).close()).toBe(1000);
  await tablet.close();
  const again = await play.gateway.login('alice');
  expect(await laptop.rest()).toEqual([]);
  await Promise.all([laptop.close(), again.close()]);
});

it('a client that sends no connect is closed with 4004 after 10 seconds', async () => {
  expect(await lastWords(silent)).toEqual({ code: 4004, frames: [] });
}, 15_000);
