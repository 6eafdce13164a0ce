/** What a room says, heard n times by n accounts: read once, told apart by ids, or by order where there are none. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/extension.ts';
import { RoomFeed } from '../../src/extensions/xep0045-muc/feed.ts';
import { mentionedIn } from '../../src/extensions/xep0045-muc/mentions.ts';
import type { SharedRoom } from '../../src/extensions/xep0045-muc/shared-room.ts';
import { SpokenIndex } from '../../src/extensions/xep0045-muc/spoken.ts';
import { parse } from '../../src/xmpp/jid.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import { TestCore } from '../support/core.ts';

const room = 'dev@rooms.example.com';
let features: Set<string>;
let reads: number;
let feed: RoomFeed;

beforeEach(async () => {
  const core = await TestCore.create();
  reads = 0;
  const gateway = new Proxy(core.server as Gateway, {
    get: (target, key) => {
      if (key === 'read') reads += 1;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  features = new Set([ns.stanzaIds, ns.mam]);
  const shared = { jid: room, info: {}, has: (one: string) => features.has(one) } as unknown as SharedRoom;
  feed = new RoomFeed(gateway, shared);
});

function copy(to: string, body: string, id?: string): Element {
  const stamp = id === undefined ? undefined : el('stanza-id', { xmlns: ns.stanzaIds, id, by: room });
  return el('message', { from: `${room}/Bob`, to, type: 'groupchat' }, el('body', {}, body), stamp);
}

const from = parse(`${room}/Bob`);

describe('a feed', () => {
  it('reads a message once, whoever hears it, by the id of the room', () => {
    const first = feed.hear(copy('a@web.example.com', 'hi', '1'), from, 0);
    for (let n = 0; n < 100; n++) expect(feed.hear(copy(`u${n}@web.example.com`, 'hi', '1'), from, 0)).toBe(first);
    expect(reads).toBe(1);
    expect(feed.hear(copy('a@web.example.com', 'hi', '2'), from, 1)?.serial).toBe(2);
  });

  it('without ids knows equal messages by their order', () => {
    features.clear();
    const [one, two] = [
      feed.hear(copy('a@web.example.com', 'hi'), from, 0),
      feed.hear(copy('a@web.example.com', 'hi'), from, 1),
    ];
    expect(one).not.toBe(two);
    expect(feed.hear(copy('b@web.example.com', 'hi'), from, 0)).toBe(one);
    expect(feed.hear(copy('b@web.example.com', 'hi'), from, 1)).toBe(two);
    expect(reads).toBe(2);
  });

  it('keeps so many, and says where some are missing', () => {
    for (let n = 1; n <= 300; n++) feed.hear(copy('a@web.example.com', `${n}`, `${n}`), from, n - 1);
    expect(feed.since(300)).toEqual([]);
    expect(feed.since(44)).toHaveLength(256);
    expect(feed.since(43)).toBeUndefined();
  });

  it('knows a copy by what it shares with the one that it has read', () => {
    const first = copy('a@web.example.com', 'hi', '1');
    const twin = el('message', { ...first.attrs, to: 'b@web.example.com' });
    twin.children = first.children;
    expect(feed.copyOf(twin)).toBeUndefined();
    const said = feed.hear(first, from, 0);
    expect(feed.copyOf(twin)).toBe(said);
    expect(feed.copyOf(copy('b@web.example.com', 'hi', '1'))).toBeUndefined();
    // What waits may turn out to be an entry of the archive.
    feed.hold(1);
    feed.hear(twin, from, 0);
    expect(feed.copyOf(twin)).toBe(said);
    const late = copy('a@web.example.com', 'late', '2');
    feed.hear(late, from, 1);
    expect(feed.copyOf(late)).toBeUndefined();
  });

  it('knows for long what it has told, where the archive is read from further back', () => {
    for (let n = 1; n <= 1000; n++) feed.hear(copy('a@web.example.com', `${n}`, `${n}`), from, n - 1);
    feed.hold(1000);
    expect(feed.append({ id: '700', stanza: copy('', '700'), stamp: '2026-01-01T10:00:00Z' })?.serial).toBe(700);
    expect(feed.append({ id: 'new', stanza: copy('', 'new'), stamp: '2026-01-01T10:00:01Z' })?.serial).toBe(1001);
    expect(feed.end).toBe(1001);
  });

  it('lets what is live wait for what the archive has, and has each once', () => {
    feed.hear(copy('a@web.example.com', 'before', '1'), from, 0);
    feed.hold(1);
    expect(feed.hear(copy('a@web.example.com', 'live', '3'), from, 1)?.serial).toBe(0);
    expect(feed.hear(copy('a@web.example.com', 'both', '2'), from, 1)?.serial).toBe(0);
    feed.append({ id: '2', stanza: copy('', 'both'), stamp: '2026-01-01T10:00:00Z' });
    feed.release();
    expect(feed.since(1)?.map(({ stanzaId }) => stanzaId)).toEqual(['2', '3']);
  });
});

describe('a mention', () => {
  const who = parse('alice@web.example.com');
  const mentions = (body: string, nick = 'Alice', ...more: Element[]) =>
    mentionedIn(el('message', {}, ...more), body, room)(nick, who);

  it('is the nick as a word, in whatever case', () => {
    expect(mentions('alice: hi')).toBe(true);
    expect(mentions('hi, ALICE!')).toBe(true);
    expect(mentions('Alicea')).toBe(false);
    expect(mentions('malice aforethought, alices')).toBe(false);
    expect(mentions('malice, alice')).toBe(true);
    expect(mentions('пётр тут', 'Пётр')).toBe(true);
    expect(mentions('')).toBe(false);
  });

  it('is a reference to the occupant, or to the account', () => {
    const reference = (uri: string, type = 'mention') => el('reference', { xmlns: ns.references, type, uri });
    expect(mentions('x', 'Alice', reference(`xmpp:${room}/Alice`))).toBe(true);
    expect(mentions('x', 'Alice', reference('xmpp:alice@web.example.com'))).toBe(true);
    expect(mentions('x', 'Alice', reference('xmpp:bob@example.com'), reference(`xmpp:${room}/Alice`, 'data'))).toBe(
      false,
    );
  });
});

it('who has the nick of somebody who left cannot edit what that one said', () => {
  const index = new SpokenIndex();
  const said = (author: string) => ({ id: 'r1', author, nick: 'Bob', idAttribute: 'm1', at: 0 });
  index.note(said('/Bob'));
  expect(index.byAuthor('/Bob', 'm1')?.id).toBe('r1');
  expect(index.byAuthor('/Eve', 'm1')).toBeUndefined();
  index.left('Bob');
  expect(index.byAuthor('/Bob', 'm1')).toBeUndefined();
  index.note({ ...said('#dd72'), id: 'r2', idAttribute: 'm2' });
  index.left('Bob');
  expect(index.byAuthor('#dd72', 'm2')?.id).toBe('r2');
});
