/** history.get: pages of the archive, catch-up, search (PROTOCOL.md §5, §10). */
import { describe, expect, it } from 'vitest';
import type { RequestData, RequestResult } from '../../src/protocol/frames.ts';
import { type Child, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({
  STANZAWIRE_LIMITS_HISTORY_MAX: '20',
  STANZAWIRE_LIMITS_RATE: '1000',
  STANZAWIRE_LIMITS_BURST: '1000',
});

const romeo = 'romeo@example.com';
let users = 0;

type Page = RequestResult<'history.get'>;

/** A new account in each test, so that its archive is empty. */
async function someone(): Promise<JsonClient> {
  return at.gateway.login(`user${++users}`);
}

function say(to: JsonClient, text: string, { from = romeo, id = text, with: more = [] as Child[] } = {}): void {
  const body = text === '' ? undefined : el('body', {}, text);
  at.server.send(el('message', { from: `${from}/orchard`, to: to.user, type: 'chat', id }, body, ...more));
}

/** Romeo says these, and they have arrived; resolves to their archive ids. */
async function hears(client: JsonClient, texts: readonly string[], from = romeo): Promise<string[]> {
  for (const text of texts) say(client, text, { from });
  const ids = [];
  for (const text of texts) ids.push((await client.next('message', ({ body }) => body === text)).archiveId ?? '');
  return ids;
}

const get = (client: JsonClient, data: RequestData<'history.get'> = {}) => client.request('history.get', data);
const bodies = (page: Page) => page.items.map(({ data }) => (data as { body?: string }).body);
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe('a page', () => {
  it('is the newest without a cursor, oldest first, and pages back to the beginning', async () => {
    const alice = await someone();
    const ids = await hears(alice, numbered(1, 7));
    const newest = await get(alice, { chat: romeo, max: 3 });
    expect(bodies(newest)).toEqual(['5', '6', '7']);
    expect(newest).toMatchObject({ first: ids[4], last: ids[6], complete: false });
    const middle = await get(alice, { chat: romeo, max: 3, before: newest.first ?? '' });
    expect(bodies(middle)).toEqual(['2', '3', '4']);
    const oldest = await get(alice, { chat: romeo, max: 3, before: middle.first ?? '' });
    expect(bodies(oldest)).toEqual(['1']);
    expect(oldest.complete).toBe(true);
    expect(await get(alice, { chat: romeo, before: oldest.first ?? '' })).toEqual({ items: [], complete: true });
  });

  it('shows its items as the events were, own messages included', async () => {
    const alice = await someone();
    const tablet = await at.gateway.login(alice.user.split('@')[0] ?? '');
    const sent = await alice.request('message.send', { to: romeo, id: 'mine', body: 'hi' });
    await hears(alice, ['ho']);
    const events = [await tablet.next('message'), await tablet.next('message')];
    expect(events[0]).toMatchObject({ id: 'mine', outgoing: true, archiveId: sent.archiveId });
    const { items } = await get(alice, { view: 'log' });
    expect(items).toEqual(events.map((data) => ({ type: 'message', data })));
    await tablet.close();
  });

  it('has one chat or all of them, and at most what the limit says', async () => {
    const alice = await someone();
    await hears(alice, numbered(1, 15));
    await hears(alice, ['from carol'], 'carol@example.org');
    await hears(alice, numbered(16, 22));
    expect(bodies(await get(alice, { chat: 'CAROL@example.org/phone' }))).toEqual(['from carol']);
    const page = await get(alice, { max: 1000 });
    expect(page.items).toHaveLength(20);
    expect(page.complete).toBe(false);
    expect(bodies(page)).toContain('from carol');
    expect(await get(alice, { chat: 'nobody@example.com' })).toEqual({ items: [], complete: true });
  });

  it('is bounded by times, inclusive', async () => {
    const alice = await someone();
    const held = (id: string, stamp: string) =>
      say(alice, id, { with: [el('delay', { xmlns: 'urn:xmpp:delay', from: 'example.com', stamp })] });
    held('old', '2020-01-01T00:00:00Z');
    await alice.next('message');
    const [id] = await hears(alice, ['new']);
    const [item] = (await get(alice, { chat: romeo, max: 1 })).items;
    expect(item?.data).toMatchObject({ archiveId: id });
    const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();
    const [hourAgo, inAnHour] = [fromNow(-3600_000), fromNow(3600_000)];
    expect(bodies(await get(alice, { start: hourAgo, end: inAnHour }))).toEqual(['old', 'new']);
    expect(bodies(await get(alice, { start: inAnHour }))).toEqual([]);
    expect(bodies(await get(alice, { end: hourAgo }))).toEqual([]);
  });

  it('of certain messages is asked for by their ids', async () => {
    const alice = await someone();
    await hears(alice, numbered(1, 5));
    expect(bodies(await get(alice, { chat: romeo, ids: ['4', '2', 'never'] }))).toEqual(['2', '4']);
  });

  it('is found by its words, the newest first to be in it', async () => {
    const alice = await someone();
    await hears(alice, ['wherefore art thou', 'Thou art late', 'nothing', 'art thou there']);
    expect(bodies(await get(alice, { text: 'art thou', max: 2 }))).toEqual(['Thou art late', 'art thou there']);
    const { first = '' } = await get(alice, { text: 'art thou', max: 2 });
    const rest = await get(alice, { text: 'art thou', max: 2, before: first });
    expect(bodies(rest)).toEqual(['wherefore art thou']);
    expect(rest.complete).toBe(true);
  });

  it('never fills the socket: long messages make it short', async () => {
    const alice = await someone();
    const long = numbered(1, 6).map((n) => `${n}${'x'.repeat(60_000)}`);
    for (const [i, text] of long.entries()) say(alice, text, { id: `long-${i}` });
    for (const text of long) await alice.next('message', ({ body }) => body === text);
    const read: (string | undefined)[] = [];
    let page = await get(alice, { chat: romeo });
    expect(page.complete).toBe(false);
    expect(page.items.length).toBeGreaterThan(1);
    expect(JSON.stringify(page).length).toBeLessThan(262_144);
    while (page.items.length > 0) {
      read.unshift(...bodies(page));
      page = await get(alice, { chat: romeo, before: page.first ?? '' });
    }
    expect(read).toEqual(long);
  });
});

describe('what is wrong with a request', () => {
  const rows: [string, RequestData<'history.get'>, object][] = [
    ['two cursors', { before: 'a', after: 'b' }, { code: 'bad-request', field: 'after' }],
    ['ids without a chat', { ids: ['a'] }, { code: 'bad-request', field: 'chat' }],
    ['no address', { chat: '@' }, { code: 'bad-request', field: 'chat' }],
    ['no time', { start: 'yesterday' }, { code: 'bad-request', field: 'start' }],
    ['no word', { text: ' ' }, { code: 'bad-request', field: 'text' }],
    ['no page', { max: 0 }, { code: 'bad-request', field: 'max' }],
    ['a cursor that never was', { after: 'nonsense' }, { code: 'item-not-found', field: 'after' }],
    ['a cursor of nobody', { before: '00000000000' }, { code: 'item-not-found', field: 'before' }],
  ];
  it.each(rows)('%s', async (_what, data, error) => {
    const alice = await someone();
    expect(await alice.refused('history.get', data)).toMatchObject(error);
  });

  it("another account's cursor", async () => {
    const [alice, eve] = [await someone(), await someone()];
    const [id] = await hears(alice, ['secret']);
    expect(await eve.refused('history.get', { before: id })).toMatchObject({ code: 'item-not-found' });
    expect(await get(eve)).toEqual({ items: [], complete: true });
  });
});

describe('catch-up', () => {
  it('misses nothing and repeats nothing while messages arrive', async () => {
    const alice = await someone();
    const cursor = (await hears(alice, numbered(1, 5))).at(-1) ?? '';
    const user = alice.user.split('@')[0] ?? '';
    await alice.close();
    for (const text of numbered(6, 17)) say(alice, text);
    await at.stanzas();
    const back = await at.gateway.login(user);
    const seen: string[] = [];
    let live = 17;
    let after = cursor;
    for (let complete = false; !complete; ) {
      const page = await get(back, { after, max: 4 });
      seen.push(...page.items.map(({ data }) => (data as { archiveId: string; body: string }).body));
      after = page.last ?? after;
      complete = page.complete;
      // While the client reads, Romeo goes on.
      if (live < 22) say(back, String(++live));
      await at.stanzas();
    }
    expect(seen.slice(0, 12)).toEqual(numbered(6, 17));
    const events = (await back.rest()).filter(({ type }) => type === 'message').map(({ data }) => data ?? {});
    expect(events.map(({ body }) => body)).toEqual(numbered(18, live));
    // By (chat, id) or by cursor: what the pages had is not processed again.
    const fresh = events.filter(({ archiveId }) => String(archiveId) > after).map(({ body }) => String(body));
    expect([...seen, ...fresh]).toEqual(numbered(6, live));
  });

  it('reads everything as it happened, scrolling back what is left of it', async () => {
    const alice = await someone();
    await alice.request('message.send', { to: romeo, id: 'mine', body: 'hi' });
    const [start = ''] = await hears(alice, ['teh']);
    say(alice, 'the', { with: [el('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'teh' })] });
    say(alice, '', { id: 'r1', with: [reaction('mine', '👋'), el('store', { xmlns: 'urn:xmpp:hints' })] });
    say(alice, '', { id: 'd1', with: [el('received', { xmlns: 'urn:xmpp:receipts', id: 'mine' })] });
    await hears(alice, ['oops']);
    say(alice, '', { id: 'x1', with: [el('retract', { xmlns: 'urn:xmpp:message-retract:1', id: 'oops' })] });
    await alice.next('message.retracted');
    const log = await get(alice, { after: start });
    expect(log.items.map(({ type, data }) => [type, data])).toMatchObject([
      ['message.edited', { id: 'the', replace: 'teh', body: 'the' }],
      ['reaction', { id: 'mine', reactions: ['👋'] }],
      ['receipt', { id: 'mine', status: 'delivered' }],
      ['message', { id: 'oops', body: 'oops' }],
      ['message.retracted', { id: 'oops' }],
    ]);
    const folded = await get(alice);
    expect(folded.items.map(({ data }) => data)).toMatchObject([
      { id: 'mine', reactions: { [romeo]: ['👋'] }, status: 'delivered' },
      { id: 'teh', body: 'the', edited: { time: expect.any(String) } },
      { id: 'oops', retracted: { time: expect.any(String) } },
    ]);
    expect(folded.items[2]?.data).not.toHaveProperty('body');
    expect(folded.items.map(({ type }) => type)).toEqual(['message', 'message', 'message']);
  });
});

function reaction(id: string, ...emoji: string[]): Child {
  const xmlns = 'urn:xmpp:reactions:0';
  return el('reactions', { xmlns, id }, ...emoji.map((one) => el('reaction', {}, one)));
}
