/** What comes in: cut anywhere, in any size, nested as deep as you like. */
import { expect, it } from 'vitest';
import { childText, type Element, el, find } from '../../src/xmpp/stanza.ts';
import { later, message, testLink } from '../support/link.ts';

const text = 'naïve → 🦜 é';
const stanza = `<message id='m' from='romeo@example.com' to='juliet@web.example.com'><body a="${text}">${text}</body></message>`;

const bodyOf = (each: Element | undefined) => childText(each ?? el('none'), 'body', '');

it('a stanza survives being cut at every byte', async () => {
  const { server, stanzas, until } = await testLink();
  const bytes = Buffer.from(stanza);
  await server.trickle(bytes);
  await until(() => stanzas.length === 1);
  expect(find(stanzas[0] ?? el('none'), 'body', '')?.attrs.a).toBe(text);
  expect(bodyOf(stanzas[0])).toBe(text);
});

it('the emoji of a stanza survives a cut at each of its bytes', async () => {
  const { server, stanzas, until } = await testLink();
  const bytes = Buffer.from(stanza);
  const first = bytes.indexOf(Buffer.from('🦜'));
  for (let cut = first; cut <= first + 4; cut++) {
    server.send(bytes.subarray(0, cut));
    await server.trickle(bytes.subarray(cut, cut + 1));
    server.send(bytes.subarray(cut + 1));
  }
  await until(() => stanzas.length === 5);
  for (const each of stanzas) expect(bodyOf(each)).toBe(text);
});

it('the header of the stream survives being cut at every byte', async () => {
  const { server, link, until } = await testLink({ start: false });
  server.welcome = 'silent';
  link.start();
  await server.until(({ connections }) => connections === 1);
  const header = `<?xml version='1.0' ?><!-- a - comment --><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`;
  await server.trickle(Buffer.from(`${header}<handshake/>`));
  await until(() => link.state.link === 'up');
});

it('stanzas that come in one piece with the answer to the handshake are not lost', async () => {
  const { server, link, stanzas, until } = await testLink({ start: false });
  server.welcome = 'silent';
  link.start();
  await server.until(({ connections }) => connections === 1);
  const header = `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`;
  server.send(`${header}<handshake/><presence id='a'/>${stanza}`);
  await until(() => stanzas.length === 2);
  expect(stanzas.map((each) => each.name)).toEqual(['presence', 'message']);
});

it('white space between stanzas keeps nothing in memory and is no stanza', async () => {
  const { server, stanzas, until } = await testLink();
  server.send(`${' '.repeat(100_000)}<presence id='a'/>${'\n'.repeat(9000)}<presence id='b'/> `);
  await until(() => stanzas.length === 2);
  expect(stanzas[1]?.parent?.children).toEqual([]);
});

it('a character of two halves at the edge of a slice stays whole', async () => {
  const { server, stanzas, until } = await testLink();
  const body = '🦜'.repeat(20_000);
  for (const pad of ['', 'x']) server.send(`<message><body>${pad}${body}</body></message>`);
  await until(() => stanzas.length === 2);
  expect(stanzas.map((each) => bodyOf(each)?.slice(-body.length))).toEqual([body, body]);
});

it('a stanza nested too deep is dropped, and the link stays', async () => {
  const { server, link, stanzas, metric, until } = await testLink();
  const nested = (depth: number) => `<message id='d${depth}'>${'<x>'.repeat(depth)}${'</x>'.repeat(depth)}</message>`;
  server.send(`${nested(100)}${nested(5000)}${nested(100_000)}<message id='next'/>`);
  await until(() => stanzas.some((each) => each.attrs.id === 'next'));
  expect(stanzas.map((each) => each.attrs.id)).toEqual(['d100', 'next']);
  expect(await metric('stanzas_dropped_total{direction="in",reason="too-large"}')).toBe(2);
  expect(link.state.link).toBe('up');
});

it('a stanza of more than the limit ends the link, with a reason', async () => {
  const { server, states, log, until } = await testLink({ link: { limits: { inboundChars: 100_000 } } });
  server.send(`<message><body>${'x'.repeat(90_000)}</body></message>`.repeat(3));
  server.send(`<message><body>${'x'.repeat(110_000)}</body></message>`);
  await until(() => states.length === 3);
  expect(states[1]).toMatchObject({ link: 'down', reason: 'policy-violation' });
  expect(log.find(({ event }) => event === 'link_down')).toMatchObject({
    detail: 'a stanza of more than 100000 characters came in',
  });
});

it('an element that is no stanza goes nowhere', async () => {
  const { server, stanzas, metric, until } = await testLink();
  server.send("<features/><stanza id='x'/><message id='next'/>");
  await until(() => stanzas.length === 1);
  expect(stanzas[0]?.attrs.id).toBe('next');
  expect(await metric('stanzas_dropped_total{direction="in",reason="malformed"}')).toBe(2);
});

it('attributes with the names of JavaScript do no harm', async () => {
  const { server, link, stanzas, until } = await testLink();
  server.send("<message __proto__='x' constructor='y' id='a'><toString hasOwnProperty='z'/></message>");
  await until(() => stanzas.length === 1);
  await link.deliver(message('still here'), later()).done;
});

it('IQ requests go to the handler and are answered by nobody else', async () => {
  const { server, link, stanzas, until } = await testLink();
  server.send(
    "<iq type='get' id='q' from='romeo@example.com' to='web.example.com'><query xmlns='jabber:iq:version'/></iq>",
  );
  await until(() => stanzas.length === 1);
  await link.deliver(message('marker'), later()).done;
  expect(server.received.map(({ name }) => name)).toEqual(['message']);
});
