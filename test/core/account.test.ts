/** An account with several sessions: which presence is its own, who may learn of it, what its sessions are told. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnPresence } from '../../src/protocol/objects.ts';
import { parse } from '../../src/xmpp/jid.ts';
import { childText, type Element } from '../../src/xmpp/stanza.ts';
import { type CoreClient, settled, TestCore } from '../support/core.ts';
import { parseStanza } from '../support/stanza-text.ts';

let core: TestCore;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  core = await TestCore.create();
  await core.contacts('alice', { jid: 'romeo@example.com', subscription: 'from' });
  later();
});
afterEach(() => void vi.useRealTimers());

/** Time goes on, so that each change has one of its own. */
const later = () => {
  core.time += 1000;
  vi.setSystemTime(core.time);
};
const login = async (presence: OwnPresence | false): Promise<CoreClient> => {
  later();
  return core.login('alice', { presence });
};
const alice = async () => core.server.accounts.load(parse('alice@web.example.com'));

/** What romeo is told, in short. */
const brief = (stanza: Element) => {
  expect(stanza.attrs).toMatchObject({ from: 'alice@web.example.com/web', to: 'romeo@example.com' });
  const words = [stanza.attrs.type ?? childText(stanza, 'show', '') ?? 'online', childText(stanza, 'status', '')];
  return words.filter((word) => word !== undefined).join(' ');
};

const chat: OwnPresence = { show: 'chat', status: 'c' };
const online: OwnPresence = { status: 'o' };
const dnd: OwnPresence = { show: 'dnd', status: 'd' };
const away: OwnPresence = { show: 'away', status: 'a' };
const xa: OwnPresence = { show: 'xa', status: 'x' };

describe('the presence of an account', () => {
  const rows: [string, (OwnPresence | false)[], OwnPresence | undefined][] = [
    ['of no session is none', [], undefined],
    ['of invisible sessions is none', [false, false], undefined],
    ['is that of its one session', [xa], xa],
    ['does not count who is invisible', [false, xa, false], xa],
    ['is chat before online', [online, chat, online], chat],
    ['is online before dnd', [dnd, online, dnd], online],
    ['is dnd before away', [away, dnd, away], dnd],
    ['is away before xa', [xa, away, xa], away],
    ['is chat before all others', [xa, away, chat, dnd, online], chat],
    ['is the latest of equals', [{ show: 'away' }, away, { ...away, status: 'b' }], { show: 'away', status: 'b' }],
  ];
  it.each(rows)('%s', async (_, sessions, expected) => {
    for (const presence of sessions) await login(presence);
    expect((await alice())?.presence).toEqual(expected);
  });

  it('is the latest change of equals, not the latest session', async () => {
    const first = await login(dnd);
    await login({ show: 'dnd', status: 'second' });
    later();
    await first.request('presence.set', { show: 'dnd', status: 'first again' });
    expect((await alice())?.presence).toEqual({ show: 'dnd', status: 'first again' });
  });

  it('is the best of those that remain when a session ends', async () => {
    const laptop = await login(chat);
    await login(away);
    laptop.close();
    expect((await alice())?.presence).toEqual(away);
  });

  it('is told to contacts when it changes, and only then', async () => {
    const laptop = await login(online);
    const phone = await login(away);
    const hidden = await login(false);
    await hidden.request('presence.set', away);
    await phone.request('presence.set', xa);
    laptop.close();
    await settled();
    phone.close();
    hidden.close();
    await settled();
    expect(core.link.sent.map(brief)).toEqual(['online o', 'away a', 'unavailable']);
  });

  it('is told once where several things change at once', async () => {
    const laptop = await login(online);
    core.link.sent.length = 0;
    for (const presence of [dnd, away, chat, online, xa]) laptop.send({ type: 'presence.set', data: presence });
    await settled();
    expect(core.link.sent.map(brief)).toEqual(['xa x']);
    laptop.send({ type: 'presence.set', data: chat });
    laptop.send({ type: 'presence.set', data: xa });
    await settled();
    expect(core.link.sent).toHaveLength(1);
  });

  it('is told again when the link is back', async () => {
    await login(dnd);
    core.link.becomes('down');
    core.link.sent.length = 0;
    core.link.becomes('up');
    expect(core.link.sent.map(({ attrs }) => attrs.to)).toEqual(['romeo@example.com']);
  });
});

describe('who may learn of an account', () => {
  it('are its subscribers, whom it has written to, and itself', async () => {
    await core.contacts(
      'alice',
      { jid: 'none@example.com' },
      { jid: 'to@example.com', subscription: 'to' },
      { jid: 'both@example.com', subscription: 'both' },
    );
    const client = await login({});
    await client.request('message.send', { to: 'stranger@example.com/x', body: 'hi' });
    const names = ['none', 'to', 'romeo', 'both', 'stranger', 'other'].map((name) => `${name}@example.com`);
    const account = await alice();
    const learning = [...names, 'alice@web.example.com'].filter((jid) => account?.mayLearn(jid));
    expect(learning).toEqual([
      'romeo@example.com',
      'both@example.com',
      'stranger@example.com',
      'alice@web.example.com',
    ]);
  });
});

describe('an account without a session', () => {
  it('is forgotten after ten minutes, and found again in the store', async () => {
    const client = await login({});
    client.close();
    core.time += 10 * 60_000 - 1;
    core.server.accounts.sweep();
    expect(core.server.accounts.size).toBe(1);
    core.time += 1;
    core.server.accounts.sweep();
    expect(core.server.accounts.size).toBe(0);
    expect((await alice())?.roster.get('romeo@example.com')).toMatchObject({ subscription: 'from' });
  });

  it('is not made by a stanza, only by a client', async () => {
    await core.receive('<message from="romeo@example.com/x" to="nobody@web.example.com" type="chat"><body/></message>');
    expect(core.server.accounts.size).toBe(0);
    expect(core.link.sent).toMatchObject([{ name: 'message', attrs: { type: 'error', to: 'romeo@example.com/x' } }]);
  });

  it('is one object however many clients and stanzas come at once', async () => {
    const clients = [core.login('bob'), core.login('bob')];
    core.link.receive(parseStanza('<presence from="a@b" to="bob@web.example.com"/>'));
    await Promise.all(clients);
    await core.settled();
    const account = await core.server.accounts.load(parse('bob@web.example.com'));
    expect(account?.sessions.size).toBe(2);
  });
});
