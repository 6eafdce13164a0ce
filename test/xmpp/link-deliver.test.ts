/** What goes out: order, fences, the window, resending, deadlines, bounds. */
import { expect, it } from 'vitest';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import { ids, later, message, testLink } from '../support/link.ts';

/** Has it settled? Looked at when everything that is under way has been handled. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  const note = () => {
    over = true;
  };
  promise.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

it('a delivery is done when the server has answered the ping behind it, not before', async () => {
  const { server, link, metric } = await testLink();
  server.answersPings = false;
  const delivery = link.deliver(message('one'), later());
  await server.until(({ pings }) => pings.length === 1);
  expect(ids(server.received)).toEqual(['one']);
  expect(await settled(delivery.done)).toBe(false);
  expect(await metric('link_unfenced_stanzas')).toBe(1);
  server.pong(server.pings[0]);
  await delivery.done;
  expect(await metric('link_unfenced_stanzas')).toBe(0);
  expect(await metric('link_fence_seconds_count')).toBe(1);
});

it('an error is as good an answer to the ping as a result', async () => {
  const { server, link } = await testLink();
  server.answersPings = false;
  const delivery = link.deliver(message('one'), later());
  await server.until(({ pings }) => pings.length === 1);
  server.pong(server.pings[0], { type: 'error' });
  await delivery.done;
});

it.each([
  ['another id', { id: 'other' }],
  ['an account of the server', { from: 'mallory@example.com' }],
  ['another domain', { from: 'example.org' }],
  ['to an account of ours', { to: 'juliet@web.example.com' }],
  ['a request', { type: 'get' }],
])('a forged answer to the ping proves nothing (%s)', async (_, attrs) => {
  const { server, link, until, stanzas } = await testLink();
  server.answersPings = false;
  const delivery = link.deliver(message('one'), later());
  await server.until(({ pings }) => pings.length === 1);
  server.pong(server.pings[0], attrs);
  server.send("<message id='marker'/>");
  await until(() => stanzas.some((stanza) => stanza.attrs.id === 'marker'));
  expect(await settled(delivery.done)).toBe(false);
  server.pong(server.pings[0]);
  await delivery.done;
});

it('one ping is outstanding, and the next covers all that was written meanwhile', async () => {
  const { server, link } = await testLink();
  server.answersPings = false;
  const first = link.deliver(message('first'), later());
  await server.until(({ pings }) => pings.length === 1);
  const rest = ['second', 'third', 'fourth'].map((id) => link.deliver(message(id), later()));
  await server.next(({ attrs }) => attrs.id === 'fourth');
  expect(server.pings).toHaveLength(1);
  server.pong(server.pings[0]);
  await first.done;
  await server.until(({ pings }) => pings.length === 2);
  expect(await settled(Promise.any(rest.map(({ done }) => done)))).toBe(false);
  server.pong(server.pings[1]);
  await Promise.all(rest.map(({ done }) => done));
  expect(server.pings).toHaveLength(2);
});

it('the stanzas of one turn of the event loop go out in order, with one ping', async () => {
  const { server, link } = await testLink();
  const expected: string[] = [];
  const deliveries = Array.from({ length: 400 }, (_, i) => {
    expected.push(`d${i}`, `s${i}`);
    const delivery = link.deliver(message(`d${i}`), later());
    link.send(message(`s${i}`));
    return delivery.done;
  });
  await Promise.all(deliveries);
  expect(ids(server.received)).toEqual(expected);
  expect(server.pings.length).toBeLessThanOrEqual(3);
  expect(server.violations).toEqual([]);
});

it('stanzas that need no proof cost no ping', async () => {
  const { server, link } = await testLink();
  for (let i = 0; i < 10; i++) link.send(message(`s${i}`));
  await server.next(({ attrs }) => attrs.id === 's9');
  expect(server.pings).toEqual([]);
});

it('at most 1,000 stanzas are on the wire without proof; the rest waits in order', async () => {
  const { server, link, metric } = await testLink();
  server.answersPings = false;
  const deliveries = Array.from({ length: 2500 }, (_, i) => link.deliver(message(`m${i}`), later()).done);
  await server.next(({ attrs }) => attrs.id === 'm999');
  expect(await settled(server.next(({ attrs }) => attrs.id === 'm1000'))).toBe(false);
  expect(server.received).toHaveLength(1000);
  expect(await metric('link_unfenced_stanzas')).toBe(1000);
  expect(await metric('link_queue_bytes')).toBeGreaterThan(1500 * 100);
  server.answersPings = true;
  server.pong(server.pings[0]);
  await Promise.all(deliveries);
  expect(ids(server.received)).toEqual(deliveries.map((_, i) => `m${i}`));
  expect(await metric('link_queue_bytes')).toBe(0);
});

it('the window counts bytes too, and a stanza above it still goes, alone', async () => {
  const limits = { windowBytes: 3000 };
  const { server, link } = await testLink({ link: { limits } });
  const big = 'x'.repeat(5000);
  const sent = ['a', 'b', 'c'].map((id) => link.deliver(message(id, big), later()).done);
  link.send(message('small'));
  link.send(message('d', big));
  await Promise.all(sent);
  await server.next(({ attrs }) => attrs.id === 'd');
  expect(ids(server.received)).toEqual(['a', 'b', 'c', 'small', 'd']);
});

it('a server that reads slowly gets everything in order, and little of it waits in the socket', async () => {
  const limits = { windowStanzas: 100_000, windowBytes: 64 * 1024 * 1024, highWater: 64 * 1024 };
  const { server, link, metric, stanzas, until } = await testLink({ link: { limits } });
  server.pause();
  const body = 'x'.repeat(16_000);
  const deliveries = Array.from({ length: 1000 }, (_, i) => link.deliver(message(`m${i}`, body), later()).done);
  server.send("<message id='still heard'/>");
  await until(() => stanzas.length === 1);
  expect(await metric('link_queue_bytes')).toBeGreaterThan(4_000_000);
  server.resume();
  await Promise.all(deliveries);
  expect(ids(server.received)).toEqual(deliveries.map((_, i) => `m${i}`));
});

it('what was not proved is sent again first, in order, with the same text', async () => {
  const { server, link, states, until } = await testLink();
  server.answersPings = false;
  const before = ['a', 'b', 'c'].map((id) => link.deliver(message(id), later()).done);
  link.send(message('sent once'));
  await server.next(({ attrs }) => attrs.id === 'sent once');
  server.drop('rst');
  await until(() => states.at(-1)?.link === 'down');
  const during = ['d', 'e'].map((id) => link.deliver(message(id), later()).done);
  expect(link.send(message('dropped'))).toBe(false);
  server.answersPings = true;
  await Promise.all([...before, ...during]);
  expect(ids(server.received)).toEqual(['a', 'b', 'c', 'sent once', 'a', 'b', 'c', 'd', 'e']);
  const stanzasOf = (raw = '') => raw.match(/<message.*?<\/message>/g) ?? [];
  expect(stanzasOf(server.raw[1]).slice(0, 3)).toEqual(stanzasOf(server.raw[0]).slice(0, 3));
});

it('what was proved is never sent again', async () => {
  const { server, link, states, until } = await testLink();
  await link.deliver(message('proved'), later()).done;
  server.drop('fin');
  await until(() => states.length === 3);
  await link.deliver(message('next'), later()).done;
  expect(ids(server.received)).toEqual(['proved', 'next']);
});

it('a delivery made while the link is down goes out when it is back', async () => {
  const { server, link } = await testLink({ start: false });
  const delivery = link.deliver(message('early'), later());
  link.start();
  await delivery.done;
  expect(ids(server.received)).toEqual(['early']);
});

it('a delivery that was never written ends at its deadline with link-down', async () => {
  const { link, metric, server } = await testLink({ start: false });
  server.welcome = 'silent';
  link.start();
  const delivery = link.deliver(message('late'), Date.now() + 20);
  await expect(delivery.done).rejects.toMatchObject({ code: 'link-down', retry: true });
  expect(await metric('stanzas_dropped_total{direction="out",reason="expired"}')).toBe(1);
  expect(await metric('link_queue_bytes')).toBe(0);
});

it('a delivery that was written when the link was lost ends at its deadline with unconfirmed, and is not resent', async () => {
  const { server, link, states, until } = await testLink();
  server.answersPings = false;
  const short = link.deliver(message('short'), Date.now() + 200);
  const over = link.deliver(message('over'), Date.now() - 1);
  await server.next(({ attrs }) => attrs.id === 'over');
  server.welcome = 'silent';
  server.drop('rst');
  await expect(over.done).rejects.toMatchObject({ code: 'unconfirmed', retry: true });
  await expect(short.done).rejects.toMatchObject({ code: 'unconfirmed' });
  server.welcome = 'ok';
  server.answersPings = true;
  server.drop('fin');
  await until(() => states.length === 3);
  await link.deliver(message('new'), later()).done;
  expect(ids(server.received)).toEqual(['short', 'over', 'new']);
});

it('a deadline that passes while the ping is out does not matter: the answer counts', async () => {
  const { server, link } = await testLink();
  server.answersPings = false;
  const delivery = link.deliver(message('slow'), Date.now() - 1);
  await server.until(({ pings }) => pings.length === 1);
  server.pong(server.pings[0]);
  await delivery.done;
});

it('a cancelled delivery is not sent again', async () => {
  const { server, link, states, until } = await testLink();
  server.answersPings = false;
  const kept = link.deliver(message('kept'), later());
  const cancelled = link.deliver(message('cancelled'), later());
  await server.next(({ attrs }) => attrs.id === 'cancelled');
  cancelled.cancel();
  server.answersPings = true;
  server.drop('rst');
  await until(() => states.length === 3);
  await kept.done;
  await expect(cancelled.done).rejects.toMatchObject({ code: 'unconfirmed' });
  expect(ids(server.received)).toEqual(['kept', 'cancelled', 'kept']);
});

it('a delivery that is cancelled before it was written is never written, and rejects nobody who does not listen', async () => {
  const { server, link } = await testLink({ start: false });
  link.deliver(message('cancelled'), later()).cancel();
  const other = link.deliver(message('other'), later());
  link.start();
  await other.done;
  expect(ids(server.received)).toEqual(['other']);
});

it('what waits is bounded in stanzas and in bytes: one more is refused, with retry', async () => {
  const limits = { queueStanzas: 3, queueBytes: 1000 };
  const { link, metric } = await testLink({ link: { limits }, start: false });
  for (const id of ['a', 'b', 'c']) link.deliver(message(id), later());
  const refusal = expect.objectContaining({ code: 'resource-constraint', retry: true });
  expect(() => link.deliver(message('d'), later())).toThrow(refusal);
  const second = await testLink({ link: { limits }, start: false });
  expect(() => second.link.deliver(message('e', 'x'.repeat(1000)), later())).toThrow(refusal);
  expect(await metric('stanzas_dropped_total{direction="out",reason="queue-full"}')).toBe(1);
});

it('an order that was broken in bursts over many losses of the link still is the order of the first sending', async () => {
  const { server, link, until } = await testLink({ link: { timing: { retryFirst: 1, retryLast: 2 } } });
  const done: Promise<void>[] = [];
  for (let round = 0; round < 8; round++) {
    await until(() => link.state.link === 'up');
    for (let i = 0; i < 60; i++) done.push(link.deliver(message(`m${done.length}`), later()).done);
    await server.next(({ attrs }) => attrs.id === `m${done.length - 30}`);
    server.drop(round % 2 === 0 ? 'rst' : 'fin');
    await until(() => link.state.link === 'down');
  }
  await Promise.all(done);
  const firsts = [...new Set(ids(server.received))];
  expect(firsts).toEqual(done.map((_, i) => `m${i}`));
  expect(server.violations).toEqual([]);
});

it('bytes and stanzas are counted in both directions, errors by condition', async () => {
  const { server, link, metric, stanzas, until } = await testLink();
  link.send(el('presence', { from: 'juliet@web.example.com/web', to: 'romeo@example.com' }));
  const bounce: Element = message('bounce');
  server.send(
    `<message type='error' id='b'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
  await until(() => stanzas.length === 1);
  await link.deliver(bounce, later()).done;
  expect(await metric('stanzas_total{direction="out",kind="presence"}')).toBe(1);
  expect(await metric('stanzas_total{direction="out",kind="message"}')).toBe(1);
  expect(await metric('stanzas_total{direction="in",kind="message"}')).toBe(1);
  expect(await metric('stanza_errors_total{direction="in",kind="message",condition="gone"}')).toBe(1);
  expect(await metric('link_bytes_total{direction="in"}')).toBeGreaterThan(300);
  expect(await metric('link_bytes_total{direction="out"}')).toBeGreaterThan(300);
});
