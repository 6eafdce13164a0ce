import { describe, expect, it } from 'vitest';
import { onEveryDriver } from './drivers.ts';
import {
  action,
  alice,
  appendAll,
  bob,
  carol,
  dora,
  edit,
  folded,
  incoming,
  iso,
  log,
  noon,
  oneIds,
  outgoing,
  reaction,
  receipt,
} from './support.ts';

onEveryDriver((fixture) => {
  const chats = async (max = 10, after?: string) =>
    fixture.archive.chats(alice, { max, ...(after === undefined ? {} : { after }) });
  const names = async (max?: number, after?: string) => (await chats(max, after)).items.map((item) => item.chat);
  const unread = async (chat = bob) => (await fixture.archive.chat(alice, chat))?.unread;

  it('a chat shows its newest message in its last version', async () => {
    expect(await fixture.archive.chat(alice, bob)).toBeUndefined();
    await appendAll(fixture.archive, [
      incoming('m1', 'a'),
      incoming('m2', 'b'),
      edit('m2', 'B'),
      reaction('m1', ['👋']),
    ]);
    const last = (await folded(fixture.archive, { max: 1 })).items[0];
    expect(last?.data.body).toBe('B');
    expect(await fixture.archive.chat(alice, bob)).toEqual({ chat: bob, unread: 2, last });
    expect(await chats()).toEqual({ items: [{ chat: bob, unread: 2, last }], complete: true, count: 1 });
  });

  it('chats come by their last message, newest first, in pages', async () => {
    const jids = Array.from({ length: 7 }, (_, i) => `c${i}@example.com`);
    await appendAll(
      fixture.archive,
      jids.map((chat) => incoming('m1', 'x', { chat })),
    );
    await appendAll(fixture.archive, [outgoing('m2', 'y', { chat: 'c2@example.com' })]);
    // What happens to an old message is no activity.
    await appendAll(fixture.archive, [reaction('m1', ['👋'], { chat: 'c0@example.com' })]);
    const order = ['c2', 'c6', 'c5', 'c4', 'c3', 'c1', 'c0'].map((name) => `${name}@example.com`);
    expect(await names()).toEqual(order);
    const pages: string[] = [];
    for (let complete = false; !complete; ) {
      const page = await chats(3, pages.at(-1));
      expect(page.count).toBe(7);
      pages.push(...page.items.map((item) => item.chat));
      complete = page.complete;
    }
    expect(pages).toEqual(order);
    await expect(chats(3, 'nobody@example.com')).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('a room is a chat among the others, with what was saved of it', async () => {
    const { archive } = fixture;
    const room = 'dev@rooms.example.com';
    await archive.append(alice, incoming('m1', 'one', { now: noon }));
    await archive.append(alice, incoming('m2', 'two', { chat: carol, now: noon + 2000 }));
    await archive.saveRoomPosition(alice, room, { unread: 3, activeAt: noon + 1000 });
    expect(await names()).toEqual([carol, room, bob]);
    expect(await names(1, carol)).toEqual([room]);
    expect(await archive.chat(alice, room)).toEqual({
      chat: room,
      unread: 0,
      room: { unread: 3, activeAt: noon + 1000 },
    });
    await archive.updateChat(alice, room, { muted: true });
    await archive.saveRoomPosition(alice, room, { unread: 0, activeAt: noon + 3000 });
    await archive.saveRoomPosition(alice, 'new@rooms.example.com', {});
    expect(await names()).toEqual([room, carol, bob, 'new@rooms.example.com']);
    expect(await archive.chat(alice, room)).toMatchObject({ muted: true, room: { unread: 0 } });
    expect([...(await archive.roomPositions(alice)).keys()].sort()).toEqual([room, 'new@rooms.example.com']);
    expect(await archive.roomPositions(dora)).toEqual(new Map());

    await archive.removeRoomPosition(alice, room);
    await archive.removeRoomPosition(alice, bob);
    await archive.removeRoomPosition(alice, 'never@rooms.example.com');
    expect(await names()).toEqual([carol, bob, 'new@rooms.example.com']);
    const nobody = archive.saveRoomPosition('nobody@web.example.com', room, {});
    await expect(nobody).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('retention leaves rooms alone', async () => {
    const { archive } = fixture;
    await archive.saveRoomPosition(alice, 'dev@rooms.example.com', {});
    await archive.append(alice, incoming('m1', 'one', { now: noon }));
    expect(await archive.prune({ before: noon + 1000 }, 10)).toBe(1);
    expect(await names()).toEqual(['dev@rooms.example.com']);
  });

  it('settings make a chat, survive, and change one by one', async () => {
    await fixture.archive.append(alice, incoming('m1', 'x', { chat: carol }));
    expect(await fixture.archive.updateChat(alice, bob, { muted: true })).toEqual({
      chat: bob,
      unread: 0,
      muted: true,
    });
    const pinned = { chat: bob, unread: 0, muted: true, pinned: true };
    expect(await fixture.archive.updateChat(alice, bob, { pinned: true })).toEqual(pinned);
    await fixture.reopen();
    expect(await names()).toEqual([bob, carol]);
    expect(await fixture.archive.updateChat(alice, bob, { muted: false, archived: true })).toEqual({
      chat: bob,
      unread: 0,
      pinned: true,
      archived: true,
    });
    expect(await fixture.archive.chat(dora, bob)).toBeUndefined();
    await fixture.archive.append(alice, incoming('m2', 'x', { chat: carol }));
    expect(await names()).toEqual([carol, bob]);
  });

  describe('reading', () => {
    it('moves the position forward only, and counts what is left', async () => {
      const at = (seconds: number) => ({ now: noon + seconds * 1000 });
      const items = await appendAll(fixture.archive, [
        incoming('m1', 'a', at(1)),
        incoming('m2', 'b', { ...at(2), ids: ['m2', 'attribute'] }),
        outgoing('m3', 'c', at(3)),
        incoming('m4', 'd', { ...at(4), unread: false }),
        incoming('m5', 'e', at(5)),
      ]);
      expect(await unread()).toBe(3);
      const readUpTo = { id: 'm2', archiveId: items[1]?.archiveId, time: iso(noon + 2000) };
      const moved = await fixture.archive.markRead(alice, bob, 'm2');
      expect(moved?.chat).toMatchObject({ chat: bob, unread: 1, readUpTo, last: { archiveId: items[4]?.archiveId } });
      expect(moved?.marked).toMatchObject({ ids: ['m2', 'attribute'], author: bob, outgoing: false });
      expect(await fixture.archive.markRead(alice, bob, 'm2')).toBeUndefined();
      expect(await fixture.archive.markRead(alice, bob, 'm1')).toBeUndefined();
      expect(await fixture.archive.markRead(alice, bob, 'm3')).toMatchObject({
        chat: { unread: 1 },
        marked: { ids: ['m3'], author: alice, outgoing: true },
      });
      await fixture.reopen();
      expect(await unread()).toBe(1);
      await fixture.archive.append(alice, incoming('m6', 'f', at(6)));
      expect(await fixture.archive.chat(alice, bob)).toMatchObject({ unread: 2, readUpTo: { id: 'm3' } });
      expect(await fixture.archive.markRead(alice, bob, 'm6')).toMatchObject({ chat: { unread: 0 } });
    });

    it('a message without ids is marked by the id it was given', async () => {
      const [item] = await fixture.archive.append(alice, incoming('', 'a', { ids: [] }));
      const moved = await fixture.archive.markRead(alice, bob, item?.archiveId ?? '');
      expect(moved).toMatchObject({ chat: { unread: 0 }, marked: { ids: [] } });
    });

    it('needs a message of that chat', async () => {
      await appendAll(fixture.archive, [incoming('m1', 'a'), edit('m1', 'A', { ids: ['e1'] })]);
      for (const [chat, id] of [
        [bob, 'nothing'],
        [bob, 'e1'],
        [carol, 'm1'],
      ] as const) {
        await expect(fixture.archive.markRead(alice, chat, id)).rejects.toMatchObject({ code: 'item-not-found' });
      }
      await expect(fixture.archive.markRead(dora, bob, 'm1')).rejects.toMatchObject({ code: 'item-not-found' });
    });
  });

  describe('retention', () => {
    const at = (seconds: number) => ({ now: noon + seconds * 1000 });
    const prune = async (rule: { before?: number; perChat?: number }, max = 100) => fixture.archive.prune(rule, max);

    it('removes what is old, oldest first, a few at a time', async () => {
      await appendAll(
        fixture.archive,
        Array.from({ length: 10 }, (_, i) => incoming(`m${i}`, `word${i}`, at(i))),
      );
      expect(await prune({ before: noon + 7000 }, 3)).toBe(3);
      expect(oneIds(await log(fixture.archive))).toEqual(['m3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
      expect(await prune({ before: noon + 7000 })).toBe(4);
      expect(await prune({ before: noon + 7000 })).toBe(0);
      expect(oneIds(await log(fixture.archive))).toEqual(['m7', 'm8', 'm9']);
    });

    it('keeps the newest items of each chat', async () => {
      await appendAll(
        fixture.archive,
        Array.from({ length: 10 }, (_, i) => incoming(`m${i}`, 'x', { ...at(i), chat: i < 7 ? bob : carol })),
      );
      await fixture.archive.append(alice, reaction('m6', ['👋'], at(10)));
      expect(await prune({ perChat: 3 }, 4)).toBe(4);
      expect(await prune({ perChat: 3 }, 4)).toBe(1);
      expect(await prune({ perChat: 3 }, 4)).toBe(0);
      expect(oneIds(await log(fixture.archive, { chat: bob }))).toEqual(['m5', 'm6', 'm6']);
      expect(oneIds(await log(fixture.archive, { chat: carol }))).toEqual(['m7', 'm8', 'm9']);
    });

    it('both rules together keep within the number of a step', async () => {
      await appendAll(
        fixture.archive,
        Array.from({ length: 10 }, (_, i) => incoming(`m${i}`, 'x', at(i))),
      );
      const rule = { before: noon + 4000, perChat: 2 };
      expect([await prune(rule, 5), await prune(rule, 5), await prune(rule, 5)]).toEqual([5, 3, 0]);
    });

    it('takes ids, words, receipts and unread counts with it', async () => {
      const receiptTo = { receipt: { to: `${bob}/phone`, id: 'm1' } };
      const items = await appendAll(fixture.archive, [
        incoming('m1', 'first', { ...at(1), ...receiptTo, ids: ['m1', 'attribute'] }),
        incoming('m2', 'second', at(2)),
      ]);
      expect(await unread()).toBe(2);
      await prune({ before: noon + 2000 });
      expect(await unread()).toBe(1);
      expect((await folded(fixture.archive, { text: 'first' })).items).toEqual([]);
      expect(oneIds(await folded(fixture.archive, { text: 'second' }))).toEqual(['m2']);
      expect(await fixture.archive.takeReceipts(alice, [items[1]?.archiveId ?? ''])).toEqual([]);
      expect((await folded(fixture.archive, { chat: bob, ids: ['m1'] })).items).toEqual([]);
      const before = items[0]?.archiveId ?? '';
      await expect(log(fixture.archive, { before })).rejects.toMatchObject({ code: 'item-not-found' });
      // The ids are free again, and nothing finds the message that is gone.
      expect(await fixture.archive.append(alice, reaction('attribute', ['👋'], at(3)))).toEqual([]);
      const again = await fixture.archive.append(
        alice,
        incoming('m1', 'again', { ...at(4), ids: ['m1', 'attribute'] }),
      );
      expect(again.map((item) => item.data.id)).toEqual(['m1', 'm1']);
    });

    it('what is left of a message that is gone does no harm', async () => {
      await appendAll(fixture.archive, [
        incoming('m1', 'a', at(1)),
        edit('m1', 'b', { ...at(2), ids: ['e1'] }),
        reaction('m1', ['👋'], at(3)),
        outgoing('m2', 'c', at(4)),
      ]);
      await prune({ before: noon + 2000 });
      expect(oneIds(await folded(fixture.archive))).toEqual(['m2']);
      expect((await log(fixture.archive)).items).toHaveLength(3);
      expect(await fixture.archive.append(alice, reaction('e1', ['🐢'], at(5)))).toEqual([]);
      await appendAll(fixture.archive, [receipt('m2', 'displayed', at(6)), action('message.failed', 'm2', {}, at(7))]);
    });

    it('a chat goes with its last item, unless it has settings', async () => {
      await appendAll(fixture.archive, [incoming('m1', 'a'), incoming('m1', 'a', { chat: carol })]);
      await fixture.archive.markRead(alice, bob, 'm1');
      await fixture.archive.updateChat(alice, carol, { pinned: true });
      expect(await prune({ before: noon + 1 })).toBe(2);
      expect(await names()).toEqual([carol]);
      expect(await fixture.archive.chat(alice, carol)).toEqual({ chat: carol, unread: 0, pinned: true });
      expect(await fixture.archive.chat(alice, bob)).toBeUndefined();
      expect((await folded(fixture.archive, { chat: bob })).items).toEqual([]);
      await fixture.archive.append(alice, incoming('m1', 'back', at(1)));
      expect(await fixture.archive.chat(alice, bob)).toMatchObject({ chat: bob, unread: 1 });
    });
  });
});
