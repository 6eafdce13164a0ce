/** What was missed with a lost session: read from the archives, in order, and nothing twice (PROTOCOL.md §5). */
import { describe, expect, test } from 'vitest';
import type { RequestData } from '../../src/protocol/frames.ts';
import type { Inbox } from '../support/peers/inbox.ts';
import type { ScriptedSocket } from '../support/scripted-gateway.ts';
import { message, of, scripted, type Told } from './scripted.ts';

const script = scripted();
const room = 'dev@rooms.example.com';
const said = (id: string, more: object = {}) => message(id, { archiveId: id, ...more });
const inRoom = (id: string) => said(id, { chat: room, type: 'groupchat', from: `${room}/bob`, to: room });
const item = (data: object) => ({ type: 'message', data });
const bodies = (told: Inbox<Told>) =>
  told.take(of('message')).map(({ data, origin }) => `${(data as { id: string }).id} ${origin}`);

/** Answers one `history.get`; resolves with what was asked. */
async function page(socket: ScriptedSocket, items: object[], more: object = {}): Promise<RequestData<'history.get'>> {
  const last = (items.at(-1) as { data: { archiveId: string } } | undefined)?.data.archiveId;
  const answer = { items, complete: true, ...(last === undefined ? {} : { last }), ...more };
  return (await socket.answer('history.get', answer)).data as RequestData<'history.get'>;
}

/** Loses the session; the new one is there, its `ready` said. */
async function anew(socket: ScriptedSocket, ready: object): Promise<ScriptedSocket> {
  socket.cut();
  const next = await script.gateway.socket();
  await next.welcome({ session: 's_2', reason: 'unknown', ...ready });
  return next;
}

describe("the account's archive", () => {
  test('is not read at the first connect, nor after a resume', async () => {
    const { socket } = await script.online({}, { archive: { last: 'a5' } });
    socket.event('message', said('a6'));
    await socket.settled();
    socket.cut();
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true, seq: 1 });
    await again.settled();
    expect(again.inbox.take((frame) => frame.type === 'history.get')).toEqual([]);
  });

  test('is read page by page from the cursor on, until it is complete', async () => {
    const { told, socket } = await script.online({}, { archive: { last: 'a1' } });
    socket.event('message', said('a2'));
    await socket.settled();
    const again = await anew(socket, { archive: { last: 'a6' } });
    expect(
      await page(
        again,
        ['a3', 'a4'].map((id) => item(said(id))),
        { complete: false },
      ),
    ).toEqual({ after: 'a2' });
    expect(
      await page(
        again,
        ['a5', 'a6'].map((id) => item(said(id))),
      ),
    ).toEqual({ after: 'a4' });
    await again.settled();
    expect(bodies(told)).toEqual(['a2 live', 'a3 history', 'a4 history', 'a5 history', 'a6 history']);
    expect(again.inbox.take()).toEqual([]);
  });

  test('is not read when there is nothing new in it', async () => {
    const { socket } = await script.online({}, { archive: { last: 'a1' } });
    const again = await anew(socket, { archive: { last: 'a1' } });
    await again.settled();
    expect(again.inbox.take()).toEqual([]);
  });

  test('that was empty is read from its end', async () => {
    const { told, socket } = await script.online({}, { archive: {} });
    const again = await anew(socket, { archive: { last: 'a2' } });
    expect(
      await page(
        again,
        ['a1', 'a2'].map((id) => item(said(id))),
      ),
    ).toEqual({ view: 'log' });
    await again.settled();
    expect(bodies(told)).toEqual(['a1 history', 'a2 history']);
  });

  test('comes before the events that come meanwhile, and what is in both comes once', async () => {
    const { told, socket } = await script.online({}, { archive: { last: 'a1' } });
    const again = await anew(socket, { archive: { last: 'a2' } });
    again.event('message', said('a3'));
    again.event('message', said('a4'));
    again.event('contact', { jid: 'bob@example.com', groups: [], subscription: 'both' });
    await again.settled();
    expect(bodies(told)).toEqual([]);
    expect(told.take(of('contact'))).toHaveLength(1);
    await page(
      again,
      ['a2', 'a3'].map((id) => item(said(id))),
    );
    await again.settled();
    expect(bodies(told)).toEqual(['a2 history', 'a3 live', 'a4 live']);
    again.event('message', said('a4'));
    again.event('message', said('a5'));
    await again.settled();
    expect(bodies(told)).toEqual(['a5 live']);
  });

  test('leaves out what this client has just sent', async () => {
    const { chat, told, socket } = await script.online({}, { archive: { last: 'a1' } });
    const sending = chat.send({ to: 'bob@example.com', body: 'mine' });
    await socket.next('message.send');
    const again = await anew(socket, { archive: { last: 'a2' } });
    await page(again, [item(said('a2', { id: sending.id, originId: sending.id, outgoing: true }))]);
    const ok = { id: sending.id, chat: 'bob@example.com', type: 'chat', archiveId: 'a2', time: 'now' };
    await again.answer('message.send', ok);
    expect(await sending).toEqual(ok);
    await again.settled();
    expect(bodies(told)).toEqual([]);
  });

  test('goes on where it was when the socket is lost between two pages', async () => {
    const { told, socket } = await script.online({}, { archive: { last: 'a1' } });
    const again = await anew(socket, { archive: { last: 'a3' } });
    await page(again, [item(said('a2'))], { complete: false });
    await again.next('history.get');
    const third = await anew(again, { session: 's_3', archive: { last: 'a4' } });
    // The request that was open is answered too, and counts for nothing.
    const asked = [
      await page(third, [item(said('a3'))]),
      await page(
        third,
        ['a3', 'a4'].map((id) => item(said(id))),
      ),
    ];
    expect(asked).toEqual([{ after: 'a2' }, { after: 'a2' }]);
    await third.settled();
    expect(bodies(told)).toEqual(['a2 history', 'a3 history', 'a4 history']);
  });

  test.each([
    ['is too long', { catchUp: 1 }, (socket: ScriptedSocket) => page(socket, [item(said('a2'))], { complete: false })],
    ['has lost the cursor', {}, (socket: ScriptedSocket) => socket.refuse('history.get', { code: 'item-not-found' })],
  ])('that %s is a gap, and the client goes on from its end', async (_, options, answer) => {
    const { told, socket } = await script.online(options, { archive: { last: 'a1' } });
    const again = await anew(socket, { archive: { last: 'a7' } });
    await answer(again);
    expect((await told.next(of('gap'))).data).toEqual({});
    again.event('message', said('a8'));
    await again.settled();
    expect(bodies(told).at(-1)).toBe('a8 live');
    const third = await anew(again, { session: 's_3', archive: { last: 'a9' } });
    expect(await page(third, [])).toEqual({ after: 'a8' });
  });

  test('is asked again when it cannot answer now', async () => {
    const { told, socket } = await script.online({}, { archive: { last: 'a1' } });
    const again = await anew(socket, { archive: { last: 'a2' } });
    await again.refuse('history.get', { code: 'resource-constraint', retry: true });
    await page(again, [item(said('a2'))]);
    await told.next(of('message'));
    expect(told.take(of('gap'))).toEqual([]);
  });
});

describe('a room', () => {
  const chat = (id: string) => ({ chat: room, kind: 'room', unread: 0, mentions: 0, last: inRoom(id) }) as never;
  const joined = [{ room, joined: true, features: ['mam'] }];

  test('is read with a cursor of its own, when its newest message is not the own', async () => {
    const { told, socket } = await script.online({}, { chats: [chat('r9')], rooms: joined, archive: { last: 'a1' } });
    // Ids of rooms need not sort.
    socket.event('message', inRoom('r2'));
    await socket.settled();
    const again = await anew(socket, { chats: [chat('r1')], rooms: joined, archive: { last: 'a1' } });
    expect(await page(again, [item(inRoom('r7')), item(inRoom('r1'))])).toEqual({ chat: room, after: 'r2' });
    await again.settled();
    expect(bodies(told)).toEqual(['r2 live', 'r7 history', 'r1 history']);
    const third = await anew(again, { session: 's_3', chats: [chat('r1')], rooms: joined, archive: { last: 'a1' } });
    await third.settled();
    expect(third.inbox.take()).toEqual([]);
  });

  test('that the account is not in yet is read when its chat event says so', async () => {
    const { told, socket } = await script.online({}, { chats: [chat('r1')], rooms: joined });
    const away = [{ room, joined: false, features: [] }];
    const again = await anew(socket, { chats: [chat('r1')], rooms: away });
    await again.settled();
    expect(again.inbox.take()).toEqual([]);
    again.event('chat', chat('r3'));
    again.event('message', inRoom('r4'));
    expect(
      await page(
        again,
        ['r2', 'r3', 'r4'].map((id) => item(inRoom(id))),
      ),
    ).toEqual({ chat: room, after: 'r1' });
    await again.settled();
    expect(bodies(told)).toEqual(['r2 history', 'r3 history', 'r4 live']);
  });

  test('does not move the cursor of the account, nor the other way round', async () => {
    const { socket } = await script.online({}, { chats: [chat('r1')], rooms: joined, archive: { last: 'a1' } });
    socket.event('message', inRoom('r2'));
    socket.event('reaction', {
      chat: room,
      id: 'r2',
      from: `${room}/bob`,
      reactions: ['👍'],
      time: 'now',
      archiveId: 'r3',
    });
    socket.event('message', said('a2'));
    await socket.settled();
    const again = await anew(socket, { chats: [chat('r4')], rooms: joined, archive: { last: 'a3' } });
    expect(await page(again, [])).toEqual({ after: 'a2' });
    expect(await page(again, [])).toEqual({ chat: room, after: 'r3' });
  });

  test('that refuses is a gap of its own', async () => {
    const { told, socket } = await script.online({}, { chats: [chat('r1')], rooms: joined });
    const again = await anew(socket, { chats: [chat('r2')], rooms: joined });
    await again.refuse('history.get', { code: 'feature-not-implemented' });
    expect((await told.next(of('gap'))).data).toEqual({ chat: room });
  });
});
