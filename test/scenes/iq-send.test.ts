import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ElementTree } from '../../src/protocol/errors.ts';
import { type Element, el, elements, serialize } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const env = { STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000', STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s' };
const play = scene(env);
const stanzaErrors = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const version = { name: 'query', attrs: { xmlns: 'jabber:iq:version' } };
const ask = (payload: ElementTree, more: object = {}) => ({
  to: 'example.com',
  type: 'get' as const,
  payload,
  ...more,
});
let alice: JsonClient;

beforeAll(async () => {
  alice = await play.gateway.login('alice', { scopes: ['raw', 'other'] });
});
afterAll(() => alice.close());

/** The next query that the server gets, and its answer: from whom it was asked, to who asked. */
const query = () => play.server.next(({ name }) => name === 'iq');
const answer = ({ attrs }: Element, type: string, child?: Element, more: Record<string, string> = {}) =>
  play.server.send(el('iq', { type, id: attrs.id, from: attrs.to, to: attrs.from, ...more }, child));
const nothingElse = async () => {
  expect(await alice.rest()).toEqual([]);
  expect(await play.stanzas()).toEqual([]);
};

describe('iq.send', () => {
  it('needs a token with the scope raw', async () => {
    for (const scopes of [[], ['other', 'RAW', 'raw2']]) {
      const bob = await play.gateway.login('bob', { scopes });
      expect(await bob.refused('iq.send', ask(version))).toMatchObject({ code: 'forbidden', retry: false });
      expect(await bob.rest()).toEqual([]);
      await bob.close();
    }
    await nothingElse();
  });

  it('is one IQ from the account, and its result the answer', async () => {
    const payload = {
      name: 'query',
      attrs: { xmlns: 'urn:example:q', node: 'a"b<c>&\n' },
      children: [
        'text <&> ',
        { name: 'inner', attrs: { 'xml:lang': 'de' }, children: ['ü😀'] },
        { name: 'own', attrs: { xmlns: '' } },
      ],
    };
    const asked = alice.request('iq.send', { ...ask(payload), type: 'set' });
    const iq = await query();
    expect(iq.attrs).toEqual({ from: `${alice.user}/web`, to: 'example.com', type: 'set', id: expect.any(String) });
    expect(iq.children.map((child) => serialize(child as Element))).toEqual([
      '<query xmlns="urn:example:q" node="a&quot;b&lt;c&gt;&amp;&#xA;">text &lt;&amp;&gt; <inner xml:lang="de">ü😀</inner><own xmlns=""/></query>',
    ]);
    answer(iq, 'result', el('query', { xmlns: 'urn:example:q', v: '1' }, el('item', {}, 'x <y>'), ' tail'));
    expect(await asked).toEqual({
      from: 'example.com',
      payload: {
        name: 'query',
        attrs: { xmlns: 'urn:example:q', v: '1' },
        children: [{ name: 'item', attrs: {}, children: ['x <y>'] }, ' tail'],
      },
    });
    await play.stanzas();
    await nothingElse();
  });

  it('with an empty result has no payload', async () => {
    const asked = alice.request('iq.send', ask(version));
    answer(await query(), 'result');
    expect(await asked).toEqual({ from: 'example.com' });
  });

  it('that is refused says by whom and why, with the condition of the application', async () => {
    const asked = alice.refused('iq.send', ask(version));
    const error = el(
      'error',
      { type: 'wait' },
      el('resource-constraint', { xmlns: stanzaErrors }),
      el('text', { xmlns: stanzaErrors }, 'not now'),
      el('busy', { xmlns: 'urn:example:app' }, el('until', {}, 'noon')),
    );
    answer(await query(), 'error', error);
    expect(await asked).toEqual({
      code: 'resource-constraint',
      message: 'not now',
      retry: true,
      by: 'example.com',
      type: 'wait',
      app: {
        name: 'busy',
        attrs: { xmlns: 'urn:example:app' },
        children: [{ name: 'until', attrs: {}, children: ['noon'] }],
      },
    });
  });

  it('believes nobody but the one it asked', async () => {
    const asked = alice.request('iq.send', { ...ask(version), to: 'romeo@example.com/orchard' });
    const iq = await query();
    const forged = el('query', { xmlns: 'jabber:iq:version' }, el('name', {}, 'forged'));
    for (const from of [
      'mallory@example.com/x',
      'romeo@example.com',
      'romeo@example.com/other',
      'example.com',
      'web.example.com',
    ]) {
      answer(iq, 'result', forged, { from });
      answer(iq, 'error', undefined, { from });
    }
    answer(iq, 'result', forged, { to: 'bob@web.example.com/web' });
    answer(iq, 'result', forged, { to: alice.user });
    answer(iq, 'result', forged, { id: `${iq.attrs.id}x` });
    await play.stanzas();
    expect(await alice.rest()).toEqual([]);
    answer(iq, 'result', el('query', { xmlns: 'jabber:iq:version' }, el('name', {}, 'true')));
    expect(JSON.stringify(await asked)).toMatch(/true/);
    // Said twice is said once.
    answer(iq, 'result', forged);
    await nothingElse();
  });

  it('that nobody answers ends with timeout, and a late answer is ignored', async () => {
    const asked = alice.refused('iq.send', ask(version));
    const iq = await query();
    expect(await asked).toMatchObject({ code: 'timeout', retry: true });
    answer(iq, 'result');
    await play.stanzas();
    await nothingElse();
  });

  it('to the own domain, or to nobody, is answered inside, as anybody else is', async () => {
    const bob = await play.gateway.login('bob');
    expect(await alice.request('iq.send', { ...ask(version), to: 'web.example.com' })).toMatchObject({
      from: 'web.example.com',
      payload: { name: 'query', children: [{ name: 'name', children: ['Stanzawire'] }, { name: 'version' }] },
    });
    const info = { name: 'query', attrs: { xmlns: 'http://jabber.org/protocol/disco#info' } };
    const own = await alice.request('iq.send', { type: 'get', payload: info });
    expect(own.from).toBe(alice.user);
    expect(JSON.stringify(own.payload)).toMatch(/"category":"account"/);
    for (const to of [bob.user, `${bob.user}/web`, 'nobody@web.example.com', 'web.example.com/x']) {
      expect(await alice.refused('iq.send', { ...ask(info), to })).toMatchObject({ code: 'service-unavailable' });
    }
    const odd = { name: 'odd', attrs: { xmlns: 'urn:example:odd' } };
    expect(await alice.refused('iq.send', { type: 'set', payload: odd })).toMatchObject({
      code: 'service-unavailable',
    });
    expect(await bob.rest()).toEqual([]);
    await bob.close();
    await nothingElse();
  });
});

describe('a payload that is not for clients is refused, and never sent', () => {
  const inside = (tree: ElementTree, levels: number): ElementTree =>
    levels === 0 ? tree : { name: 'a', attrs: { xmlns: 'urn:example:a' }, children: [inside(tree, levels - 1)] };
  const q = (xmlns: string): ElementTree => ({ name: 'query', attrs: { xmlns } });
  const rows: [string, ElementTree, object][] = [
    ['the roster', q('jabber:iq:roster'), { code: 'forbidden' }],
    ['the roster inside', inside(q('jabber:iq:roster'), 3), { code: 'forbidden' }],
    [
      'the roster by inheritance',
      { name: 'a', attrs: { xmlns: 'jabber:iq:roster' }, children: [{ name: 'query' }] },
      { code: 'forbidden' },
    ],
    ['privileges', { name: 'privilege', attrs: { xmlns: 'urn:xmpp:privilege:2' } }, { code: 'forbidden' }],
    ['privileges of the future, inside', inside(q('urn:xmpp:privilege:99'), 1), { code: 'forbidden' }],
    ['delegation', { name: 'delegation', attrs: { xmlns: 'urn:xmpp:delegation:1' } }, { code: 'forbidden' }],
    ['delegation inside', inside(q('urn:xmpp:delegation:2'), 30), { code: 'forbidden' }],
    ['33 levels', inside(q('urn:example:q'), 32), { code: 'bad-request' }],
    ['a name with a space', { name: 'a b' }, { code: 'bad-request', field: 'payload.name' }],
    ['a name with a prefix', { name: 'x:a' }, { code: 'bad-request', field: 'payload.name' }],
    ['a name that is a tag', { name: 'a><b' }, { code: 'bad-request', field: 'payload.name' }],
    [
      'a name that begins with a digit',
      inside({ name: '1a' }, 2),
      { code: 'bad-request', field: 'payload.children.0.children.0.name' },
    ],
    [
      'an attribute with a prefix',
      { ...q('urn:x'), attrs: { 'a:b': 'c' } },
      { code: 'bad-request', field: 'payload.attrs' },
    ],
    [
      'a prefix declared',
      { ...q('urn:x'), attrs: { 'xmlns:a': 'urn:a' } },
      { code: 'bad-request', field: 'payload.attrs' },
    ],
    [
      'an attribute that is markup',
      { ...q('urn:x'), attrs: { 'a="1" b': 'c' } },
      { code: 'bad-request', field: 'payload.attrs' },
    ],
    [
      'the namespace of xml:',
      q('http://www.w3.org/XML/1998/namespace'),
      { code: 'bad-request', field: 'payload.attrs.xmlns' },
    ],
    [
      'the namespace of xmlns',
      inside(q('http://www.w3.org/2000/xmlns/'), 1),
      { code: 'bad-request', field: 'payload.children.0.attrs.xmlns' },
    ],
    [
      'a stanza-id alone',
      { name: 'stanza-id', attrs: { xmlns: 'urn:xmpp:sid:0' } },
      { code: 'bad-request', field: 'payload' },
    ],
  ];
  it.each(rows)('%s', async (_what, payload, error) => {
    expect(await alice.refused('iq.send', ask(payload))).toMatchObject({ retry: false, ...error });
    await nothingElse();
  });

  it('but 32 levels are taken, and what only servers add is taken out', async () => {
    const deep = alice.request('iq.send', ask(inside(q('urn:example:q'), 31)));
    answer(await query(), 'result');
    await deep;
    const forged = [
      ['stanza-id', 'urn:xmpp:sid:0'],
      ['delay', 'urn:xmpp:delay'],
      ['occupant-id', 'urn:xmpp:occupant-id:0'],
      ['sent', 'urn:xmpp:carbons:2'],
      ['received', 'urn:xmpp:carbons:2'],
      ['result', 'urn:xmpp:mam:2'],
    ].map(([name = '', xmlns = '']) => ({ name, attrs: { xmlns } }));
    const payload = {
      name: 'a',
      attrs: { xmlns: 'urn:example:a' },
      children: [...forged, { name: 'b', children: forged }, 'text'],
    };
    const asked = alice.request('iq.send', ask(payload));
    const iq = await query();
    expect(elements(iq).map(serialize)).toEqual(['<a xmlns="urn:example:a"><b/>text</a>']);
    answer(iq, 'result');
    await asked;
    await play.stanzas();
  });
});
