/** The life of outgoing messages: pending, sent at the fence, failed at a bounce; repeats and what is forgotten. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Housekeeping } from '../../src/core/housekeeping.ts';
import type { Account } from '../../src/extension.ts';
import { createLogger } from '../../src/log.ts';
import { StanzaError } from '../../src/protocol/errors.ts';
import { parse } from '../../src/xmpp/jid.ts';
import { type CoreClient, TestCore } from '../support/core.ts';

const romeo = 'romeo@example.com';
const hi = { to: romeo, id: 'm1', body: 'hi' };
const bounce = (id: string, from = romeo) =>
  `<message from="${from}" to="alice@web.example.com/web" type="error" id="${id}">
    <error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>
  </message>`;

let core: TestCore;
let alice: CoreClient;

beforeEach(async () => {
  core = await TestCore.create({
    env: {
      STANZAWIRE_LIMITS_RATE: '1000000',
      STANZAWIRE_LIMITS_BURST: '1000000',
      STANZAWIRE_LIMITS_IN_FLIGHT: '10000',
    },
  });
  alice = await core.login('alice');
  alice.take();
});

const sentIds = () => core.link.sent.map(({ attrs }) => attrs.id);
const fence = async (index = 0) => {
  core.link.held[index]?.fence();
  await core.settled();
};
const account = async (): Promise<Account> => {
  const found = await core.server.accounts.load(parse('alice@web.example.com'));
  if (!found) throw new Error('there is no alice');
  return found;
};

describe('a message', () => {
  it('is ok at the fence and not before, with the time at which it was accepted', async () => {
    core.link.holds = true;
    expect(await alice.request('message.send', hi)).toBeUndefined();
    expect(core.link.held[0]?.deadline).toBe(core.time + 30_000);
    core.time += 5000;
    await fence();
    expect(alice.take()).toEqual([
      {
        type: 'ok',
        id: 1,
        data: {
          id: 'm1',
          chat: romeo,
          type: 'chat',
          time: '2026-01-01T10:00:00.000Z',
          archiveId: await core.store.archive.last('alice@web.example.com'),
        },
      },
    ]);
  });

  it('is told to the other sessions once it is ok, and not when it fails', async () => {
    const tablet = await core.login('alice');
    core.link.holds = true;
    await alice.request('message.send', hi);
    await alice.request('message.send', { ...hi, id: 'm2' });
    expect(tablet.events()).toEqual([]);
    core.link.held[1]?.fail(new StanzaError('link-down', 'The link is down'));
    await fence(0);
    expect(tablet.events()).toMatchObject([
      { type: 'message', data: { id: 'm1', outgoing: true, from: 'alice@web.example.com', to: romeo, body: 'hi' } },
    ]);
    expect(alice.events()).toEqual([]);
  });

  it('to oneself is archived once: ok here, one event for each other session, and nothing is written', async () => {
    const self = 'alice@web.example.com';
    const tablet = await core.login('alice');
    core.link.sent.length = 0;
    const answer = await alice.request('message.send', { ...hi, to: self });
    const { data } = answer ?? {};
    expect(answer).toMatchObject({ type: 'ok', data: { id: 'm1', chat: self } });
    expect(alice.events()).toEqual([]);
    const event = { ...data, from: self, to: self, body: 'hi', outgoing: true };
    expect(tablet.events()).toMatchObject([{ type: 'message', data: event }]);
    const { items } = await core.store.archive.history(self, { max: 10, view: 'log' });
    expect(items).toMatchObject([{ archiveId: data?.archiveId, type: 'message', data: event }]);
    expect(core.link.sent).toEqual([]);
  });

  it('that the guard refuses is no attempt: the id is free, and the peer learns nothing', async () => {
    const refused = await alice.request('message.send', { ...hi, body: 'x'.repeat(300_000) });
    expect(refused?.error).toMatchObject({ code: 'too-large' });
    expect((await account()).mayLearn(romeo)).toBe(false);
    expect(await alice.request('message.send', hi)).toMatchObject({ type: 'ok' });
    expect((await account()).mayLearn(romeo)).toBe(true);
  });
});

describe('a repeated id', () => {
  it('joins the attempt under way', async () => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    const tablet = await core.login('alice');
    await tablet.request('message.send', hi);
    expect(sentIds()).toEqual(['m1']);
    await fence();
    expect(alice.answer(1)).toMatchObject({ type: 'ok', data: { id: 'm1' } });
    expect(tablet.answer(1)).toEqual(alice.answer(1));
  });

  it('joins its failure too', async () => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    await alice.request('message.send', hi);
    await core.receive(bounce('m1'));
    expect(alice.answer(1)?.error).toMatchObject({ code: 'item-not-found' });
    expect(alice.answer(2)?.error).toEqual(alice.answer(1)?.error);
    expect(sentIds()).toEqual(['m1']);
  });

  it('returns the first answer once it is ok', async () => {
    const first = await alice.request('message.send', hi);
    core.time += 60_000;
    expect((await alice.request('message.send', hi))?.data).toEqual(first?.data);
    expect(sentIds()).toEqual(['m1']);
  });

  it.each([
    ['another body', { body: 'ho' }],
    ['another receiver', { to: 'mercutio@example.com' }],
    ['another type', { type: 'normal' }],
  ])('is a conflict with %s, pending or sent', async (_, other) => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    const conflict = { code: 'conflict', field: 'id', retry: false };
    expect((await alice.request('message.send', { ...hi, ...other }))?.error).toMatchObject(conflict);
    await fence();
    expect(alice.answer(1)).toMatchObject({ type: 'ok' });
    expect((await alice.request('message.send', { ...hi, ...other }))?.error).toMatchObject(conflict);
    expect(sentIds()).toEqual(['m1']);
  });

  it.each(['unconfirmed', 'link-down'] as const)('of a message that failed with %s is sent anew', async (code) => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    core.link.held[0]?.fail(new StanzaError(code, 'The link was lost'));
    await core.settled();
    expect(alice.answer(1)?.error).toMatchObject({ code, retry: true });
    await alice.request('message.send', hi);
    expect(sentIds()).toEqual(['m1', 'm1']);
    await fence(1);
    expect(alice.answer(2)).toMatchObject({ type: 'ok', data: { id: 'm1' } });
  });

  it('of a message that failed may have other content', async () => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    await core.receive(bounce('m1'));
    core.link.holds = false;
    expect(await alice.request('message.send', { ...hi, body: 'ho' })).toMatchObject({ type: 'ok' });
  });

  it('is a matter of one account', async () => {
    await alice.request('message.send', hi);
    const bob = await core.login('bob');
    expect(await bob.request('message.send', { ...hi, body: 'ho' })).toMatchObject({ type: 'ok' });
  });
});

describe('a bounce', () => {
  it('before the fence is the answer, and ends the resending', async () => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    await core.receive(bounce('m1'));
    await fence();
    expect(alice.take()).toMatchObject([{ type: 'error', id: 1, error: { code: 'item-not-found', by: romeo } }]);
    expect(core.link.held[0]?.cancelled).toBe(true);
  });

  it('after the fence is message.failed, once, for every session', async () => {
    const tablet = await core.login('alice');
    await alice.request('message.send', hi);
    await core.receive(bounce('m1', `${romeo}/orchard`));
    await core.receive(bounce('m1'));
    const failed = { type: 'message.failed', data: { chat: romeo, id: 'm1', error: { code: 'item-not-found' } } };
    expect(alice.events('message.failed')).toMatchObject([failed]);
    expect(tablet.events('message.failed')).toMatchObject([failed]);
  });

  it.each(['before', 'behind'])('in the same chunk, %s the fence, is the answer', async (place) => {
    core.link.holds = true;
    await alice.request('message.send', hi);
    if (place === 'behind') core.link.held[0]?.fence();
    const handled = core.receive(bounce('m1'));
    if (place === 'before') core.link.held[0]?.fence();
    await handled;
    expect(alice.take()).toMatchObject([{ type: 'error', id: 1, error: { code: 'item-not-found' } }]);
  });

  it('lets the message be sent again', async () => {
    await alice.request('message.send', hi);
    await core.receive(bounce('m1'));
    expect(await alice.request('message.send', hi)).toMatchObject({ type: 'ok' });
    expect(sentIds()).toEqual(['m1', 'm1']);
  });

  it('by someone else, or of what was never sent, is nothing', async () => {
    await alice.request('message.send', hi);
    alice.take();
    await core.receive(bounce('m1', 'mercutio@example.com') + bounce('m2') + bounce(''));
    expect(alice.take()).toEqual([]);
  });
});

describe('what is kept', () => {
  it('is every message, however many', async () => {
    for (let i = 0; i < 2500; i++) alice.send({ type: 'message.send', data: { ...hi, id: `n${i}` } });
    await core.settled();
    core.link.sent.length = 0;
    for (const id of ['n0', 'n1249', 'n2499']) await alice.request('message.send', { ...hi, id });
    expect(sentIds()).toEqual([]);
  });

  it('is kept for 24 hours, then housekeeping forgets it', async () => {
    const log = createLogger('silent');
    const housekeeping = new Housekeeping(core.store, {}, log, () => core.time);
    await alice.request('message.send', hi);
    core.time += 24 * 3600_000 - 1;
    await housekeeping.round();
    await alice.request('message.send', { ...hi, id: 'm2' });
    await alice.request('message.send', hi);
    expect(sentIds()).toEqual(['m1', 'm2']);
    core.time += 2;
    await housekeeping.round();
    await alice.request('message.send', { ...hi, id: 'm3' });
    await alice.request('message.send', hi);
    await alice.request('message.send', { ...hi, id: 'm2' });
    expect(sentIds()).toEqual(['m1', 'm2', 'm3', 'm1']);
  });

  it('outlives the account in memory, and the process', async () => {
    const first = await alice.request('message.send', hi);
    const next = await TestCore.create({ store: core.store });
    const back = await next.login('alice');
    expect((await back.request('message.send', hi))?.data).toEqual(first?.data);
    expect((await back.request('message.send', { ...hi, body: 'ho' }))?.error).toMatchObject({ code: 'conflict' });
    expect(next.link.sent.filter(({ name }) => name === 'message')).toEqual([]);
  });

  it('is what still waits, however much it is', async () => {
    core.link.holds = true;
    for (let i = 0; i < 2500; i++) alice.send({ type: 'message.send', id: i + 1, data: { ...hi, id: `n${i}` } });
    alice.send({ type: 'message.send', id: 'again', data: { ...hi, id: 'n0' } });
    await core.settled();
    expect(core.link.sent).toHaveLength(2500);
    for (const held of core.link.held) held.fence();
    await core.settled();
    expect(alice.take().filter(({ type }) => type === 'ok')).toHaveLength(2501);
  });

  it('are 1,000 peers who may learn of the account', async () => {
    const peers = await account();
    for (let i = 0; i < 1001; i++) alice.send({ type: 'message.send', data: { to: `p${i}@example.com`, body: 'hi' } });
    await core.settled();
    expect(peers.mayLearn('p0@example.com')).toBe(false);
    expect(peers.mayLearn('p1@example.com')).toBe(true);
    expect(peers.mayLearn('p1000@example.com')).toBe(true);
  });
});
