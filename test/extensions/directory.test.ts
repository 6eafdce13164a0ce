/** directory.search, over a service that knows channel search, one that knows pages, and one that knows neither. */
import { beforeEach, describe, expect, it } from 'vitest';
import { append, type Element, el, elements, find, serialize } from '../../src/xmpp/stanza.ts';
import { type CoreClient, TestCore } from '../support/core.ts';
import type { AnyFrame } from '../support/json-client.ts';

const disco = 'http://jabber.org/protocol/disco';
const rsm = 'http://jabber.org/protocol/rsm';
const ecs = 'urn:xmpp:channel-search:0:search';
const service = 'rooms.example.com';

let core: TestCore;
let alice: CoreClient;
let searches = 0;

beforeEach(async () => {
  core = await TestCore.create();
  alice = await core.login('alice');
  core.link.sent.length = 0;
});

/** Plays the service until the request has its answer. */
async function search(data: object, play: (payload: Element) => Element): Promise<AnyFrame['data']> {
  alice.take();
  const id = `s${++searches}`;
  alice.send({ type: 'directory.search', id, data: { service, ...data } });
  for (let asked = 0; asked < 100; asked++) {
    await core.settled();
    const answer = alice.frames.find((frame) => frame.id === id);
    if (answer) return answer.data ?? { error: answer.error };
    for (const iq of core.link.sent.splice(0)) {
      const [payload = el('none')] = elements(iq);
      const { from, to } = iq.attrs;
      core.link.receive(el('iq', { type: 'result', id: iq.attrs.id, from: to, to: from }, play(payload)));
    }
  }
  throw new Error('the request had no end');
}

function info(...features: string[]): Element {
  return el('query', { xmlns: `${disco}#info` }, ...features.map((name) => el('feature', { var: name })));
}

function items(rooms: readonly string[], set?: Element): Element {
  const all = rooms.map((name) => el('item', { jid: `${name}@${service}`, name: `The ${name}` }));
  return el('query', { xmlns: `${disco}#items` }, ...all, set);
}

const isInfo = ({ attrs }: Element) => attrs.xmlns === `${disco}#info`;

function names(found: AnyFrame['data']): (string | undefined)[] {
  const rooms = (found?.items ?? []) as { jid: string }[];
  return rooms.map(({ jid }) => jid.split('@')[0]);
}

describe('where the service sends its whole list', () => {
  const rooms = ['zebra', 'chess', 'checkers', 'go'];
  const play = (payload: Element) => (isInfo(payload) ? info() : items(rooms));

  it('each word must be in the name or the address, in any case', async () => {
    expect(await search({ text: 'CHE' }, play)).toEqual({
      items: [
        { jid: 'checkers@rooms.example.com', name: 'The checkers' },
        { jid: 'chess@rooms.example.com', name: 'The chess' },
      ],
      first: 'checkers@rooms.example.com',
      last: '0 chess@rooms.example.com',
      count: 2,
      complete: true,
    });
    expect(names(await search({ text: 'the  ess' }, play))).toEqual(['chess']);
    expect(await search({ text: 'chess zebra' }, play)).toEqual({ items: [], count: 0, complete: true });
    expect(names(await search({}, play))).toEqual(['checkers', 'chess', 'go', 'zebra']);
  });

  it('is read page by page', async () => {
    const first = await search({ max: 3 }, play);
    expect(names(first)).toEqual(['checkers', 'chess', 'go']);
    expect(first).toMatchObject({ complete: false });
    const second = await search({ max: 3, after: first?.last }, play);
    expect(names(second)).toEqual(['zebra']);
    expect(second).toMatchObject({ complete: true });
  });
});

describe('where the service has pages', () => {
  const rooms = Array.from({ length: 25 }, (_, i) => `room${String(i).padStart(2, '0')}`);
  /** Pages of ten, whatever is asked for; its cursors are numbers. */
  const play = (payload: Element) => {
    if (isInfo(payload)) return info();
    const set = find(payload, 'set', rsm);
    const after = set && find(set, 'after', rsm)?.children[0];
    const from = after === undefined ? 0 : Number(after) + 1;
    const page = rooms.slice(from, from + 10);
    const ends = [el('first', {}, String(from)), el('last', {}, String(from + page.length - 1))];
    return items(page, el('set', { xmlns: rsm }, ...(page.length === 0 ? [] : ends), el('count', {}, '25')));
  };

  it('all of them are looked through, and nothing is told twice', async () => {
    const seen: (string | undefined)[] = [];
    let after: unknown;
    for (let page = 0; page < 20; page++) {
      const found = await search({ max: 4, ...(after === undefined ? {} : { after }) }, play);
      seen.push(...names(found));
      after = found?.last;
      if (found?.complete) break;
    }
    expect(seen).toEqual(rooms);
    expect(names(await search({ text: '24' }, play))).toEqual(['room24']);
  });

  it('one request looks at so many pages, and the client can go on from there', async () => {
    let asked = 0;
    const endless = (payload: Element) => {
      if (isInfo(payload)) return info();
      const last = String(asked++);
      return items([`x${last}`], el('set', { xmlns: rsm }, el('first', {}, last), el('last', {}, last)));
    };
    expect(await search({ text: 'nothing' }, endless)).toEqual({ items: [], last: '0 19', complete: false });
    expect(asked).toBe(20);
  });

  it('a cursor of something else is refused', async () => {
    expect(await search({ after: 'x' }, play)).toMatchObject({ error: { code: 'bad-request', field: 'after' } });
  });
});

describe('where the service knows channel search', () => {
  it('that is asked, in the order that repeats nothing', async () => {
    const sent: string[] = [];
    const found = await search({ text: 'chess', max: 1, after: 'x' }, (payload) => {
      if (isInfo(payload)) return info(ecs);
      sent.push(serialize(payload));
      const room = el('item', { address: 'chess@rooms.far.example' }, el('name', {}, 'Chess'), el('nusers', {}, '7'));
      for (const child of [el('is-open'), el('language', {}, 'en'), el('description', {}, 'All about it')])
        append(room, child);
      for (const child of [el('anonymity-mode', {}, 'muc_semianonymous'), el('odd', { xmlns: 'urn:example:odd' })])
        append(room, child);
      const set = el('set', { xmlns: rsm }, el('first', {}, 'o1'), el('last', {}, 'o1'));
      return el('result', { xmlns: ecs }, room, el('item', { address: '@' }), set);
    });
    expect(sent).toEqual([
      '<search xmlns="urn:xmpp:channel-search:0:search"><set xmlns="http://jabber.org/protocol/rsm"><max>1</max><after>x</after></set>' +
        '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>urn:xmpp:channel-search:0:search-params</value></field>' +
        '<field var="q"><value>chess</value></field><field var="types"><value>xep-0045</value></field>' +
        '<field var="key"><value>{urn:xmpp:channel-search:0:order}address</value></field></x></search>',
    ]);
    expect(found).toEqual({
      items: [
        {
          jid: 'chess@rooms.far.example',
          name: 'Chess',
          description: 'All about it',
          language: 'en',
          occupants: 7,
          open: true,
          anonymous: 'semi',
        },
      ],
      first: 'o1',
      last: 'o1',
      complete: false,
    });
  });

  it('no text asks for all', async () => {
    const sent: string[] = [];
    const found = await search({}, (payload) => {
      if (isInfo(payload)) return info(ecs);
      sent.push(serialize(payload));
      return el('result', { xmlns: ecs });
    });
    expect(sent[0]).toContain('<field var="all"><value>1</value></field>');
    expect(found).toEqual({ items: [], complete: true });
  });
});
