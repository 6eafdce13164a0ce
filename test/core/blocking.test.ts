/** XEP-0191 inside the gateway: what the blocked get, what goes to them, what they and the account's sessions see of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { serialize } from '../../src/xmpp/stanza.ts';
import { type CoreClient, TestCore } from '../support/core.ts';

const alice = 'alice@web.example.com';
const romeo = 'romeo@example.com';

let core: TestCore;
let client: CoreClient;

beforeEach(async () => {
  core = await TestCore.create();
  await core.contacts(
    'alice',
    { jid: romeo, subscription: 'both' },
    { jid: 'juliet@example.com', subscription: 'both' },
  );
  client = await core.login('alice', { raw: 'extra' });
  fresh();
});

function fresh(): void {
  client.take();
  core.link.sent.length = 0;
}

async function block(...jids: string[]): Promise<void> {
  expect(await client.request('block.add', { jids })).toMatchObject({ type: 'ok' });
  fresh();
}

/** What goes out, shortly: kind, receiver, type, condition. */
function sent(): string[] {
  return core.link.sent.splice(0).map((stanza) => {
    const condition = /<(service-unavailable|not-acceptable)/.exec(serialize(stanza))?.[1];
    return [stanza.name, stanza.attrs.to, stanza.attrs.type, condition].filter(Boolean).join(' ');
  });
}

const kinds = {
  'a chat message': ["<message type='chat' id='1'><body>hi</body></message>", 'message error service-unavailable'],
  'a normal message': ["<message id='1'><body>hi</body></message>", 'message error service-unavailable'],
  'a headline': ["<message type='headline' id='1'><body>hi</body></message>", 'message error service-unavailable'],
  'a message of a room': [
    "<message type='groupchat' id='1'><body>hi</body></message>",
    'message error service-unavailable',
  ],
  'a typing notice': [
    "<message type='chat' id='1'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    'message error service-unavailable',
  ],
  'an error': ["<message type='error' id='1'><error type='cancel'/></message>"],
  'a query': [
    "<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    'iq error service-unavailable',
  ],
  'a ping': ["<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", 'iq error service-unavailable'],
  'a command': ["<iq type='set' id='1'><x xmlns='urn:example:x'/></iq>", 'iq error service-unavailable'],
  'a result': ["<iq type='result' id='1'/>"],
  'an error of a query': ["<iq type='error' id='1'><error type='cancel'/></iq>"],
  presence: ['<presence/>'],
  'a goodbye': ["<presence type='unavailable'/>"],
  'a probe': ["<presence type='probe'/>"],
  'a subscription request': ["<presence type='subscribe'/>"],
  'the end of a subscription': ["<presence type='unsubscribe'/>"],
};

describe.each(Object.entries(kinds))('%s of someone blocked', (_, [xml = '', answer]) => {
  const from = (jid: string, to: string) => xml.replace(/^<(\w+)/, `<$1 from='${jid}' to='${to}'`);

  it.each([
    ['as a bare JID', romeo, `${romeo}/orchard`],
    ['as a resource', `${romeo}/orchard`, `${romeo}/orchard`],
    ['with the domain', 'example.com', `${romeo}/orchard`],
    ['in other letter case', 'ROMEO@Example.com', 'Romeo@example.com/orchard'],
  ])('%s gets an error or nothing, and nobody is told', async (_how, blocked, jid) => {
    await block(blocked);
    for (const to of [alice, `${alice}/web`]) {
      await core.receive(from(jid, to));
      const [kind, ...rest] = answer?.split(' ') ?? [];
      expect(sent()).toEqual(kind ? [[kind, jid, ...rest].join(' ')] : []);
    }
    expect(client.take()).toEqual([]);
    expect(core.bugs).toEqual([]);
  });

  it('is nothing to an account that is away, and not kept for it', async () => {
    await block(romeo);
    client.close();
    await core.settled();
    fresh();
    await core.receive(from(`${romeo}/orchard`, alice));
    expect(sent()).toEqual(answer ? [answer.replace(' ', ` ${romeo}/orchard `)] : []);
    client = await core.login('alice', { want: ['contacts'] });
    const page = await client.request('history.get');
    expect(page).toMatchObject({ data: { items: [] } });
  });

  it('of somebody else comes as ever', async () => {
    await block(`${romeo}/cellar`, 'juliet@example.com', 'example.org');
    core.link.sent.length = 0;
    await core.receive(from(`${romeo}/orchard`, alice));
    const refusals = sent().filter((line) => line.endsWith('service-unavailable'));
    // A group chat message from outside of a room is refused from anybody, and so is what nobody here understands.
    const always = /groupchat|urn:example/.test(xml);
    expect(refusals).toHaveLength(always ? 1 : 0);
  });
});

describe('to someone blocked', () => {
  const refusal = {
    code: 'not-acceptable',
    type: 'cancel',
    retry: false,
    app: { name: 'blocked', attrs: { xmlns: 'urn:xmpp:blocking:errors' } },
  };

  it.each([
    ['message.send', { to: romeo, body: 'hi' }],
    ['message.send', { to: `${romeo}/orchard`, body: 'hi' }],
    ['presence.send', { to: `${romeo}/orchard` }],
    ['contact.add', { jid: romeo }],
    ['contact.approve', { jid: romeo }],
    ['disco.info', { jid: `${romeo}/orchard` }],
    ['iq.send', { to: romeo, type: 'get', payload: { name: 'ping', attrs: { xmlns: 'urn:xmpp:ping' } } }],
    ['room.join', { room: romeo, nick: 'alice' }],
    ['pubsub.get', { service: romeo, node: 'n' }],
  ])('%s is refused', async (type, data) => {
    await block(romeo);
    expect(await client.request(type, data)).toMatchObject({ type: 'error', error: refusal });
    expect(sent()).toEqual([]);
  });

  it('nothing goes by itself: no presence, no receipt, no marker, no typing', async () => {
    await core.receive(
      `<message from='${romeo}/orchard' to='${alice}' type='chat' id='m1'><body>hi</body>` +
        "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>",
    );
    await block('example.com');
    await client.request('presence.set', { show: 'away' });
    await client.request('typing.send', { to: romeo, state: 'composing' });
    expect(await client.request('message.mark', { to: romeo, id: 'm1' })).toMatchObject({ type: 'ok' });
    client.close();
    await core.settled();
    expect(sent()).toEqual([]);
  });

  it('the end of a contact does not go out, and holds', async () => {
    await block(romeo);
    expect(await client.request('contact.remove', { jid: romeo })).toMatchObject({ type: 'ok' });
    expect(sent()).toEqual([]);
    expect(client.events('contact.removed')).toHaveLength(1);
  });

  it('an account of the gateway is as far away as any other', async () => {
    const bob = await core.login('bob');
    await core.contacts('bob');
    await block('bob@web.example.com');
    expect(await client.request('message.send', { to: 'bob@web.example.com', body: 'hi' })).toMatchObject({
      error: refusal,
    });
    const back = await bob.request('message.send', { to: alice, body: 'hi' });
    expect(back).toMatchObject({ error: { code: 'service-unavailable' } });
    expect(client.events()).toEqual([]);
  });
});

describe('a block', () => {
  it('shows the account as gone, and the contact too', async () => {
    await core.receive(`<presence from='${romeo}/orchard' to='${alice}'/>`);
    await client.request('presence.send', { to: 'courier@example.com/van' });
    fresh();
    await client.request('block.add', { jids: ['example.com'] });
    expect(sent().toSorted()).toEqual([
      'presence courier@example.com/van unavailable',
      'presence juliet@example.com unavailable',
      `presence ${romeo} unavailable`,
    ]);
    const gone = { from: `${romeo}/orchard`, user: romeo, type: 'unavailable' };
    expect(client.events('presence').map(({ data }) => data)).toEqual([gone]);
  });

  it('of one resource shows it to that alone', async () => {
    await core.receive(
      `<presence from='${romeo}/orchard' to='${alice}'/><presence from='${romeo}/hall' to='${alice}'/>`,
    );
    fresh();
    await client.request('block.add', { jids: [`${romeo}/orchard`] });
    expect(sent()).toEqual([`presence ${romeo}/orchard unavailable`]);
    expect(client.events('presence').map(({ data }) => data?.from)).toEqual([`${romeo}/orchard`]);
  });

  it('of an account that is invisible shows nothing', async () => {
    await client.request('presence.set', { type: 'unavailable' });
    fresh();
    await client.request('block.add', { jids: [romeo] });
    expect(sent()).toEqual([]);
  });

  it('that ends shows the account, and asks for the contact, but who is blocked all the same', async () => {
    await block('example.com', 'juliet@example.com');
    await client.request('block.remove', { jids: ['example.com'] });
    expect(sent()).toEqual([`presence ${romeo}`, `presence ${romeo} probe`]);
    await client.request('block.remove');
    expect(sent()).toEqual(['presence juliet@example.com', 'presence juliet@example.com probe']);
    expect(await client.request('block.list')).toMatchObject({ data: { items: [] } });
    await core.receive(`<message from='${romeo}/orchard' to='${alice}' type='chat'><body>hi</body></message>`);
    expect(client.events('message')).toHaveLength(1);
  });

  it('is told to the other sessions, once', async () => {
    const tablet = await core.login('alice');
    tablet.take();
    const data = { jids: ['eve@example.org', 'spam.example'] };
    for (let i = 0; i < 2; i++)
      expect(await client.request('block.add', data)).toEqual({ type: 'ok', id: expect.any(Number) });
    await client.request('block.remove', { jids: ['spam.example', 'unknown.example'] });
    expect(tablet.events().map(({ type, data }) => [type, data])).toEqual([
      ['block', { ...data, blocked: true }],
      ['block', { jids: ['spam.example'], blocked: false }],
    ]);
    expect(client.events('block')).toEqual([]);
  });

  it('is in ready, in the list, and holds after a restart', async () => {
    await block('eve@example.org', romeo);
    const next = await TestCore.create({ store: core.store });
    const later = await next.login('alice', { want: ['blocks'] });
    expect(later.answer(0)?.data?.blocks).toEqual(['eve@example.org', romeo]);
    expect((await later.request('block.list'))?.data).toEqual({ items: ['eve@example.org', romeo] });
    next.link.sent.length = 0;
    await next.receive(`<message from='${romeo}/orchard' to='${alice}' type='chat' id='1'><body>hi</body></message>`);
    expect(next.link.sent.map(({ attrs }) => attrs.type)).toEqual(['error']);
  });

  it('that cannot be stored is none, and the contact sees the account again', async () => {
    core.store.setBlocked = () => Promise.reject(new Error('disk full'));
    const answer = await client.request('block.add', { jids: [romeo] });
    expect(answer).toMatchObject({ error: { code: 'internal-server-error' } });
    expect(sent()).toEqual([`presence ${romeo} unavailable`, `presence ${romeo}`, `presence ${romeo} probe`]);
    expect((await client.request('block.list'))?.data).toEqual({ items: [] });
  });

  it('has a bound', async () => {
    for (let i = 0; i < 10; i++) {
      await client.request('block.add', { jids: Array.from({ length: 100 }, (_, n) => `u${i}x${n}@example.org`) });
    }
    const more = await client.request('block.add', { jids: ['one@example.org'] });
    expect(more).toMatchObject({ error: { code: 'policy-violation' } });
  });

  it('names the address that is none', async () => {
    const answer = await client.request('block.add', { jids: ['eve@example.org', 'a b@c'] });
    expect(answer).toMatchObject({ error: { code: 'bad-request', field: 'jids.1' } });
  });
});

describe('a report', () => {
  it('shows the messages it is about, of those that came from there', async () => {
    await core.receive(
      `<message from='eve@example.org/x' to='${alice}' type='chat' id='e1'><body>Buy!</body></message>`,
    );
    await client.request('message.send', { to: 'eve@example.org', id: 'own', body: 'No.' });
    fresh();
    await client.request('block.add', { jids: ['eve@example.org'], report: 'abuse', messages: ['e1', 'own', 'none'] });
    const [report] = core.link.sent.splice(0).map(serialize);
    expect(report).toContain('reason="urn:xmpp:reporting:abuse"');
    expect(report?.match(/<forwarded/g)).toHaveLength(1);
    expect(report).toContain('<body>Buy!</body>');
  });

  it('is refused where nobody takes it, and blocks nobody', async () => {
    const core = await TestCore.create({ env: { STANZAWIRE_ACCOUNTS_REPORTS_TO: '' } });
    const client = await core.login('alice');
    const answer = await client.request('block.add', { jids: ['eve@example.org'], report: 'spam' });
    expect(answer).toMatchObject({ error: { code: 'feature-not-implemented', field: 'report' } });
    expect((await client.request('block.list'))?.data).toEqual({ items: [] });
  });

  it('needs a reason', async () => {
    const answer = await client.request('block.add', { jids: ['eve@example.org'], text: 'bad' });
    expect(answer).toMatchObject({ error: { code: 'bad-request', field: 'text' } });
  });
});
