/** Reading a room's archive: which results count, how pages follow each other, where a walk ends. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../../src/extension.ts';
import { ArchiveQueries } from '../../src/extensions/archive-query.ts';
import { parse } from '../../src/xmpp/jid.ts';
import { childText, type Element, find } from '../../src/xmpp/stanza.ts';
import { canonical, parseStanza } from '../support/stanza-text.ts';

const room = 'dev@rooms.example.com';
const me = 'alice@web.example.com/web';

let queries: ArchiveQueries;
let asked: Element[];
/** The ids in the archive, oldest first. */
let archive: string[];
/** What is done to the results of each page. */
let meddle: (queryId: string) => void;

function result(queryId: string, id: string, { to = me, body = id } = {}): Element {
  return parseStanza(
    `<message from='${room}' to='${to}'><result xmlns='urn:xmpp:mam:2' queryid='${queryId}' id='${id}'>` +
      `<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T10:00:00Z'/>` +
      `<message xmlns='jabber:client' from='${room}/bob' type='groupchat'><body>${body}</body></message></forwarded></result></message>`,
  );
}

/** What a room's archive does with a query: pages forwards only. */
async function answer(iq: Element): Promise<Element> {
  asked.push(iq);
  const query = find(iq, 'query', 'urn:xmpp:mam:2');
  const set = query && find(query, 'set', 'http://jabber.org/protocol/rsm');
  const text = (name: string) => set && childText(set, name, 'http://jabber.org/protocol/rsm');
  const from = archive.indexOf(text('after') ?? '') + 1;
  const max = Number(text('max'));
  const page = archive.slice(from, from + max);
  const queryId = query?.attrs.queryid ?? '';
  for (const id of page) queries.take(result(queryId, id), parse(room), me);
  meddle(queryId);
  const ids = page.length === 0 ? '' : `<first>${page[0]}</first><last>${page.at(-1)}</last>`;
  return parseStanza(
    `<iq from='${room}' to='${me}' type='result' id='1'><fin xmlns='urn:xmpp:mam:2' complete='${from + max >= archive.length}'>` +
      `<set xmlns='http://jabber.org/protocol/rsm'>${ids}</set></fin></iq>`,
  );
}

const account = { client: parse(me), gateway: { request: answer } } as unknown as Account;
const bounds = { pages: 10, max: 2, within: 60_000 };

async function walk(after?: string, options = bounds): Promise<string[][]> {
  const pages = [];
  for await (const { items } of queries.pages(account, room, after === undefined ? {} : { after }, options)) {
    pages.push(items.map(({ id }) => id));
  }
  return pages;
}

beforeEach(() => {
  queries = new ArchiveQueries({ maxChars: 10_000 });
  asked = [];
  archive = ['a', 'b', 'c', 'd', 'e'];
  meddle = () => undefined;
});

describe('a page', () => {
  it('is asked for as XEP-0313 and XEP-0059 say', async () => {
    const start = Date.parse('2026-01-01T09:00:00Z');
    await queries.page(account, room, { max: 2, before: '' }, { start, ids: ['x', 'y'] });
    expect(canonical(asked)).toBe(
      canonical(
        `<iq type='set' from='${me}' to='${room}' id='${asked[0]?.attrs.id}'>` +
          `<query xmlns='urn:xmpp:mam:2' queryid='${asked[0]?.attrs.id}'><x xmlns='jabber:x:data' type='submit'>` +
          `<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>` +
          `<field var='start'><value>2026-01-01T09:00:00.000Z</value></field>` +
          `<field var='ids'><value>x</value><value>y</value></field></x>` +
          `<set xmlns='http://jabber.org/protocol/rsm'><max>2</max><before></before></set></query></iq>`,
      ),
    );
  });

  it('has the messages as they were, their ids and when they came', async () => {
    const page = await queries.page(account, room, { max: 2 });
    expect(page).toMatchObject({ first: 'a', last: 'b', complete: false });
    expect(page.items[0]).toMatchObject({ id: 'a', stamp: '2026-01-01T10:00:00Z' });
    expect(page.items[0]?.stanza.attrs.from).toBe(`${room}/bob`);
  });

  it('counts no result of another archive, for another account, or of a query that is not open', async () => {
    const taken: boolean[] = [];
    meddle = (queryId) => {
      taken.push(queries.take(result(queryId, 'forged'), parse('eve@example.org/x'), me));
      taken.push(queries.take(result(queryId, 'forged'), parse(`${room}/eve`), me));
      taken.push(queries.take(result(queryId, 'forged'), parse(room), 'bob@web.example.com/web'));
      taken.push(queries.take(result('guessed', 'forged'), parse(room), me));
    };
    const { items } = await queries.page(account, room, { max: 9 });
    expect(items.map(({ id }) => id)).toEqual(archive);
    expect(taken).toEqual([false, false, false, false]);
    expect(queries.take(result(asked[0]?.attrs.id ?? '', 'late'), parse(room), me)).toBe(false);
  });

  it('is refused where more comes than was asked for', async () => {
    meddle = (queryId) => void queries.take(result(queryId, 'c'), parse(room), me);
    await expect(queries.page(account, room, { max: 2 })).rejects.toMatchObject({ code: 'resource-constraint' });
    meddle = (queryId) => void queries.take(result(queryId, 'c', { body: 'x'.repeat(10_000) }), parse(room), me);
    await expect(queries.page(account, room, { max: 9 })).rejects.toMatchObject({ code: 'resource-constraint' });
  });
});

describe('a walk through pages', () => {
  it('goes from behind an item to the end', async () => {
    expect(await walk()).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(await walk('b')).toEqual([['c', 'd'], ['e']]);
    expect(await walk('e')).toEqual([[]]);
  });

  it('ends where its bounds say so', async () => {
    expect(await walk(undefined, { ...bounds, pages: 2 })).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(await walk(undefined, { ...bounds, within: 0 })).toEqual([]);
  });

  it('ends where the archive goes round in a circle', async () => {
    archive = ['a', 'a', 'a', 'a'];
    expect(await walk('a')).toEqual([['a', 'a']]);
  });
});
