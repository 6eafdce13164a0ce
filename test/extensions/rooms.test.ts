/** What many rooms, and many accounts in one room, cost: the pace of coming back, and what is shared. */
import { describe, expect, it, vi } from 'vitest';
import { OutgoingEvent } from '../../src/core/event.ts';
import { roomsOf } from '../../src/extensions/xep0045-muc/rooms.ts';
import { parse } from '../../src/xmpp/jid.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, find } from '../../src/xmpp/stanza.ts';
import { TestCore } from '../support/core.ts';

const user = 'http://jabber.org/protocol/muc#user';
const own = '<status code="110"/>';
const presence = (room: string, nick: string, to: string, inside = '') =>
  `<presence from="${room}/${nick}" to="${to}@web.example.com/web"><x xmlns="${user}"><item affiliation="none" role="participant"/>${inside}</x></presence>`;

/** The rooms are asked what they are, and say nothing of interest. */
async function answerInfos(core: TestCore): Promise<void> {
  for (const { name, attrs, children } of core.link.sent.splice(0)) {
    const asks =
      name === 'iq' && children.some((child) => typeof child !== 'string' && child.attrs.xmlns === ns.discoInfo);
    if (asks)
      await core.receive(
        `<iq type="result" id="${attrs.id}" from="${attrs.to}" to="${attrs.from}"><query xmlns="${ns.discoInfo}"/></iq>`,
      );
  }
}

async function join(core: TestCore, name: string, room: string, others: readonly string[]) {
  const client = await core.login(name);
  const answer = client.request('room.join', { room });
  await core.settled();
  await answerInfos(core);
  for (const nick of others) await core.receive(presence(room, nick, name));
  await core.receive(presence(room, name, name, own));
  await answer;
  return client;
}

describe('rooms', () => {
  it('1,000 are joined again at the pace, not at once', async () => {
    // Before the core is made: its clock must not go back.
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    try {
      const core = await TestCore.create({ env: { STANZAWIRE_XMPP_PACE: '100' } });
      await core.store.openAccount('alice@web.example.com', true);
      for (let i = 0; i < 1000; i++) {
        await core.store.saveRoom('alice@web.example.com', { jid: `r${i}@rooms.example.com`, nick: 'alice' });
      }
      await core.login('alice');
      const asked = () => core.link.sent.filter((stanza) => find(stanza, 'query', ns.discoInfo)).length;
      // A join counts as two stanzas.
      expect(asked()).toBeLessThanOrEqual(50);
      await vi.advanceTimersByTimeAsync(2000);
      expect(asked()).toBeGreaterThan(100);
      expect(asked()).toBeLessThanOrEqual(155);
    } finally {
      vi.useRealTimers();
    }
  });

  it('what is told of an occupant is one object, and one text, for all accounts in the room', async () => {
    const core = await TestCore.create();
    const room = 'tea@rooms.example.com';
    await join(core, 'alice', room, ['Bob']);
    await join(core, 'carol', room, ['Bob', 'alice']);
    const [alice, carol] = ['alice', 'carol'].map((name) => {
      const account = core.server.accounts.loaded(parse(`${name}@web.example.com`));
      return typeof account === 'object' ? roomsOf(account).get(room) : undefined;
    });
    expect(alice?.occupant('Bob')).toBeDefined();
    expect(alice?.occupant('Bob')).toBe(carol?.occupant('Bob'));
    const text = vi.spyOn(JSON, 'stringify');
    await core.receive(presence(room, 'Eve', 'alice') + presence(room, 'Eve', 'carol'));
    const made = text.mock.calls.filter(([value]) => (value as { nick?: string }).nick === 'Eve');
    text.mockRestore();
    expect(made).toHaveLength(1);
    expect(alice?.shared.event('Eve', false)).toBeInstanceOf(OutgoingEvent);
  });

  it('one that has said nothing for 15 minutes is asked whether the account is in it, and joined again if not', async () => {
    const room = 'tea@rooms.example.com';
    vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] });
    try {
      const core = await TestCore.create();
      const client = await join(core, 'alice', room, ['Bob']);
      const pings = () => core.link.sent.splice(0).filter((stanza) => find(stanza, 'ping', ns.ping));
      const pass = async (minutes: number) => {
        for (let minute = 0; minute < minutes; minute++) {
          core.time += 60_000;
          await vi.advanceTimersByTimeAsync(60_000);
        }
        return pings();
      };
      const answer = (ping: Element | undefined, type: string, inside = '') =>
        core.receive(
          `<iq type="${type}" id="${ping?.attrs.id}" from="${room}/alice" to="alice@web.example.com/web">${inside}</iq>`,
        );
      // The join itself is followed by one.
      await answer(pings()[0], 'result');
      expect(await pass(15)).toEqual([]);
      const [ping, ...more] = await pass(1);
      expect(ping?.attrs).toMatchObject({ type: 'get', to: `${room}/alice`, from: 'alice@web.example.com/web' });
      expect(more).toEqual([]);
      await answer(ping, 'result');
      expect(await pass(15)).toEqual([]);
      const condition = '<not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>';
      await answer((await pass(1))[0], 'error', `<error type="cancel">${condition}</error>`);
      await vi.advanceTimersByTimeAsync(3000);
      await answerInfos(core);
      await core.receive(presence(room, 'alice', 'alice', own));
      await vi.advanceTimersByTimeAsync(0);
      expect(client.events('room').at(-1)).toMatchObject({
        data: { room, joined: true },
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('their pings are answered while no session is open, and those of others are not', async () => {
    const core = await TestCore.create();
    await core.store.openAccount('alice@web.example.com', true);
    await core.store.saveRoom('alice@web.example.com', { jid: 'tea@rooms.example.com', nick: 'alice' });
    const ping = (from: string) =>
      `<iq type="get" id="p" from="${from}" to="alice@web.example.com/web"><ping xmlns="${ns.ping}"/></iq>`;
    await core.receive(ping('tea@rooms.example.com/Bob') + ping('else@rooms.example.com/Bob'));
    const answers = core.link.sent.filter(({ attrs }) => attrs.id === 'p');
    expect(answers.map(({ attrs }) => [attrs.to, attrs.type])).toEqual([
      ['tea@rooms.example.com/Bob', 'result'],
      ['else@rooms.example.com/Bob', 'error'],
    ]);
  });
});
