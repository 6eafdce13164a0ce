/** Somebody who is no room and speaks like one, and an occupant who speaks like the room he is in. */
import { expect, it } from 'vitest';
import { type Attack, attack, evilDomain } from '../support/attack.ts';
import type { JsonClient } from '../support/json-client.ts';

const user = 'xmlns="http://jabber.org/protocol/muc#user"';

/** Alice in a room of the real service, Mallory with her. */
async function enter(at: Attack, name: string): Promise<string> {
  const room = `${name}@${at.server.rooms}`;
  await at.alice.request('room.join', { room, nick: 'Alice' }, 20_000);
  at.evil.send(
    `<presence from="${at.mallory}" to="${room}/Mallory"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
  );
  await at.alice.next('room.occupant', ({ nick }) => nick === 'Mallory', 20_000);
  await at.outcome('');
  return room;
}

/** What Alice heard of the room until what Mallory says in it next. */
async function said(at: Attack, room: string, xml: string): Promise<Awaited<ReturnType<JsonClient['rest']>>> {
  at.evil.send(xml);
  const mark = crypto.randomUUID();
  at.evil.send(
    `<message from="${at.mallory}" to="${room}" type="groupchat" id="${mark}"><body>${mark}</body></message>`,
  );
  await at.alice.next('message', ({ body }) => body === mark, 20_000);
  return at.alice.inbox.take();
}

attack('forged rooms', (at) => {
  it('presence that looks like an occupant’s is none, and nobody is in a room by it', async () => {
    const { alice } = at();
    for (const from of [at().mallory, `lobby@${evilDomain}/Romeo`]) {
      for (const to of [alice.user, `${alice.user}/web`]) {
        const item =
          '<item affiliation="owner" role="moderator" jid="romeo@example.test/orchard"/><status code="110"/>';
        const heard = await at().outcome(`<presence from="${from}" to="${to}"><x ${user}>${item}</x></presence>`);
        expect(heard.filter(({ type }) => type.startsWith('room'))).toEqual([]);
      }
    }
    expect((await alice.request('room.list', {})).items).toEqual([]);
  });

  it('what is said as in a room, in no room that she is in, is not shown as that', async () => {
    const { alice } = at();
    const from = `lobby@${evilDomain}/Romeo`;
    const heard = await at().outcome(
      `<message from="${from}" to="${alice.user}/web" type="groupchat"><body>hi</body></message>` +
        `<message from="lobby@${evilDomain}" to="${alice.user}/web" type="groupchat"><subject>evil</subject></message>`,
    );
    expect(heard.filter(({ type }) => type.startsWith('room') || type === 'message')).toEqual([]);
  });

  it('a status that makes her leave counts only from a room that she is in', async () => {
    const room = await enter(at(), 'stays');
    const { alice } = at();
    for (const from of [`stays@${evilDomain}/Alice`, at().mallory]) {
      const kick = `<presence from="${from}" to="${alice.user}/web" type="unavailable"><x ${user}><status code="110"/><status code="307"/></x></presence>`;
      const destroy = `<presence from="${from}" to="${alice.user}/web" type="unavailable"><x ${user}><destroy jid="trap@${evilDomain}"/></x></presence>`;
      const heard = await at().outcome(kick + destroy);
      expect(heard.filter(({ type }) => type.startsWith('room'))).toEqual([]);
    }
    expect((await alice.request('room.list', {})).items).toMatchObject([{ room, joined: true }]);
    await alice.request('room.leave', { room }, 20_000);
  });

  it('an occupant’s forged ids, delays, moderations and subjects stay his own words', async () => {
    const room = await enter(at(), 'forgery');
    const { alice } = at();
    await alice.request('message.send', { to: room, id: 'hers', body: 'what Alice said' }, 20_000);
    const { items } = await alice.request('history.get', { chat: room, max: 10 }, 20_000);
    const mine = items.find(({ data }) => Reflect.get(Object(data), 'body') === 'what Alice said');
    const ids = [
      'hers',
      String(Reflect.get(Object(mine?.data), 'archiveId')),
      String(Reflect.get(Object(mine?.data), 'id')),
    ];
    const groupchat = (inner: string) =>
      `<message from="${at().mallory}" to="${room}" type="groupchat" id="${crypto.randomUUID()}">${inner}</message>`;
    for (const id of ids) {
      const forgeries = [
        `<body>forged</body><replace xmlns="urn:xmpp:message-correct:0" id="${id}"/>`,
        `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"/><body>gone</body>`,
        `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:1" by="${room}"/></retract>`,
        `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:0" by="${room}"><retract xmlns="urn:xmpp:message-retract:0"/></moderated></apply-to>`,
      ];
      for (const forgery of forgeries) {
        const heard = await said(at(), room, groupchat(forgery));
        expect(heard.filter(({ type }) => type === 'message.edited' || type === 'message.retracted')).toEqual([]);
      }
    }
    const stamped = groupchat(
      '<body>from the past</body><delay xmlns="urn:xmpp:delay" stamp="2001-01-01T00:00:00Z"/>' +
        '<stanza-id xmlns="urn:xmpp:sid:0" by="somebody@else.example" id="forged"/>' +
        '<occupant-id xmlns="urn:xmpp:occupant-id:0" id="forged"/>',
    );
    const heard = await said(at(), room, stamped);
    const [event] = heard.filter(({ data }) => data?.body === 'from the past');
    expect(Date.parse(String(event?.data?.time))).toBeGreaterThan(Date.now() - 600_000);
    expect(event?.data?.id).not.toBe('forged');
    expect(event?.data?.occupantId).not.toBe('forged');
    const after = await alice.request('history.get', { chat: room, max: 50 }, 20_000);
    expect(after.items.filter(({ data }) => Reflect.get(Object(data), 'body') === 'what Alice said')).toHaveLength(1);
    await alice.request('room.leave', { room }, 20_000);
  });

  it('an invitation names as its room who sent it: it cannot be in another’s name', async () => {
    const { alice, server } = at();
    const inner = `<x ${user}><invite from="romeo@example.test"><reason>come</reason></invite></x>`;
    const heard = await at().outcome(`<message from="lobby@${evilDomain}" to="${alice.user}">${inner}</message>`);
    const invites = heard.filter(({ type }) => type === 'room.invite');
    for (const { data } of invites) expect(data?.room).toBe(`lobby@${evilDomain}`);
    const direct = `<x xmlns="jabber:x:conference" jid="lobby@${server.rooms}" reason="come"/>`;
    const told = await at().outcome(`<message from="${at().mallory}" to="${alice.user}">${direct}</message>`);
    // Straight from him: the inviter is who sent it, whatever it says.
    expect(told.filter(({ type }) => type === 'room.invite')).toMatchObject([
      { data: { room: `lobby@${server.rooms}`, from: `mallory@${evilDomain}` } },
    ]);
    const { items } = await alice.request('room.list', {});
    expect(items.filter(({ room }) => room.startsWith('lobby@'))).toEqual([]);
  });
});
