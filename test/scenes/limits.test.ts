import { afterEach, describe, expect, it } from 'vitest';
import { childText, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const env = { STANZAWIRE_LIMITS_RATE: '1', STANZAWIRE_LIMITS_BURST: '10', STANZAWIRE_LIMITS_IN_FLIGHT: '3' };
const play = scene({ ...env, STANZAWIRE_LIMITS_BATCH: '500' });
const said = (text: string) => ({ to: 'romeo@example.com', body: text });
const limited = { code: 'rate-limited', message: 'Slow down', retry: true };

afterEach(() => {
  play.server.answersPings = true;
});

describe('a frame that is none closes the socket, without a word', () => {
  const rows: [string, string | Buffer, number][] = [
    ['not JSON', '{"type":', 4000],
    ['a number', '7', 4000],
    ['null', 'null', 4000],
    ['a string', '"ping"', 4000],
    ['an empty array', '[]', 4000],
    ['an array with something else in it', '[{"type":"ping","id":1},7]', 4000],
    ['an array in an array', '[[{"type":"ping","id":1}]]', 4000],
    ['a batch that is too long', `[${Array(501).fill('{"type":"ping"}').join(',')}]`, 4000],
    ['a binary frame without the feature', Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0]), 1003],
    ['a frame over frameBytes', JSON.stringify({ type: 'ping', id: 1, data: { x: 'x'.repeat(65_536) } }), 1009],
    ['a frame of a megabyte', JSON.stringify({ type: 'message.send', id: 1, data: said('x'.repeat(1e6)) }), 1009],
  ];
  it.each(rows)('%s', async (_what, frame, code) => {
    const alice = await play.gateway.login('alice');
    alice.ws.send(frame);
    expect(await lastWords(alice)).toEqual({ code, frames: [] });
    expect(await play.stanzas()).toEqual([]);
  });

  it('and leaves the sockets of others alone', async () => {
    const bob = await play.gateway.login('bob');
    const tablet = await play.gateway.login('alice');
    const alice = await play.gateway.login('alice');
    alice.send('nonsense');
    expect(await alice.closed).toBe(4000);
    expect([await tablet.rest(), await bob.rest()]).toEqual([[], []]);
    await Promise.all([bob.close(), tablet.close()]);
  });
});

describe('a frame of exactly frameBytes', () => {
  it('is taken', async () => {
    const alice = await play.gateway.login('alice');
    const empty = JSON.stringify({ type: 'message.send', id: 1, data: said('') });
    alice.send({ type: 'message.send', id: 1, data: said('x'.repeat(65_536 - empty.length)) });
    expect(await alice.inbox.next()).toMatchObject({ type: 'ok', id: 1 });
    const [stanza, ...more] = await play.stanzas();
    expect(stanza && childText(stanza, 'body', '')).toHaveLength(65_536 - empty.length);
    expect(more).toEqual([]);
    await alice.close();
  });
});

describe('more requests than the rate allows', () => {
  it('are refused with the time to wait, and what was refused has not happened', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    // The peer may see typing of those who have written to it; each socket has its own rate.
    await tablet.request('message.send', said('hi'));
    await alice.next('message');
    await tablet.close();
    await play.stanzas();
    for (let id = 1; id <= 12; id++)
      alice.send({ type: 'typing.send', id, data: { to: 'romeo@example.com', state: 'paused' } });
    for (let id = 1; id <= 10; id++) expect(await alice.inbox.next()).toEqual({ type: 'ok', id });
    const late = [await alice.inbox.next(), await alice.inbox.next()];
    expect(late).toMatchObject([
      { type: 'error', id: 11, error: limited },
      { type: 'error', id: 12, error: limited },
    ]);
    for (const { error } of late) expect(error?.retryAfterMs).toSatisfy((ms: number) => ms > 0 && ms <= 1000);
    expect(await play.stanzas()).toHaveLength(10);
    await alice.close();
  });

  // What is wrong with a frame costs as much as what is right.
  const broken: [string, object][] = [
    ['an unknown type', { type: 'message.sned', id: 'x' }],
    ['a wrong field', { type: 'message.send', id: 'x', data: {} }],
    ['a bad id', { type: 'ping', id: {} }],
    ['no type', { id: 'x' }],
    ['data that is no object', { type: 'ping', id: 'x', data: 7 }],
    ['a forbidden character', { type: 'ping', id: 'x', data: { a: '\0' } }],
    ['a pong with a wrong number', { type: 'pong', id: 'x', data: { seq: -1 } }],
    ['an ack without a number', { type: 'ack', id: 'x' }],
  ];
  it.each(broken)('count all the same with %s', async (_what, frame) => {
    const alice = await play.gateway.login('alice');
    alice.send(Array(12).fill(frame));
    const codes: unknown[] = [];
    while (codes.length < 12) codes.push((await alice.inbox.next()).error?.code);
    expect(codes.slice(0, 10)).not.toContain('rate-limited');
    expect(codes.slice(10)).toEqual(['rate-limited', 'rate-limited']);
    await alice.close();
  });

  it('do not include pong and ack, which are answers', async () => {
    const alice = await play.gateway.login('alice');
    alice.send(Array(200).fill({ type: 'pong', data: { seq: 0 } }));
    alice.send(Array(200).fill({ type: 'ack', data: { seq: 0 } }));
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });

  it('close the socket with 4103 after a hundred refusals', async () => {
    const alice = await play.gateway.login('alice');
    const ping = (id: number) => ({ type: 'ping', id });
    alice.send(Array.from({ length: 110 }, (_, id) => ping(id)));
    const frames = [];
    while (frames.length < 110) frames.push(await alice.inbox.next());
    expect(frames.filter(({ type }) => type === 'pong')).toHaveLength(10);
    expect(frames.filter(({ error }) => error?.code === 'rate-limited')).toHaveLength(100);
    alice.send([ping(110), ping(111)]);
    expect(await lastWords(alice)).toEqual({ code: 4103, frames: [] });
  });

  it('are each socket’s own affair', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    alice.send(Array.from({ length: 12 }, (_, id) => ({ type: 'ping', id })));
    expect((await alice.inbox.next(({ id }) => id === 11)).error).toMatchObject(limited);
    expect(await tablet.rest()).toEqual([]);
    await Promise.all([alice.close(), tablet.close()]);
  });
});

it('more requests without an answer than inFlight are refused, until one is answered', async () => {
  const alice = await play.gateway.login('alice');
  play.server.answersPings = false;
  for (const id of ['m1', 'm2', 'm3', 'm4']) alice.send({ type: 'message.send', id, data: said(id) });
  expect(await alice.inbox.next()).toEqual({ type: 'error', id: 'm4', error: { ...limited, retryAfterMs: 100 } });
  await play.server.until(({ pings }) => pings.length > 0);
  play.server.answersPings = true;
  play.server.pong(play.server.pings.at(-1));
  for (const id of ['m1', 'm2', 'm3']) expect(await alice.inbox.next()).toMatchObject({ type: 'ok', id });
  expect(await alice.request('message.send', said('m5'))).toMatchObject({ chat: 'romeo@example.com' });
  expect((await play.stanzas()).map((stanza) => childText(stanza, 'body', ''))).toEqual(['m1', 'm2', 'm3', 'm5']);
  expect(await alice.rest()).toEqual([]);
  await alice.close();
});

describe('a stanza that would be too large for the link', () => {
  // Each of these is five characters in XML.
  const body = '&'.repeat(60_000);

  it('is refused as too-large, and the next one goes its way', async () => {
    const alice = await play.gateway.login('alice');
    const error = await alice.refused('message.send', said(body));
    expect(error).toMatchObject({ code: 'too-large', retry: false });
    await alice.request('message.send', said('small'));
    expect((await play.stanzas()).map((stanza) => childText(stanza, 'body', ''))).toEqual(['small']);
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });
});

describe('a reader that does not read', () => {
  const stop = (client: JsonClient) => client.ws.pause();
  const message = (id: string, body: string) =>
    el('message', { from: 'romeo@example.com/x', to: 'alice@web.example.com', type: 'chat', id }, el('body', {}, body));

  it('is closed with 4102 when its queue is full; the other session misses nothing', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    stop(alice);
    const isClosing = async () => /^stanzawire_sockets\{state="closing"\} 1$/m.test(await play.gateway.metrics());
    let count = 0;
    const tenMore = async () => {
      for (const end = count + 10; count < end; count++) {
        play.server.send(message(`${count}`, 'x'.repeat(100_000)));
        expect((await tablet.next('message')).id).toBe(`${count}`);
      }
    };
    while (count < 500 && !(await isClosing())) await tenMore();
    await tenMore();
    alice.ws.resume();
    const { code, frames } = await lastWords(alice);
    expect(code).toBe(4102);
    expect(frames.length).toBeLessThan(count);
    expect(frames).toMatchObject(frames.map((_, i) => ({ type: 'message', seq: i + 1, data: { id: `${i}` } })));
    expect(await tablet.rest()).toEqual([]);
    await tablet.close();
  });
});
