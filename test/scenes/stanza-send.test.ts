/** stanza.send and `extra`: what goes out is what was written, by the account and nobody else, and nothing that is the gateway's to say. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ElementTree } from '../../src/protocol/errors.ts';
import { serialize } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const play = scene({
  STANZAWIRE_LIMITS_RATE: '10000',
  STANZAWIRE_LIMITS_BURST: '10000',
  STANZAWIRE_LIMITS_STANZA: '10000',
});
let alice: JsonClient;
beforeAll(async () => {
  alice = await play.gateway.login('alice', { scopes: ['raw'] });
});
afterAll(() => alice.close());

const odd: ElementTree = { name: 'odd', attrs: { xmlns: 'urn:example:odd', a: '1' }, children: ['x'] };
const out = async () => (await play.stanzas()).map(serialize);
const stanza = (tree: ElementTree) => alice.request('stanza.send', { stanza: tree });
const xml = (text: string) => alice.request('stanza.send', { xml: text });

describe('stanza.send', () => {
  it('sends a message that is written as a tree or as XML', async () => {
    const expected =
      '<message to="bob@example.com" type="chat" id="1" from="alice@web.example.com/web"><body>h&amp;i</body><odd xmlns="urn:example:odd" a="1">x</odd></message>';
    const attrs = { to: 'bob@example.com', type: 'chat', id: '1' };
    expect(
      await stanza({ name: 'message', attrs, children: [{ name: 'body', children: ['h&i'] }, odd] }),
    ).toBeUndefined();
    await xml(
      "<message xmlns='jabber:client' xmlns:o='urn:example:odd' to='Bob@Example.com' type='chat' id='1'><body>h&#38;i</body><o:odd a='1'>x</o:odd></message>",
    );
    expect(await out()).toEqual([expected, expected]);
  });

  it('takes the own address as from, bare or full, and no other', async () => {
    for (const from of ['alice@web.example.com', 'ALICE@web.example.com/web']) {
      await stanza({ name: 'message', attrs: { from, to: 'bob@example.com' } });
    }
    expect(await out()).toEqual(Array(2).fill('<message from="alice@web.example.com/web" to="bob@example.com"/>'));
    for (const from of ['bob@web.example.com', 'alice@web.example.com/x', 'web.example.com', 'example.com', '@', '']) {
      const error = { code: 'forbidden', field: 'stanza.attrs.from' };
      expect(
        await alice.refused('stanza.send', { stanza: { name: 'message', attrs: { from, to: 'b@c' } } }),
      ).toMatchObject(error);
    }
    expect(await out()).toEqual([]);
  });

  it('shows the account by presence, and takes it back at the end', async () => {
    const carol = await play.gateway.login('carol', { scopes: ['raw'] });
    await carol.request('stanza.send', {
      xml: "<presence to='bob@example.com/x'><show>dnd</show><odd xmlns='urn:example:odd'/></presence>",
    });
    await carol.close();
    expect(await out()).toEqual([
      '<presence to="bob@example.com/x" from="carol@web.example.com/web"><show>dnd</show><odd xmlns="urn:example:odd"/></presence>',
      expect.stringMatching(/^<presence from="carol@web.example.com\/web" to="bob@example.com\/x" type="unavailable"/),
    ]);
  });

  it('lets whom it writes to ask, as message.send does', async () => {
    const dave = await play.gateway.login('dave', { scopes: ['raw'] });
    const query = `<iq type='get' id='d1' from='juliet@example.com/x' to='${dave.user}/web'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
    play.server.send(query);
    expect((await play.server.next(({ attrs }) => attrs.id === 'd1')).attrs.type).toBe('error');
    await dave.request('stanza.send', { xml: "<message to='juliet@example.com'><body>hi</body></message>" });
    play.server.send(query);
    expect((await play.server.next(({ attrs }) => attrs.id === 'd1')).attrs.type).toBe('result');
    await dave.close();
    await play.stanzas();
  });

  it('reaches a web user too', async () => {
    const erin = await play.gateway.login('erin', { scopes: ['raw'], raw: 'extra' });
    await xml(`<message to='${erin.user}' type='chat'><body>hi</body><odd xmlns='urn:example:odd'/></message>`);
    expect(await erin.next('message')).toMatchObject({ from: alice.user, body: 'hi', extra: [{ name: 'odd' }] });
    await erin.close();
    expect(await out()).toEqual([]);
  });

  const message = (...children: ElementTree[]): ElementTree => ({ name: 'message', attrs: { to: 'b@c' }, children });
  const presence = (attrs: object, ...children: ElementTree[]) => ({
    name: 'presence',
    attrs: { to: 'b@c', ...attrs },
    children,
  });
  const wrong: [what: string, data: object, error: object][] = [
    ['neither a tree nor XML', {}, { code: 'bad-request', field: 'stanza' }],
    ['both', { stanza: message(), xml: '<message/>' }, { code: 'bad-request', field: 'xml' }],
    ['no to', { stanza: { name: 'message' } }, { code: 'bad-request', field: 'stanza.attrs.to' }],
    ['a to that is no JID', { xml: "<message to='a b@c'/>" }, { code: 'bad-request', field: 'xml.to' }],
    ['a type that there is not', { xml: "<message to='a@b' type='odd'/>" }, { code: 'bad-request' }],
    ['two stanzas', { xml: "<message to='a@b'/><message to='a@b'/>" }, { code: 'bad-request', field: 'xml' }],
    ['a DOCTYPE', { xml: "<!DOCTYPE message><message to='a@b'/>" }, { code: 'bad-request', field: 'xml' }],
    [
      'a query',
      { stanza: { name: 'iq', attrs: { to: 'b@c', type: 'get', id: '1' }, children: [odd] } },
      { code: 'bad-request', field: 'stanza' },
    ],
    ['an answer', { xml: "<iq type='result' id='1' to='example.com'/>" }, { code: 'bad-request', field: 'xml' }],
    [
      'what is no stanza',
      { stanza: { name: 'handshake', attrs: { to: 'b@c' } } },
      { code: 'bad-request', field: 'stanza' },
    ],
    ['the roster', { stanza: message({ name: 'query', attrs: { xmlns: 'jabber:iq:roster' } }) }, { code: 'forbidden' }],
    [
      'privileges',
      { xml: "<message to='example.com'><privilege xmlns='urn:xmpp:privilege:2'/></message>" },
      { code: 'forbidden' },
    ],
    [
      'delegation',
      { stanza: message({ name: 'delegation', attrs: { xmlns: 'urn:xmpp:delegation:2' } }) },
      { code: 'forbidden' },
    ],
    ...['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe'].map((type): [string, object, object] => [
      `presence of type ${type}`,
      { stanza: presence({ type }) },
      { code: 'forbidden' },
    ]),
    [
      'joining a room',
      { stanza: presence({}, { name: 'x', attrs: { xmlns: 'http://jabber.org/protocol/muc' } }) },
      { code: 'forbidden' },
    ],
    [
      '33 levels',
      { xml: `<message to='a@b'>${'<a>'.repeat(32)}${'</a>'.repeat(32)}</message>` },
      { code: 'bad-request', field: 'xml' },
    ],
    [
      'more than the link takes',
      { xml: `<message to='a@b'><body>${'x'.repeat(10_000)}</body></message>` },
      { code: 'too-large', field: 'xml' },
    ],
    [
      'more than the link takes, once it is written',
      { xml: `<message to='a@b'><body>${'>'.repeat(9000)}</body></message>` },
      { code: 'too-large' },
    ],
  ];
  it.each(wrong)('refuses %s', async (_, data, error) => {
    expect(await alice.refused('stanza.send', data)).toMatchObject({ retry: false, ...error });
    expect(await out()).toEqual([]);
  });

  it('needs a token with the scope raw', async () => {
    const frank = await play.gateway.login('frank');
    expect(await frank.refused('stanza.send', { xml: "<message to='a@b'/>" })).toMatchObject({ code: 'forbidden' });
    await frank.close();
    expect(await out()).toEqual([]);
  });
});

describe('extra', () => {
  it('goes out with a message and with presence', async () => {
    await alice.request('message.send', { id: 'm1', to: 'bob@example.com', body: 'hi', extra: [odd] });
    await alice.request('presence.send', {
      to: 'bob@example.com',
      extra: [odd, { name: 'delay', attrs: { xmlns: 'urn:xmpp:delay' } }],
    });
    const sent = await out();
    expect(sent).toHaveLength(2);
    for (const text of sent) expect(text).toContain('<odd xmlns="urn:example:odd" a="1">x</odd>');
    expect(sent[1]).not.toContain('delay');
  });

  it('holds to the rules of raw input', async () => {
    const bad = (tree: ElementTree) =>
      alice.refused('message.send', { to: 'bob@example.com', body: 'x', extra: [odd, tree] });
    expect(await bad({ name: 'query', attrs: { xmlns: 'jabber:iq:roster' } })).toMatchObject({ code: 'forbidden' });
    expect(await bad({ name: 'a b' })).toMatchObject({ code: 'bad-request', field: 'extra.1.name' });
    const grace = await play.gateway.login('grace');
    const data = { to: 'bob@example.com', body: 'x', extra: [odd] };
    expect(await grace.refused('message.send', data)).toMatchObject({ code: 'forbidden', field: 'extra' });
    await grace.close();
    expect(await out()).toEqual([]);
  });
});
