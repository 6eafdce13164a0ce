/** The link comes up, goes down and comes back, whatever the server does; and it stops. */
import { generateKeyPairSync } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, it, onTestFinished, vi } from 'vitest';
import { certificate } from '../support/certificate.ts';
import { later, message, testLink } from '../support/link.ts';
import type { Welcome } from '../support/scripted-server.ts';

it('the link comes up and says so once', async () => {
  const { link, states, log, metric, server } = await testLink();
  expect(states).toEqual([{ link: 'up', since: expect.any(Date) }]);
  expect(log).toEqual([expect.objectContaining({ event: 'link_up', domain: 'web.example.com' })]);
  expect(await metric('link_up')).toBe(1);
  expect(await metric('link_connects_total{result="ok"}')).toBe(1);
  expect(link.state.link).toBe('up');
  expect(server.raw[0]).toMatch(/^<\?xml version='1.0'\?><stream:stream [^>]*to="web.example.com"/);
});

it('a secret beyond ASCII is hashed as the bytes of the configuration', async () => {
  await testLink({ server: { secret: 'pässwörd→🔑' } });
});

const faults: [string, Welcome, Record<string, unknown>, string][] = [
  ['says nothing at all', 'silent', { reason: 'timeout', phase: 'header' }, 'timeout'],
  ['sends its header and then nothing', 'header-only', { reason: 'timeout', phase: 'handshake' }, 'timeout'],
  ['refuses the secret', { refuse: 'not-authorized' }, { reason: 'not-authorized' }, 'auth_failed'],
  ['does not know the domain', { refuse: 'host-unknown' }, { reason: 'host-unknown' }, 'host_unknown'],
  [
    'has a connection already',
    { refuse: 'conflict', text: 'Component already connected' },
    { reason: 'conflict' },
    'conflict',
  ],
  [
    'speaks HTTP',
    { raw: 'HTTP/1.1 400 Bad Request\r\n\r\n<html><body/></html>' },
    { reason: 'not-well-formed' },
    'other',
  ],
  ['answers with another document', { raw: '<html>' }, { detail: 'the answer is not an XMPP stream' }, 'other'],
  [
    'sends an entity that does not exist',
    { raw: '<stream:stream id="&nbsp;">' },
    { reason: 'not-well-formed' },
    'other',
  ],
];

it.each(faults)('a server that %s is left and asked again', async (_, welcome, entry, result) => {
  const timing = { connect: 2_000, header: 30, handshake: 30 };
  const { server, link, log, metric, until } = await testLink({ link: { timing }, start: false });
  server.welcome = welcome;
  link.start();
  await server.until(({ connections }) => connections >= 3);
  expect(link.state).toMatchObject({ link: 'down', reason: expect.any(String), retryAt: expect.any(Date) });
  expect(log[0]).toMatchObject({ event: 'link_connect_failed', ...entry });
  expect(await metric(`link_connects_total{result="${result}"}`)).toBeGreaterThanOrEqual(2);
  server.welcome = 'ok';
  await until(() => link.state.link === 'up');
});

it('a port where nothing listens is asked again until something does', async () => {
  const { server, link, log, until } = await testLink({ start: false });
  await server.stop();
  link.start();
  await vi.waitUntil(() => log.length >= 2);
  expect(log[0]).toMatchObject({
    event: 'link_connect_failed',
    reason: 'refused',
    remedy: expect.stringContaining('Prosody'),
  });
  await server.listen();
  await until(() => link.state.link === 'up');
});

const losses: [string, string, (server: Awaited<ReturnType<typeof testLink>>['server']) => void][] = [
  ['closes the connection', 'eof', (server) => server.drop('fin')],
  ['resets the connection', 'io', (server) => server.drop('rst')],
  ['closes the stream', 'eof', (server) => server.send('</stream:stream>')],
  ['shuts down', 'system-shutdown', (server) => server.streamError('system-shutdown')],
  ['prefers another connection', 'conflict', (server) => server.streamError('conflict')],
  ['sends what is not XML', 'not-well-formed', (server) => server.send('<message></presence>')],
  ['goes on after what is not XML', 'not-well-formed', (server) => server.send(`<a></b>${'<message/>'.repeat(2000)}`)],
  ['sends an illegal character', 'not-well-formed', (server) => server.send('<message><body>&#0;</body></message>')],
  ['sends an unknown entity', 'not-well-formed', (server) => server.send('<message><body>&nbsp;</body></message>')],
];

it.each(losses)('when the server %s, the link is down and comes back', async (_, reason, fault) => {
  const { server, link, states, log, metric, until } = await testLink();
  fault(server);
  await until(() => states.length === 3);
  expect(states.map((state) => state.link)).toEqual(['up', 'down', 'up']);
  expect(states[1]).toMatchObject({ reason, since: expect.any(Date), retryAt: expect.any(Date) });
  expect(log.filter(({ event }) => event === 'link_down')).toEqual([expect.objectContaining({ reason })]);
  expect(await metric(`link_disconnects_total{reason="${reason}"}`)).toBe(1);
  expect(link.state.link).toBe('up');
});

it('the link comes back to a server that was restarted', async () => {
  const { server, states, until } = await testLink();
  await server.stop();
  await until(() => states.at(-1)?.link === 'down');
  await server.listen();
  await until(() => states.at(-1)?.link === 'up');
  expect(states).toHaveLength(3);
});

it.each([
  ['a link that was up for a while starts over with the short delay', 0, [4, 4, 4]],
  ['a link that never stays up is tried again later and later', 60_000, [4, 8, 16]],
])('%s', async (_, stable, delays) => {
  vi.spyOn(Math, 'random').mockReturnValue(1);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  const timing = { stable, retryFirst: 4, retryLast: 100 };
  const { server, states, log, until } = await testLink({ link: { timing } });
  for (let loss = 1; loss <= 3; loss++) {
    server.drop('fin');
    await until(() => states.length === 2 * loss + 1);
  }
  expect(log.filter(({ event }) => event === 'link_down').map(({ retryInMs }) => retryInMs)).toEqual(delays);
});

it('a server that answers no pings is left, also when it still takes everything', async () => {
  const timing = { keepalive: 20, fence: 40 };
  const { server, states, metric, until } = await testLink({ link: { timing } });
  server.answersPings = false;
  await until(() => states.some(({ reason }) => reason === 'ping_timeout'));
  expect(await metric('link_disconnects_total{reason="ping_timeout"}')).toBeGreaterThanOrEqual(1);
});

it('a half-open server, which reads nothing and closes nothing, is left', async () => {
  const timing = { keepalive: 20, fence: 40 };
  const { server, states, until } = await testLink({ link: { timing } });
  server.pause();
  await until(() => states.some(({ reason }) => reason === 'ping_timeout'));
  await until(() => states.at(-1)?.link === 'up');
});

it('an idle link is kept alive by pings, one at a time', async () => {
  const { server, states } = await testLink({ link: { timing: { keepalive: 10 } } });
  await server.until(({ pings }) => pings.length >= 5);
  expect(states).toHaveLength(1);
  expect(new Set(server.pings.map(({ attrs }) => attrs.id)).size).toBe(server.pings.length);
});

it('what a handler throws is logged and costs neither the link nor the next stanza', async () => {
  const { server, link, log, states } = await testLink();
  const seen: string[] = [];
  link.onStanza = ({ attrs }) => {
    seen.push(attrs.id ?? '');
    if (attrs.id === 'one') throw new Error('a bug');
  };
  const both = server.next();
  server.send("<message id='one' from='a@example.com' to='b@web.example.com'/><message id='two'/>");
  link.send(message('after'));
  await both;
  await link.deliver(message('fenced'), later()).done;
  expect(seen).toEqual(['one', 'two']);
  expect(log.at(-1)).toMatchObject({
    event: 'link_handler_failed',
    err: expect.objectContaining({ message: 'a bug' }),
  });
  expect(states).toHaveLength(1);
});

it('stop fences what was sent, closes the stream and stays down', async () => {
  const { server, link, states, log } = await testLink();
  const delivery = link.deliver(message('last'), later());
  link.send(message('very last'));
  const stopped = link.stop();
  expect(link.stop()).toBe(stopped);
  expect(link.send(message('too late'))).toBe(false);
  await expect(link.deliver(message('too late'), later()).done).rejects.toMatchObject({ code: 'link-down' });
  await stopped;
  await delivery.done;
  expect(server.received.map(({ attrs }) => attrs.id)).toEqual(['last', 'very last']);
  expect(server.raw[0]).toMatch(/<ping xmlns="urn:xmpp:ping"\/><\/iq><\/stream:stream>$/);
  expect(states.at(-1)).toEqual({ link: 'down', since: expect.any(Date), reason: 'shutdown' });
  expect(log.at(-1)).toMatchObject({ event: 'link_closed' });
  expect(server.connections).toBe(1);
});

it('stop is bounded in time when the server hangs, and what waits fails', async () => {
  const { server, link } = await testLink({ link: { timing: { stop: 30, close: 30 } } });
  server.answersPings = false;
  server.pause();
  const delivery = link.deliver(message('unproved'), later());
  await link.stop();
  await expect(delivery.done).rejects.toMatchObject({ code: 'unconfirmed' });
});

it('stop ends an attempt to connect', async () => {
  const { server, link, states } = await testLink({ start: false });
  server.welcome = 'silent';
  link.start();
  await server.until(({ connections }) => connections === 1);
  await link.stop();
  expect(states).toEqual([]);
  expect(link.state).toMatchObject({ link: 'down', reason: 'shutdown' });
});

it('xmpps is TLS from the first byte, and only a trusted certificate will do', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate(publicKey, privateKey);
  const tls = { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  const { link, log, until } = await testLink({ server: { tls }, start: 'trying' });
  await vi.waitUntil(() => log.length >= 1);
  expect(log[0]).toMatchObject({ reason: 'refused', remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
  setDefaultCACertificates([...getCACertificates('default'), cert]);
  await until(() => link.state.link === 'up');
});
