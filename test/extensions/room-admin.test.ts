/** The administration of rooms where one answer leads to the next: configuration, creation, invitations, what bounces. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Element, elements, nameOf, textOf } from '../../src/xmpp/stanza.ts';
import { type CoreClient, TestCore } from '../support/core.ts';
import type { AnyFrame } from '../support/json-client.ts';
import { canonical } from '../support/stanza-text.ts';

const room = 'dev@rooms.example.com';
const owner = 'http://jabber.org/protocol/muc#owner';
const user = 'http://jabber.org/protocol/muc#user';

let core: TestCore;
let alice: CoreClient;
let requests = 0;

beforeEach(async () => {
  core = await TestCore.create();
  alice = await core.login('alice');
  core.link.sent.length = 0;
});

const fieldText = (name: string, type: string, ...values: string[]) =>
  `<field var="${name}" type="${type}">${values.map((value) => `<value>${value}</value>`).join('')}</field>`;

/** A configuration form with those fields. */
function form(...fields: string[]): string {
  const type = fieldText('FORM_TYPE', 'hidden', 'http://jabber.org/protocol/muc#roomconfig');
  return `<query xmlns="${owner}"><x xmlns="jabber:x:data" type="form">${type}${fields.join('')}</x></query>`;
}

const roomname = fieldText('muc#roomconfig_roomname', 'text-single', 'Old');
const membersonly = fieldText('muc#roomconfig_membersonly', 'boolean');
const secret = fieldText('muc#roomconfig_roomsecret', 'text-private');
const locked = fieldText('muc#roomconfig_passwordprotectedroom', 'boolean', '0');

type Play = (stanza: Element, payload: Element | undefined) => string | undefined;

/** Answers stanzas until the request has its answer; `play` gives the payload of a result, or a whole stanza. */
async function request(type: string, data: object, play: Play): Promise<AnyFrame> {
  const id = `r${++requests}`;
  alice.send({ type, id, data });
  for (let turn = 0; turn < 50; turn++) {
    await core.settled();
    const answer = alice.frames.find((frame) => frame.id === id);
    if (answer) return answer;
    for (const stanza of core.link.sent.splice(0)) await core.receive(answerTo(stanza, play));
  }
  throw new Error(`${type} had no answer`);
}

function answerTo(stanza: Element, play: Play): string {
  const { id, from, to } = stanza.attrs;
  const said = play(stanza, elements(stanza)[0]);
  if (said === undefined || /^<(message|presence)/.test(said)) return said ?? '';
  if (!said.startsWith('<error')) return `<iq type="result" id="${id}" from="${to}" to="${from}">${said}</iq>`;
  return `<${nameOf(stanza)} type="error" id="${id}" from="${to}" to="${from}">${said}</${nameOf(stanza)}>`;
}

const error = (condition: string, type: string, text = '') =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>${
    text && `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">${text}</text>`
  }</error>`;

describe('room.config.set', () => {
  /** What is submitted, by field. */
  async function submitted(values: object, ...fields: string[]): Promise<unknown> {
    let sent: unknown;
    const answer = await request('room.config.set', { room, values }, (iq) => {
      if (iq.attrs.type === 'get') return form(...fields);
      const x = elements(elements(iq)[0] ?? iq)[0] ?? iq;
      sent = Object.fromEntries(
        elements(x).map((field) => [
          (field.attrs.var ?? '').replace('muc#roomconfig_', ''),
          elements(field).map(textOf),
        ]),
      );
      return '';
    });
    if (answer.error) return answer.error;
    const { FORM_TYPE: type, ...rest } = sent as Record<string, string[]>;
    expect(type).toEqual(['http://jabber.org/protocol/muc#roomconfig']);
    return rest;
  }

  it('takes our names and those of the form', async () => {
    const values = { name: 'New', 'muc#roomconfig_membersonly': true };
    expect(await submitted(values, roomname, membersonly)).toEqual({ roomname: ['New'], membersonly: ['1'] });
    expect(await submitted({}, roomname, membersonly)).toEqual({ roomname: ['Old'] });
  });

  it('refuses one option under two names', async () => {
    const values = { name: 'New', 'muc#roomconfig_roomname': 'Other' };
    expect(await submitted(values, roomname)).toMatchObject({
      code: 'bad-request',
      field: 'values.muc#roomconfig_roomname',
    });
  });

  it('names what the client wrote where a value is wrong', async () => {
    expect(await submitted({ membersOnly: 'maybe' }, membersonly)).toMatchObject({ field: 'values.membersOnly' });
    expect(await submitted({ colour: 'red' }, membersonly)).toMatchObject({ field: 'values.colour' });
  });

  it('turns the switch of a password with it, where there is one', async () => {
    expect(await submitted({ password: 's3' }, secret, locked)).toEqual({
      roomsecret: ['s3'],
      passwordprotectedroom: ['1'],
    });
    expect(await submitted({ password: '' }, secret, locked)).toEqual({
      roomsecret: [''],
      passwordprotectedroom: ['0'],
    });
    expect(await submitted({ password: 's3' }, secret)).toEqual({ roomsecret: ['s3'] });
    expect(await submitted({ passwordProtected: false }, secret)).toEqual({ roomsecret: [''] });
    expect(await submitted({ passwordProtected: true }, secret)).toMatchObject({ field: 'values.password' });
  });

  it('says what an administrator can do where Prosody 13 keeps an option from the account', async () => {
    for (const key of ['persistent', 'public', 'muc#roomconfig_persistentroom']) {
      expect(await submitted({ [key]: true }, roomname)).toMatchObject({
        code: 'feature-not-implemented',
        field: `values.${key}`,
        by: room,
        message: expect.stringContaining('server_user_role = "prosody:registered"'),
      });
    }
    const other = (await submitted({ moderated: true }, roomname)) as { message: string };
    expect(other).toMatchObject({ code: 'feature-not-implemented' });
    expect(other.message).not.toContain('Prosody');
  });
});

describe('room.create', () => {
  /** A service without that room: its join is answered, and its configuration as `play` says. */
  const service =
    (play: Play, sent: string[] = []): Play =>
    (stanza, payload) => {
      sent.push(stanza.name === 'iq' ? `${stanza.attrs.type} ${payload?.attrs.xmlns?.split('/').at(-1)}` : stanza.name);
      if (stanza.name === 'presence') {
        if (stanza.attrs.type === 'unavailable') return '';
        const x = `<x xmlns="${user}"><item affiliation="owner" role="moderator"/><status code="201"/><status code="110"/></x>`;
        return `<presence from="${stanza.attrs.to}" to="alice@web.example.com/web">${x}</presence>`;
      }
      if (payload?.attrs.xmlns !== owner) return error('item-not-found', 'cancel');
      return play(stanza, payload);
    };
  const values = { membersOnly: true };

  it('asks, joins, reads the form and sets it, in this order', async () => {
    const sent: string[] = [];
    const made = await request(
      'room.create',
      { room, nick: 'al', values },
      service((iq) => (iq.attrs.type === 'get' ? form(membersonly) : ''), sent),
    );
    expect(made).toMatchObject({ type: 'ok', data: { created: true, self: { nick: 'al', affiliation: 'owner' } } });
    const order = sent.filter((what) => what !== 'get disco#info');
    expect(sent[0]).toBe('get disco#info');
    expect(order).toEqual(['presence', 'get muc#owner', 'set muc#owner']);
  });

  it('takes the room back where its configuration is refused', async () => {
    const seen: string[] = [];
    const answer = await request(
      'room.create',
      { room, values: { colour: 'red' } },
      service((iq, payload) => {
        if (iq.attrs.type === 'get') return form(membersonly);
        seen.push(canonical(payload ? elements(payload) : []));
        return '';
      }),
    );
    expect(answer.error).toMatchObject({ code: 'bad-request', field: 'values.colour' });
    expect(seen).toEqual([canonical('<x xmlns="jabber:x:data" type="cancel"/>')]);
    await core.settled();
    expect(core.link.sent.filter(({ attrs }) => attrs.type === 'unavailable')).toHaveLength(1);
    expect((await alice.request('room.list'))?.data).toMatchObject({ items: [] });
  });

  it('does not enter a room that is there', async () => {
    const sent: string[] = [];
    const answer = await request('room.create', { room }, ({ name }) => {
      sent.push(name);
      return '<query xmlns="http://jabber.org/protocol/disco#info"/>';
    });
    expect(answer.error).toMatchObject({ code: 'conflict', field: 'room', by: room });
    expect(sent).toEqual(['iq']);
  });

  it('that Prosody refuses names the lines that decide it', async () => {
    const answer = await request('room.create', { room }, (stanza) =>
      stanza.name === 'iq'
        ? error('item-not-found', 'cancel')
        : error('not-allowed', 'cancel', 'Room creation is restricted'),
    );
    expect(answer.error).toMatchObject({ code: 'not-allowed', by: room });
    expect(answer.error?.message).toMatch(/restrict_room_creation .*server_user_role = "prosody:registered"/);
  });
});

describe('an invitation', () => {
  const invite = (to: string) =>
    `<message from="${to}" to="alice@web.example.com"><x xmlns="${user}"><invite from="bob@example.com"/></x></message>`;

  it('waits for an account without a session, and is told to each new session until it is declined', async () => {
    alice.close();
    await core.receive(invite(room));
    const phone = await core.login('alice', { want: ['rooms'] });
    expect(phone.take()[0]).toMatchObject({ type: 'ready', data: { invites: [{ room, from: 'bob@example.com' }] } });
    alice = await core.login('alice');
    expect(alice.events('room.invite')).toMatchObject([{ data: { room, from: 'bob@example.com' } }]);
    core.link.sent.length = 0;
    const answer = await request('room.decline', { room }, ({ name }) =>
      name === 'iq' ? error('item-not-found', 'cancel') : undefined,
    );
    expect(answer).toMatchObject({ type: 'ok' });
    expect(phone.events('room.invite.removed')).toMatchObject([{ data: { room } }]);
    expect((await core.login('alice')).events('room.invite')).toEqual([]);
  });

  it('of a room again takes the place of the first, and the oldest of too many gives way', async () => {
    await core.receive(invite(room));
    await core.receive(invite(room));
    for (let i = 0; i < 100; i++) {
      core.time += 1000;
      await core.receive(invite(`r${i}@rooms.example.com`));
    }
    expect(alice.events('room.invite.removed')).toMatchObject([{ data: { room } }]);
    const [ready] = (await core.login('alice', { want: ['rooms'] })).take();
    expect(ready?.data?.invites).toHaveLength(100);
  });

  it('brings the password that the join needs', async () => {
    const x = `<x xmlns="${user}"><invite/><password>s3cret</password></x>`;
    await core.receive(`<message from="${room}" to="alice@web.example.com">${x}</message>`);
    const passwords: string[] = [];
    await request('room.join', { room }, (stanza) => {
      if (stanza.name === 'iq') return error('forbidden', 'auth');
      passwords.push(...elements(stanza).flatMap((child) => elements(child).map(textOf)));
      return error('forbidden', 'auth');
    });
    expect(passwords).toContain('s3cret');
  });

  it('that is sent and bounces is refused', async () => {
    const answer = await request('room.invite', { room, jid: 'bob@web.example.com' }, () => '');
    expect(answer.error).toMatchObject({ code: 'service-unavailable' });
  });
});

describe('what a room is told', () => {
  it('fails with its error, or as unconfirmed where it says nothing', async () => {
    const refused = await request('room.subject', { room, subject: 'Mine' }, ({ name }) =>
      name === 'message' ? error('forbidden', 'auth', 'Not you') : undefined,
    );
    expect(refused.error).toMatchObject({ code: 'forbidden', message: 'Not you', by: room });
    core.link.becomes('down');
    const down = await request('room.subject', { room, subject: 'Mine' }, () => undefined);
    expect(down.error).toMatchObject({ code: 'link-down', retry: true });
  });
});

it('bookmarks and invitations are there after a restart', async () => {
  await alice.request('room.bookmark', { room, name: 'Developers' });
  const x = `<x xmlns="${user}"><invite from="bob@example.com"><reason>come</reason></invite></x>`;
  await core.receive(`<message from="chess@rooms.example.com" to="alice@web.example.com">${x}</message>`);
  await core.settled();
  const again = await TestCore.create({ store: core.store });
  const [ready] = (await again.login('alice', { want: ['rooms'] })).take();
  expect(ready?.data).toMatchObject({
    rooms: [{ room, bookmark: { name: 'Developers', autojoin: false } }],
    invites: [{ room: 'chess@rooms.example.com', from: 'bob@example.com', reason: 'come' }],
  });
});

describe('a bookmark', () => {
  it('keeps what it is not told, and other sessions hear of it', async () => {
    const tab = await core.login('alice');
    tab.take();
    await alice.request('room.bookmark', { room, name: 'Developers', nick: 'al' });
    const changed = await alice.request('room.bookmark', { room, autojoin: true, nick: '' });
    expect(changed?.data ?? changed?.error).toMatchObject({ field: 'nick' });
    await alice.request('room.bookmark', { room, autojoin: true, name: '' });
    const bookmark = { nick: 'al', autojoin: true };
    expect(tab.events('room').at(-1)?.data).toEqual({ room, joined: false, bookmark, features: [] });
    expect((await alice.request('room.list'))?.data).toMatchObject({ items: [{ room, joined: false, bookmark }] });
    await alice.request('room.bookmark', { room, remove: true });
    expect((await alice.request('room.list'))?.data).toMatchObject({ items: [] });
  });

  it('is one of at most a thousand', async () => {
    for (let i = 0; i < 1000; i++) {
      alice.send({ type: 'room.bookmark', data: { room: `r${i}@rooms.example.com` } });
      core.time += 100;
      if (i % 50 === 0) await core.settled();
    }
    await core.settled();
    expect((await alice.request('room.bookmark', { room }))?.error).toMatchObject({ code: 'policy-violation' });
  });
});
