/** Fields of messages that take more than one stanza: replies to what is in the archive, and text with files. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { childText, type Element, el, find } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const play = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '2s', STANZAWIRE_LIMITS_RATE: '1000' });
const romeo = 'romeo@example.com';
const [first, second] = ['https://up.example.com/a.jpg', 'https://up.example.com/b.jpg'];

let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(play.server);
});

let alice: JsonClient;
beforeEach(async () => {
  alice = await play.gateway.login('alice');
  await play.stanzas();
});
afterEach(() => alice.close());

const send = (attrs: Record<string, string>, ...children: (Element | undefined)[]) =>
  play.server.send(
    el(
      'message',
      { from: `${romeo}/x`, to: alice.user, type: 'chat', ...attrs },
      ...children.flatMap((one) => one ?? []),
    ),
  );
const body = (text: string) => el('body', {}, text);
const messagesTo = async (to: string) =>
  (await play.stanzas()).filter(({ name, attrs }) => name === 'message' && attrs.to === to && attrs.type !== 'error');

/** A file without sources. */
const file = (name: string, id?: string) =>
  el('file-sharing', { xmlns: ns.fileSharing, id }, el('file', { xmlns: ns.fileMetadata }, el('name', {}, name)));
const attachTo = (id: string) => el('attach-to', { xmlns: ns.attaching, id });
const sources = (url: string, id?: string) =>
  el('sources', { xmlns: ns.fileSharing, id }, el('url-data', { xmlns: ns.urlData, target: url }));

describe('a reply', () => {
  it('names the message as its sender knows it, and quotes it for those who do not see it', async () => {
    send(
      { id: 'r1' },
      body('We should bake a cake\nwith 🍒'),
      el('origin-id', { xmlns: ns.stanzaIds, id: 'r1-origin' }),
    );
    const { id } = await alice.next('message');
    expect(id).toBe('r1-origin');
    const sent = await alice.request('message.send', { to: romeo, id: 's1', body: 'Yes!', reply: { id } });
    const [stanza] = await messagesTo(romeo);
    expect(stanza && childText(stanza, 'body', '')).toBe('> We should bake a cake\n> with 🍒\nYes!');
    expect(stanza && find(stanza, 'reply', ns.reply)?.attrs).toMatchObject({ id: 'r1-origin', to: `${romeo}/x` });
    const range = stanza && find(find(stanza, 'fallback', ns.fallback) ?? stanza, 'body', ns.fallback);
    expect(range?.attrs).toEqual({ start: '0', end: '33' });
    const { items } = await alice.request('history.get', { chat: romeo, ids: [sent.id] });
    expect(items[0]?.data).toMatchObject({ body: 'Yes!', reply: { id, to: `${romeo}/x` } });
  });

  it('names an id attribute that is not the one id, both ways', async () => {
    send({ id: 'twice' }, body('one'));
    send({ id: 'twice' }, body('two'));
    await alice.next('message');
    const { id, archiveId } = await alice.next('message');
    expect(id).toBe(archiveId);
    await alice.request('message.send', { to: romeo, body: 'to the second', reply: { id } });
    const [stanza] = await messagesTo(romeo);
    expect(stanza && find(stanza, 'reply', ns.reply)?.attrs.id).toBe('twice');
    send({ id: 'r4' }, body('me too'), el('reply', { xmlns: ns.reply, id: 'twice', to: romeo }));
    // The newest of that name.
    expect(await alice.next('message')).toMatchObject({ body: 'me too', reply: { id } });
  });

  it('does not fall behind what is sent after it, and is one message when it is sent again', async () => {
    send({ id: 'r5' }, body('first version'));
    const { id } = await alice.next('message');
    const reply = { to: romeo, id: 's5', body: 'slow', reply: { id } };
    const answers = Promise.all([
      alice.request('message.send', reply),
      alice.request('message.send', { to: romeo, id: 's6', body: 'quick' }),
      alice.request('message.send', { to: romeo, id: 's7', body: 'slow too', reply: { id } }),
    ]);
    const [sent] = await answers;
    expect((await messagesTo(romeo)).map(({ attrs }) => attrs.id)).toEqual(['s5', 's6', 's7']);
    send({ id: 'r6' }, body('second version'), el('replace', { xmlns: ns.correction, id: 'r5' }));
    await alice.next('message.edited');
    // What would be quoted now is something else; what the client says is the same.
    expect(await alice.request('message.send', reply)).toEqual(sent);
    expect(await messagesTo(romeo)).toEqual([]);
    const other = alice.request('message.send', { ...reply, body: 'other' });
    await expect(other).rejects.toMatchObject({ error: { code: 'conflict' } });
  });
});

describe('text with files from somebody', () => {
  it('is one message, whole, and what comes behind it comes behind it', async () => {
    send({ id: 'f1' }, body('Photos'), file('a.jpg', '1'), file('b.jpg', '2'));
    send({ id: 'f2' }, body('in between'));
    send({ id: 'f3' }, attachTo('f1'), sources(second, '2'), body(second));
    send({ id: 'f4' }, attachTo('f1'), sources(first, '1'), body(first));
    expect(await alice.next('message')).toMatchObject({
      id: 'f1',
      body: 'Photos',
      files: [
        { url: first, name: 'a.jpg' },
        { url: second, name: 'b.jpg' },
      ],
    });
    expect(await alice.next('message')).toMatchObject({ id: 'f2', body: 'in between' });
    expect(await alice.rest()).toEqual([]);
  });

  it('waits for its sources only for a moment; late ones are messages of their own', async () => {
    send({ id: 'f5' }, body('Coming up'), file('a.jpg'));
    const told = await alice.next('message');
    expect(told).toMatchObject({ id: 'f5', body: 'Coming up' });
    expect(told).not.toHaveProperty('files');
    send(
      { id: 'f6' },
      attachTo('f5'),
      sources(first),
      body(first),
      el('fallback', { xmlns: ns.fallback, for: ns.fileSharing }),
    );
    const late = await alice.next('message');
    expect(late).toMatchObject({ id: 'f6', files: [{ url: first }] });
    expect(late).not.toHaveProperty('body');
  });

  it('takes no sources from anybody else', async () => {
    send({ id: 'f7' }, body('Mine'), file('a.jpg'));
    send({ id: 'f8', from: 'mallory@example.com/x' }, attachTo('f7'), sources(second), body('trust me'));
    expect(await alice.next('message')).toMatchObject({ id: 'f8', files: [{ url: second }] });
    send({ id: 'f9' }, attachTo('f7'), sources(first), body(first));
    expect(await alice.next('message')).toMatchObject({ id: 'f7', files: [{ url: first, name: 'a.jpg' }] });
    expect(await alice.rest()).toEqual([]);
  });
});

describe('text with files to somebody', () => {
  it('is one message on both sides, also between accounts, and for the own sessions', async () => {
    const tablet = await play.gateway.login('alice');
    const carol = await play.gateway.login('carol');
    const files = [{ url: first, name: 'a.jpg' }];
    const sent = await alice.request('message.send', { to: carol.user, id: 't1', body: 'Look', files });
    expect(await carol.next('message')).toMatchObject({ id: 't1', body: 'Look', files });
    expect(await tablet.next('message')).toMatchObject({ id: 't1', body: 'Look', files, outgoing: true });
    const { items } = await alice.request('history.get', { chat: carol.user, ids: [sent.id] });
    expect(items[0]?.data).toMatchObject({ body: 'Look', files });
    expect(await carol.rest()).toEqual([]);
    await tablet.close();
    await carol.close();
  });

  it('is ok once all of it was taken', async () => {
    play.server.answersPings = false;
    const answer = alice.request('message.send', { to: romeo, id: 't2', body: 'Look', files: [{ url: first }] });
    await play.server.next(({ attrs }) => attrs.id === 't2-1');
    expect(await alice.rest()).toEqual([]);
    play.server.answersPings = true;
    play.server.pong(play.server.pings.at(-1));
    expect(await answer).toMatchObject({ id: 't2' });
  });
});

describe('in a room', () => {
  let rooms = 0;
  async function inRoom(config: Parameters<ScriptedMuc['room']>[1] = {}): Promise<ScriptedRoom> {
    const room = muc.room(`fields${++rooms}`, config);
    room.enter('Bob', { affiliation: 'owner' });
    await alice.request('room.join', { room: room.jid, nick: 'alice' });
    return room;
  }
  const sentTo = async ({ jid }: ScriptedRoom) =>
    (await messagesTo(jid)).filter(({ attrs }) => attrs.type === 'groupchat');

  it('text with files follows the id that the room gave it, and everybody has one message', async () => {
    const room = await inRoom();
    const carol = await play.gateway.login('carol');
    await carol.request('room.join', { room: room.jid, nick: 'carol' });
    carol.inbox.take();
    const files = [{ url: first, name: 'a.jpg' }, { url: second }];
    const sent = await alice.request('message.send', { to: room.jid, id: 'g1', body: 'Look', files });
    const [main, ...parts] = await sentTo(room);
    expect(main && childText(main, 'body', '')).toBe('Look');
    expect(parts.map((part) => find(part, 'attach-to', ns.attaching)?.attrs.id)).toEqual([sent.id, sent.id]);
    expect(await carol.next('message')).toMatchObject({ id: sent.id, body: 'Look', files });
    room.say('Bob', 'nice');
    expect(await carol.next('message')).toMatchObject({ body: 'nice' });
    const { items } = await carol.request('history.get', { chat: room.jid });
    expect(items.map(({ data }) => data)).toMatchObject([{ id: sent.id, body: 'Look', files }, { body: 'nice' }]);
    await carol.request('room.leave', { room: room.jid });
    await carol.close();
  });

  it('that gives no ids text with files is one stanza', async () => {
    const room = await inRoom({ stanzaIds: false, archive: false });
    await alice.request('message.send', { to: room.jid, id: 'g2', body: 'Look', files: [{ url: first }] });
    const [stanza, ...more] = await sentTo(room);
    expect(stanza && childText(stanza, 'body', '')).toBe(`Look\n${first}`);
    expect(more).toEqual([]);
  });

  it('a reply names the id of the room, and quotes what was heard', async () => {
    const room = await inRoom();
    room.say('Bob', 'cake?');
    const { id } = await alice.next('message');
    await alice.request('message.send', { to: room.jid, body: 'cake!', reply: { id } });
    const [stanza] = await sentTo(room);
    expect(stanza && find(stanza, 'reply', ns.reply)?.attrs).toMatchObject({ id, to: `${room.jid}/Bob` });
    expect(stanza && childText(stanza, 'body', '')).toBe('> cake?\ncake!');
  });

  it('that gives no ids a reply is refused', async () => {
    const room = await inRoom({ stanzaIds: false, archive: false });
    room.say('Bob', 'cake?');
    const { id } = await alice.next('message');
    const refused = alice.request('message.send', { to: room.jid, body: 'cake!', reply: { id } });
    await expect(refused).rejects.toMatchObject({ error: { code: 'feature-not-implemented', field: 'reply' } });
  });

  it('a private message with a file is marked as one, each part of it', async () => {
    const room = await inRoom();
    const files = [{ url: first }];
    await alice.request('message.send', { to: `${room.jid}/Bob`, id: 'p1', body: 'psst', files });
    const stanzas = await messagesTo(`${room.jid}/Bob`);
    expect(stanzas.map(({ attrs }) => attrs.id)).toEqual(['p1', 'p1-1']);
    for (const stanza of stanzas) expect(find(stanza, 'x', ns.mucUser)).toBeDefined();
  });

  it('a mention is told with its place, and a file alone is a message', async () => {
    const room = await inRoom();
    const mentions = [{ begin: 0, end: 3, jid: `${room.jid}/Bob` }];
    const sent = await alice.request('message.send', { to: room.jid, body: 'Bob!', mentions });
    await alice.request('message.send', { to: room.jid, files: [{ url: first }] });
    const [said, lone] = await sentTo(room);
    expect(said && find(said, 'reference', ns.references)?.attrs).toMatchObject({
      begin: '0',
      end: '3',
      type: 'mention',
    });
    expect(lone && childText(lone, 'body', '')).toBe(first);
    const { items } = await alice.request('history.get', { chat: room.jid });
    expect(items.map(({ data }) => data)).toMatchObject([{ id: sent.id, mentions }, { files: [{ url: first }] }]);
  });
});
