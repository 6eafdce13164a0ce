/** Who is told of an account, who is asked, and how often: RFC 6121 §4, seen from the link. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RosterItem } from '../../src/extension.ts';
import type { Presence } from '../../src/protocol/objects.ts';
import { childText, type Element } from '../../src/xmpp/stanza.ts';
import { type CoreClient, settled, TestCore } from '../support/core.ts';

const alice = 'alice@web.example.com';
let core: TestCore;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  core = await TestCore.create();
});
afterEach(() => {
  vi.useRealTimers();
  expect(core.bugs).toEqual([]);
});

const brief = ({ attrs, ...stanza }: Element) => {
  const show = childText(stanza as Element, 'show', '');
  const from = attrs.from === `${alice}/web` ? '' : `${attrs.from?.split('@')[0]} `;
  return `${from}> ${attrs.to?.replace('@example.com', '')}: ${attrs.type ?? show ?? 'online'}`;
};
/** What went out since the last call. */
const out = async () => {
  await settled();
  return core.link.sent.splice(0).map(brief);
};
const item = (name: string, subscription: RosterItem['subscription'], more: Partial<RosterItem> = {}) => ({
  jid: `${name}@example.com`,
  subscription,
  ...more,
});
const presences = (client: CoreClient) =>
  client
    .take()
    .filter(({ type }) => type === 'presence')
    .map(({ data }) => data as Presence)
    .map(({ from, type, show }) => `${from}: ${type === 'available' ? (show ?? 'online') : type}`);
const says = (from: string, inside = '', type = '') =>
  core.receive(`<presence from="${from}" to="${alice}"${type === '' ? '' : ` type="${type}"`}>${inside}</presence>`);

describe('the first session', () => {
  beforeEach(() =>
    core.contacts(
      'alice',
      item('from', 'from'),
      item('to', 'to'),
      item('both', 'both'),
      item('none', 'none', { name: 'N' }),
      item('asked', 'none', { ask: true }),
    ),
  );
  const asks = ['alice > to: probe', 'alice > both: probe', 'alice > asked: subscribe'];

  it('tells who sees the account, asks whom it sees, and asks again who has not answered', async () => {
    await core.login('alice');
    expect((await out()).toSorted()).toEqual(['> from: online', '> both: online', ...asks].toSorted());
    await core.login('alice');
    expect(await out()).toEqual([]);
  });

  it('that is invisible asks, and tells nothing', async () => {
    const hidden = await core.login('alice', { presence: false });
    expect((await out()).toSorted()).toEqual(asks.toSorted());
    hidden.close();
    expect(await out()).toEqual([]);
  });

  it('while the link is down does all that when it is up', async () => {
    core.link.becomes('down');
    await core.login('alice', { presence: { show: 'away' } });
    expect(await out()).toEqual([]);
    core.link.becomes('up');
    expect((await out()).toSorted()).toEqual(['> from: away', '> both: away', ...asks].toSorted());
  });
});

describe('a loss of the link', () => {
  beforeEach(() => core.contacts('alice', item('romeo', 'both'), item('tybalt', 'from')));

  it('makes contacts be told and asked again', async () => {
    await core.login('alice');
    await out();
    core.link.becomes('down');
    expect(await out()).toEqual([]);
    core.link.becomes('up');
    expect(await out()).toEqual(['> romeo: online', 'alice > romeo: probe', '> tybalt: online']);
  });

  it('in which the account went is made up for, once', async () => {
    const client = await core.login('alice');
    await out();
    core.link.becomes('down');
    client.close();
    await out();
    core.link.becomes('up');
    expect(await out()).toEqual(['> romeo: unavailable', '> tybalt: unavailable']);
    core.link.becomes('down');
    core.link.becomes('up');
    expect(await out()).toEqual([]);
  });

  it('shows contacts as gone that do not answer in ten seconds, and no others', async () => {
    const client = await core.login('alice');
    await says('romeo@example.com/a');
    await says('romeo@example.com/b', '<show>dnd</show>');
    expect(presences(client)).toEqual(['romeo@example.com/a: online', 'romeo@example.com/b: dnd']);
    core.link.becomes('down');
    const later = await core.login('alice', { want: ['contacts'] });
    expect(presences(later)).toEqual([]);
    core.link.becomes('up');
    await says('romeo@example.com/b', '<show>away</show>');
    presences(client);
    vi.advanceTimersByTime(9_999);
    expect(presences(client)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(presences(client)).toEqual(['romeo@example.com/a: unavailable']);
    expect(presences(await core.login('alice'))).toEqual(['romeo@example.com/b: away']);
  });

  it('after another one counts its ten seconds anew', async () => {
    const client = await core.login('alice');
    await says('romeo@example.com/a');
    core.link.becomes('down');
    core.link.becomes('up');
    vi.advanceTimersByTime(9_000);
    core.link.becomes('down');
    core.link.becomes('up');
    presences(client);
    vi.advanceTimersByTime(9_000);
    expect(presences(client)).toEqual([]);
    await says('romeo@example.com/a');
    vi.advanceTimersByTime(1_000);
    expect(presences(client)).toEqual(['romeo@example.com/a: online']);
  });
});

describe('many accounts that come online at once', () => {
  it('are told of at the pace; what one of them changes then is told at once, and not again', async () => {
    core = await TestCore.create({ env: { STANZAWIRE_XMPP_PACE: '10' } });
    const names = Array.from({ length: 20 }, (_, i) => `user${i}`);
    for (const name of names) await core.contacts(name, item('romeo', 'from'), item('tybalt', 'from'));
    const clients = await Promise.all(names.map((name) => core.login(name)));
    await settled();
    expect(core.link.sent).toHaveLength(10);
    // The last of them waits for its turn, but not for what it says now.
    await clients.at(-1)?.request('presence.set', { show: 'dnd' });
    const from = ({ attrs }: Element) => attrs.from === 'user19@web.example.com/web';
    expect(core.link.sent.filter(from).map((stanza) => childText(stanza, 'show', ''))).toEqual(['dnd', 'dnd']);
    for (let second = 0; second < 4; second++) {
      const before = core.link.sent.length;
      vi.advanceTimersByTime(1000);
      expect(core.link.sent.length - before).toBeLessThanOrEqual(11);
    }
    expect(core.link.sent).toHaveLength(40);
    expect(core.link.sent.filter(from)).toHaveLength(2);
  });
});

describe('what contacts say', () => {
  beforeEach(() =>
    core.contacts('alice', item('romeo', 'both', { name: 'Romeo' }), item('tybalt', 'none', { name: 'T' })),
  );

  it('is told to a session that comes later, and is in its snapshot', async () => {
    await core.login('alice');
    await says('romeo@example.com/phone', '<show>away</show>');
    await says('romeo@example.com/orchard', '<status>on the wall</status>');
    // Who is no contact is an event for those who are there, and no more.
    await says('tybalt@example.com/x');
    const later = await core.login('alice', { want: ['contacts'] });
    const ready = later.answer(0)?.data;
    const best = {
      from: 'romeo@example.com/orchard',
      user: 'romeo@example.com',
      type: 'available',
      status: 'on the wall',
    };
    expect(ready?.contacts).toMatchObject([
      { jid: 'romeo@example.com', presence: best },
      { jid: 'tybalt@example.com' },
    ]);
    expect(presences(later)).toEqual(['romeo@example.com/orchard: online', 'romeo@example.com/phone: away']);
  });

  it('is forgotten when they go: one resource, or all at once', async () => {
    const client = await core.login('alice');
    for (const resource of ['a', 'b', 'c']) await says(`romeo@example.com/${resource}`);
    presences(client);
    await says('romeo@example.com/a', '', 'unavailable');
    expect(presences(client)).toEqual(['romeo@example.com/a: unavailable']);
    await says('romeo@example.com', '', 'unavailable');
    expect(presences(client).toSorted()).toEqual([
      'romeo@example.com/b: unavailable',
      'romeo@example.com/c: unavailable',
      'romeo@example.com: unavailable',
    ]);
    expect(presences(await core.login('alice'))).toEqual([]);
  });

  it('ends where an error comes back from them', async () => {
    const client = await core.login('alice');
    await says('romeo@example.com/a');
    await says('romeo@example.com/b');
    presences(client);
    const error = '<error type="cancel"><remote-server-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';
    await says('romeo@example.com', error, 'error');
    expect(presences(client).toSorted()).toEqual([
      'romeo@example.com/a: unavailable',
      'romeo@example.com/b: unavailable',
      'romeo@example.com: unavailable',
    ]);
    await says('romeo@example.com', error, 'error');
    expect(presences(client)).toEqual([]);
  });

  it.each<[string, (client: CoreClient) => Promise<unknown>]>([
    ['they take the subscription back', () => says('romeo@example.com', '', 'unsubscribed')],
    ['the account removes them', (client) => client.request('contact.remove', { jid: 'romeo@example.com' })],
  ])('is over when %s', async (_, end) => {
    const client = await core.login('alice');
    await says('romeo@example.com/a');
    client.take();
    await end(client);
    expect(presences(client)).toEqual(['romeo@example.com/a: unavailable']);
    expect(presences(await core.login('alice'))).toEqual([]);
  });
});

describe('a restart', () => {
  const gone = ['> romeo: unavailable', '> tybalt/x: unavailable'];

  beforeEach(async () => {
    await core.contacts('alice', item('romeo', 'from'));
    const client = await core.login('alice');
    await client.request('presence.send', { to: 'tybalt@example.com/x' });
    await client.request('message.send', { to: 'nurse@example.com', body: 'hi' });
    await core.login('bob');
    await out();
    core = await TestCore.create({ store: core.store });
  });

  it('that no session survives ends in a goodbye, once', async () => {
    await core.server.accounts.sayGoodbyes();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await out()).toEqual(gone);
    core = await TestCore.create({ store: core.store });
    await core.server.accounts.sayGoodbyes();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await out()).toEqual([]);
  });

  it('is no news for contacts where a session comes back in time', async () => {
    const client = await core.login('alice');
    await core.server.accounts.sayGoodbyes();
    expect(await out()).toEqual(['> romeo: online']);
    client.close();
    expect((await out()).toSorted()).toEqual(gone.toSorted());
  });

  it('while the link is down says it when that is up', async () => {
    core.link.becomes('down');
    await core.server.accounts.sayGoodbyes();
    await vi.advanceTimersByTimeAsync(1000);
    core.link.sent.length = 0;
    core.link.becomes('up');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await out()).toContain('> romeo: unavailable');
  });

  it('does not make strangers of those the account has written to', async () => {
    await core.login('alice');
    await out();
    for (const name of ['nurse', 'paris']) {
      await core.receive(
        `<iq from="${name}@example.com/x" to="${alice}/web" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`,
      );
    }
    expect(await out()).toEqual(['> nurse/x: result', '> paris/x: error']);
  });
});

describe('directed presence (§4.6)', () => {
  beforeEach(() => core.contacts('alice', item('romeo', 'from')));
  const ping = (from: string) =>
    core.receive(`<iq from="${from}" to="${alice}/web" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);

  it('shows the account to anyone, who may ask it then, and is told when it goes', async () => {
    const client = await core.login('alice');
    await out();
    await ping('tybalt@example.com/x');
    expect(await out()).toEqual(['> tybalt/x: error']);
    await client.request('presence.send', { to: 'tybalt@example.com/x', show: 'chat' });
    await client.request('presence.send', { to: 'romeo@example.com/y' });
    expect(await out()).toEqual(['> tybalt/x: chat', '> romeo/y: online']);
    await ping('tybalt@example.com/x');
    await says('tybalt@example.com/x', '', 'probe');
    expect(await out()).toEqual(['> tybalt/x: result', '> tybalt/x: online']);
    await client.request('presence.set', { show: 'dnd' });
    expect(await out()).toEqual(['> romeo: dnd']);
    client.close();
    // Romeo hears of it as a contact.
    expect(await out()).toEqual(['> romeo: unavailable', '> tybalt/x: unavailable']);
    await core.login('alice');
    await out();
    await ping('tybalt@example.com/x');
    expect(await out()).toEqual(['> tybalt/x: error']);
  });

  it('is taken back by the client, and ends with an error', async () => {
    const client = await core.login('alice');
    await client.request('presence.send', { to: 'tybalt@example.com/x' });
    await client.request('presence.send', { to: 'nurse@example.com' });
    await client.request('presence.send', { to: 'tybalt@example.com/x', type: 'unavailable' });
    await says('nurse@example.com', '<error type="cancel"/>', 'error');
    await out();
    client.close();
    expect(await out()).toEqual(['> romeo: unavailable']);
  });

  it('shows the invisible to nobody else', async () => {
    const client = await core.login('alice', { presence: false });
    await client.request('presence.send', { to: 'tybalt@example.com/x' });
    await client.request('presence.send', { to: 'romeo@example.com/y' });
    expect(await out()).toEqual(['> tybalt/x: online', '> romeo/y: online']);
    await ping('romeo@example.com/y');
    await ping('romeo@example.com/z');
    expect(await out()).toEqual(['> romeo/y: result', '> romeo/z: result']);
    client.close();
    expect(await out()).toEqual(['> tybalt/x: unavailable', '> romeo/y: unavailable']);
  });
});

describe('invisible', () => {
  beforeEach(() => core.contacts('alice', item('romeo', 'from')));

  it('is what the account becomes for contacts and for those it showed itself to', async () => {
    const client = await core.login('alice');
    await client.request('presence.send', { to: 'tybalt@example.com/x' });
    await out();
    await client.request('presence.set', { type: 'unavailable' });
    expect(await out()).toEqual(['> romeo: unavailable', '> tybalt/x: unavailable']);
    await says('romeo@example.com/y', '', 'probe');
    expect(await out()).toEqual(['> romeo/y: unavailable']);
    await core.receive(
      `<iq from="romeo@example.com/y" to="${alice}/web" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`,
    );
    expect(await out()).toEqual(['> romeo/y: error']);
    // Not by the loss of the link either.
    core.link.becomes('down');
    core.link.becomes('up');
    expect(await out()).toEqual([]);
    await client.request('presence.set', { show: 'away' });
    expect(await out()).toEqual(['> romeo: away']);
  });
});

describe('between two accounts of the gateway', () => {
  const bob = 'bob@web.example.com';

  it('a subscription is asked for, let in, and shows both to each other without the XMPP server', async () => {
    const [a, b] = [await core.login('alice'), await core.login('bob')];
    const added = await a.request('contact.add', { jid: bob, name: 'Bob', message: 'It is Alice' });
    expect(added).toMatchObject({ type: 'ok', data: { jid: bob, subscription: 'none', ask: true, approved: true } });
    expect(b.events('contact.request')).toMatchObject([{ data: { jid: alice, message: 'It is Alice' } }]);
    await b.request('contact.add', { jid: alice });
    const contact = (client: CoreClient) => client.events('contact').at(-1)?.data;
    expect(contact(a)).toMatchObject({ jid: bob, subscription: 'both' });
    expect(contact(b)).toMatchObject({ jid: alice, subscription: 'both' });
    expect(presences(a)).toEqual([`${bob}: online`]);
    expect(presences(b)).toEqual([`${alice}: online`]);
    b.close();
    await settled();
    expect(presences(a)).toEqual([`${bob}: unavailable`]);
    const again = await core.login('bob', { presence: { show: 'xa' } });
    expect(presences(a)).toEqual([`${bob}: xa`]);
    // What was known, and the answer to the probe.
    expect(new Set(presences(again))).toEqual(new Set([`${alice}: online`]));
    await a.request('contact.remove', { jid: bob });
    // By the removal, and by Bob, who takes his leave of one that sees him no more.
    expect(new Set(presences(a))).toEqual(new Set([`${bob}: unavailable`]));
    expect(contact(again)).toMatchObject({ jid: alice, subscription: 'none' });
    expect(presences(again)).toEqual([`${alice}: unavailable`]);
    expect(core.link.sent).toEqual([]);
  });
});
