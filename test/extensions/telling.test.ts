/** What an account tells of itself: by its settings without being asked, and when it is asked what the operator lets it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { serialize } from '../../src/xmpp/stanza.ts';
import { type CoreClient, TestCore } from '../support/core.ts';

const alice = 'alice@web.example.com';
const romeo = 'romeo@example.com';

let core: TestCore;
let client: CoreClient;

async function begin(options: Parameters<typeof TestCore.create>[0] = {}): Promise<void> {
  core = await TestCore.create(options);
  if (!options.store) await core.contacts('alice', { jid: romeo, subscription: 'both' });
  client = await core.login('alice', { features: ['ack'] });
  client.take();
  core.link.sent.length = 0;
}

beforeEach(() => begin());

/** Everything that says something of the user went out, or did not. */
async function told(): Promise<string[]> {
  core.link.sent.length = 0;
  const id = `m${Math.random()}`;
  await core.receive(
    `<message from='${romeo}/x' to='${alice}' type='chat' id='${id}'><body>hi</body>` +
      "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>",
  );
  const [message] = client.events('message').slice(-1);
  client.send({ type: 'ack', data: { seq: message?.seq } });
  await core.settled();
  await client.request('message.mark', { to: romeo, id });
  await client.request('typing.send', { to: romeo, state: 'composing' });
  await client.request('message.send', { to: romeo, body: 'hi' });
  const all = core.link.sent.splice(0).map(serialize).join();
  return ['<received', '<displayed', '<composing', '<active'].filter((one) => all.includes(one));
}

describe('the settings', () => {
  it('tell everything, unless the user wants otherwise', async () => {
    const all = { sendReceipts: true, sendMarkers: true, sendTyping: true };
    expect((await client.request('settings.get'))?.data).toEqual(all);
    expect(await told()).toEqual(['<received', '<displayed', '<composing', '<active']);
  });

  it.each([
    ['sendReceipts', ['<displayed', '<composing', '<active']],
    ['sendMarkers', ['<received', '<composing', '<active']],
    ['sendTyping', ['<received', '<displayed']],
  ])('%s holds back that, and nothing else', async (name, rest) => {
    expect((await client.request('settings.set', { [name]: false }))?.data).toMatchObject({ [name]: false });
    expect(await told()).toEqual(rest);
    await client.request('settings.set', { [name]: true });
    expect(await told()).toHaveLength(4);
  });

  it('are told to the other sessions where they change, and kept', async () => {
    const tablet = await core.login('alice');
    tablet.take();
    const settings = { sendReceipts: true, sendMarkers: true, sendTyping: false };
    await client.request('settings.set', { sendTyping: false });
    await client.request('settings.set', { sendTyping: false });
    expect(tablet.events().map(({ type, data }) => [type, data])).toEqual([['settings', settings]]);
    expect(client.events('settings')).toEqual([]);
    await begin({ store: core.store });
    expect((await client.request('settings.get'))?.data).toEqual(settings);
  });
});

describe('the last activity', () => {
  const ask = async (to: string, from = `${romeo}/x`): Promise<string> => {
    core.link.sent.length = 0;
    await core.receive(`<iq type='get' id='l' from='${from}' to='${to}'><query xmlns='jabber:iq:last'/></iq>`);
    const text = core.link.sent.splice(0).map(serialize).join();
    return /seconds="(\d+)"/.exec(text)?.[1] ?? /<(service-unavailable)/.exec(text)?.[1] ?? text;
  };

  it('of the user is how long nothing was done, of the account no time while it is there', async () => {
    await client.request('presence.set', { show: 'away', idleSince: '2026-01-01T09:50:00.000Z' });
    expect(await ask(`${alice}/web`)).toBe('600');
    expect(await ask(alice)).toBe('0');
    await client.request('presence.set', {});
    expect(await ask(`${alice}/web`)).toBe('0');
  });

  it('of the gateway is how long it runs', async () => {
    core.time += 7000;
    expect(await ask('web.example.com', 'eve@example.org/x')).toBe('7');
  });

  it('of who has gone is how long ago, also after a restart', async () => {
    client.close();
    await core.settled();
    core.time += 90_000;
    expect(await ask(alice)).toBe('90');
    expect(await ask(`${alice}/web`)).toBe('service-unavailable');
    const { store } = core;
    core = await TestCore.create({ store });
    core.time += 120_000;
    expect(await ask(alice)).toBe('120');
  });

  it('of the invisible is that of who has gone', async () => {
    await client.request('presence.set', { type: 'unavailable' });
    core.time += 30_000;
    expect(await ask(alice)).toBe('30');
    expect(await ask(`${alice}/web`)).toBe('service-unavailable');
  });

  it('is not for strangers, nor of who was never seen', async () => {
    expect(await ask(alice, 'eve@example.org/x')).toBe('service-unavailable');
    expect(await ask(`${alice}/web`, 'eve@example.org/x')).toBe('service-unavailable');
    await core.contacts('bob', { jid: romeo, subscription: 'both' });
    expect(await ask('bob@web.example.com')).toBe('service-unavailable');
  });
});

describe('what the operator does not list in accounts.answers', () => {
  const queries = {
    lastActivity: ['query', 'jabber:iq:last'],
    time: ['time', 'urn:xmpp:time'],
    version: ['query', 'jabber:iq:version'],
    ping: ['ping', 'urn:xmpp:ping'],
  };

  it.each(Object.entries(queries))('%s is neither answered nor announced', async (name, [element, xmlns]) => {
    const others = Object.keys(queries).filter((one) => one !== name);
    await begin({ env: { STANZAWIRE_ACCOUNTS_ANSWERS: others.join(',') } });
    const iq = (payload: string) => `<iq type='get' id='q' from='${romeo}/x' to='${alice}/web'>${payload}</iq>`;
    await core.receive(iq(`<${element} xmlns='${xmlns}'/>`));
    await core.receive(iq("<query xmlns='http://jabber.org/protocol/disco#info'/>"));
    const [answer = '', info = ''] = core.link.sent.map(serialize);
    expect(answer).toContain('service-unavailable');
    for (const [one, [, announced]] of Object.entries(queries)) {
      expect(info.includes(`"${announced}"`), one).toBe(one !== name);
    }
  });
});
