import { expect, it } from 'vitest';
import type { Item } from '../../src/store/archive.ts';
import { formatArchiveId, parseArchiveId } from '../../src/store/archive-id.ts';
import { onEveryDriver } from './drivers.ts';
import {
  action,
  alice,
  appendAll,
  archiveIds,
  bob,
  carol,
  dora,
  edit,
  folded,
  incoming,
  log,
  noon,
  oneIds,
  outgoing,
  reaction,
  receipt,
} from './support.ts';

const ids = (items: readonly Item[]) => items.map((item) => item.archiveId);

onEveryDriver((fixture) => {
  it('a message comes back as it was stored, with its id and its archive id', async () => {
    const item = incoming('m1', 'hi 🐢', { data: { chat: bob, body: 'hi 🐢', odd: { deep: [1, null, 'x'] } } });
    const [archived] = await fixture.archive.append(alice, item);
    const archiveId = formatArchiveId(noon * 1024);
    const data = { chat: bob, body: 'hi 🐢', odd: { deep: [1, null, 'x'] }, id: 'm1', archiveId };
    const stored = { archiveId, type: 'message', chat: bob, data };
    expect(archived).toEqual({ ...stored, newChat: true });
    expect((await log(fixture.archive)).items).toEqual([stored]);
    expect((await folded(fixture.archive)).items).toEqual([stored]);
    expect(await fixture.archive.last(alice)).toBe(archiveId);
  });

  it('records are kept along with the message that they are about, with its ids, and not for a repeat', async () => {
    const records = [{ kind: 'due', key: bob, value: { at: noon } }];
    const [first] = await fixture.archive.append(alice, incoming('m1', 'hi', { records, once: true }));
    const value = { at: noon, id: 'm1', archiveId: first?.archiveId };
    expect(await fixture.store.records(alice, 'due')).toEqual(new Map([[bob, value]]));
    await fixture.store.removeRecord(alice, 'due', bob);
    expect(await fixture.archive.append(alice, incoming('m1', 'hi', { records, once: true }))).toEqual([]);
    expect(await fixture.store.records(alice, 'due')).toEqual(new Map());
  });

  it('nothing is stored for an account that does not exist', async () => {
    const nobody = 'nobody@web.example.com';
    await expect(fixture.archive.append(nobody, incoming('m1', 'hi'))).rejects.toMatchObject({
      code: 'item-not-found',
    });
    await expect(fixture.archive.last(nobody)).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('a message that its author says once is stored once a day, whoever else uses its id', async () => {
    const said = (now: number) => incoming('m1', 'hi', { once: true, now });
    expect(await fixture.archive.append(alice, said(noon))).toHaveLength(1);
    await fixture.reopen();
    expect(await fixture.archive.append(alice, said(noon + 23 * 3_600_000))).toEqual([]);
    expect(
      await fixture.archive.append(alice, incoming('m1', 'hi', { chat: carol, author: carol, once: true })),
    ).toHaveLength(1);
    expect(await fixture.archive.append(dora, said(noon))).toHaveLength(1);
    expect(await fixture.archive.append(alice, said(noon + 25 * 3_600_000))).toHaveLength(1);
    expect((await log(fixture.archive)).items).toHaveLength(3);
  });

  it('archive ids sort as text in the order of events, also within one millisecond', async () => {
    const items = await appendAll(
      fixture.archive,
      Array.from({ length: 3000 }, (_, i) => incoming(`m${i}`, 'x')),
    );
    expect(ids(items)).toEqual(ids(items).toSorted());
    expect(new Set(ids(items)).size).toBe(3000);
    for (const id of ids(items)) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
    expect(items.map((item) => item.data.id)).toEqual(Array.from({ length: 3000 }, (_, i) => `m${i}`));
  });

  it('archive ids go on growing when the clock goes back, and after a restart', async () => {
    const first = await appendAll(fixture.archive, [incoming('m1', 'a'), incoming('m2', 'b', { now: noon + 5000 })]);
    const second = await appendAll(fixture.archive, [incoming('m3', 'c', { now: noon - 3600_000 })]);
    await fixture.reopen();
    const third = await appendAll(fixture.archive, [incoming('m4', 'd', { now: noon - 7200_000 })]);
    const all = ids([...first, ...second, ...third]);
    expect(all).toEqual(all.toSorted());
    expect(new Set(all).size).toBe(4);
    expect(oneIds(await log(fixture.archive))).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('archive ids are not given again when retention has removed all there was', async () => {
    const [before] = await fixture.archive.append(alice, incoming('m1', 'a'));
    await fixture.archive.prune({ before: noon + 1000 }, 10);
    await fixture.reopen();
    const [after] = await fixture.archive.append(alice, incoming('m2', 'b', { now: noon - 5000 }));
    expect(after && before && after.archiveId > before.archiveId).toBe(true);
  });

  it('two accounts never mix', async () => {
    await fixture.archive.append(alice, incoming('m1', 'for alice'));
    await fixture.archive.append(dora, incoming('m1', 'for dora'));
    await fixture.archive.append(dora, reaction('m1', ['👋']));
    await fixture.archive.append(alice, edit('m1', 'for alice, edited'));
    const [ofAlice] = (await folded(fixture.archive)).items;
    const [ofDora] = (await folded(fixture.archive, {}, dora)).items;
    expect(ofAlice?.data).toMatchObject({ id: 'm1', body: 'for alice, edited' });
    expect(ofAlice?.data).not.toHaveProperty('reactions');
    expect(ofDora?.data).toMatchObject({ id: 'm1', body: 'for dora', reactions: { [bob]: ['👋'] } });
    expect((await folded(fixture.archive, { text: 'dora' })).items).toEqual([]);
    expect((await fixture.archive.chats(dora, { max: 10 })).count).toBe(1);
    const after = ofDora?.archiveId ?? '';
    await expect(log(fixture.archive, { after })).rejects.toMatchObject({ code: 'item-not-found' });
    expect(await fixture.archive.takeReceipts(alice, [(await fixture.archive.last(dora)) ?? ''])).toEqual([]);
  });

  it('the first free id is the one id; without one it is the archive id', async () => {
    const items = await appendAll(fixture.archive, [
      incoming('origin', 'a', { ids: ['origin', 'attribute'] }),
      incoming('origin', 'b', { ids: ['origin', 'attribute'] }),
      incoming('origin', 'c', { ids: ['origin', 'attribute'] }),
      incoming('', 'd', { ids: [] }),
      incoming('', 'e', { ids: ['', 'x'.repeat(1025), 'y'] }),
      incoming('origin', 'f', { chat: carol }),
    ]);
    const [, , third, fourth] = ids(items);
    expect(items.map((item) => item.data.id)).toEqual(['origin', 'attribute', third, fourth, 'y', 'origin']);
    expect(oneIds(await folded(fixture.archive, { chat: bob, ids: ['origin', third ?? ''] }))).toEqual([
      'origin',
      third,
    ]);
  });

  it('an id that was chosen to be the next archive id stays unique', async () => {
    const guessed = formatArchiveId(noon * 1024 + 1);
    const items = await appendAll(fixture.archive, [incoming(guessed, 'a'), incoming('', 'b', { ids: [] })]);
    expect(items[0]?.data.id).toBe(guessed);
    expect(items[1]?.data.id).toBe(items[1]?.archiveId);
    expect(items[1]?.data.id).not.toBe(guessed);
  });

  it('an action gets the id of its message, and an edit its own and that of the first version', async () => {
    await fixture.archive.append(alice, incoming('m1', 'hi', { ids: ['origin', 'attribute'] }));
    const acted = await appendAll(fixture.archive, [
      reaction('origin', ['👋']),
      edit('attribute', 'hi!', { ids: ['e1'] }),
      edit('origin', 'hi!!', { ids: ['origin'] }),
      reaction('e1', ['🐢']),
      action('message.retracted', 'attribute'),
    ]);
    const { archiveId } = acted[2] ?? { archiveId: '' };
    const expected = [
      { id: 'origin' },
      { id: 'e1', replace: 'origin' },
      { id: archiveId, replace: 'origin' },
      { id: 'origin' },
      { id: 'origin' },
    ];
    for (const [index, data] of expected.entries()) {
      const item = acted[index];
      expect(item?.data).toMatchObject({ ...data, archiveId: item?.archiveId });
    }
    expect(acted[0]?.data).not.toHaveProperty('replace');
  });

  it('a target is the newest message with that id of the right author, in that chat', async () => {
    const items = await appendAll(fixture.archive, [
      incoming('same', 'old'),
      incoming('same', 'new'),
      outgoing('same', 'mine'),
      incoming('same', 'elsewhere', { chat: carol }),
    ]);
    const target = (author?: string) => ({ target: { id: 'same', ...(author ? { author } : {}) } });
    const acted = await appendAll(fixture.archive, [
      reaction('same', ['1'], target(bob)),
      reaction('same', ['2'], target(alice)),
      reaction('same', ['3'], target()),
    ]);
    const [, second, third] = items.map((item) => item.data.id);
    expect(acted.map((item) => item.data.id)).toEqual([second, third, third]);
  });

  it('nobody edits what somebody else wrote', async () => {
    await fixture.archive.append(alice, outgoing('m1', 'mine'));
    expect(await fixture.archive.append(alice, edit('m1', 'forged'))).toEqual([]);
    expect((await folded(fixture.archive)).items.map((item) => item.data.body)).toEqual(['mine']);
  });

  it('actions wait for their message and follow it in the order in which they came', async () => {
    const waits = [
      reaction('m1', ['1'], { now: noon }),
      edit('m1', 'edited', { ids: ['e1'], now: noon + 1 }),
      reaction('attribute', ['2'], { now: noon + 2 }),
      receipt('e1', 'delivered', { now: noon + 3, target: { id: 'e1' } }),
      reaction('m1', ['not for bob'], { chat: carol, now: noon + 4 }),
      reaction('m1', ['of a message of alice'], { target: { id: 'm1', author: alice }, now: noon + 5 }),
    ];
    expect(await appendAll(fixture.archive, waits)).toEqual([]);
    expect((await log(fixture.archive)).items).toEqual([]);
    await fixture.reopen();
    const later = noon + 60_000;
    const released = await fixture.archive.append(alice, incoming('', 'hi', { ids: ['m1', 'attribute'], now: later }));
    const shown = released.map(({ type, data }) => [type, data.id, data.reactions ?? data.body ?? data.status]);
    expect(shown).toEqual([
      ['message', 'm1', 'hi'],
      ['reaction', 'm1', ['1']],
      ['message.edited', 'e1', 'edited'],
      ['reaction', 'm1', ['2']],
      ['receipt', 'm1', 'delivered'],
    ]);
    expect(archiveIds(await log(fixture.archive))).toEqual(ids(released));
    expect(ids(released)).toEqual(ids(released).toSorted());
    for (const id of ids(released)) expect((parseArchiveId(id) ?? 0) / 1024).toBeGreaterThanOrEqual(later);
    expect(await fixture.archive.append(alice, incoming('m1', 'again'))).toHaveLength(1);
    expect(await fixture.archive.append(alice, outgoing('m1', 'mine'))).toHaveLength(2);
  });

  it('an action waits for a day', async () => {
    const day = 24 * 3600_000;
    await appendAll(fixture.archive, [
      reaction('m1', ['too old'], { now: noon }),
      reaction('m1', ['in time'], { now: noon + 1 }),
    ]);
    const released = await fixture.archive.append(alice, incoming('m1', 'hi', { now: noon + day }));
    expect(released.map((item) => item.data.reactions)).toEqual([undefined, ['in time']]);
  });

  it('pruning forgets what has waited too long', async () => {
    await appendAll(fixture.archive, [
      reaction('m1', ['1'], { now: noon }),
      reaction('m1', ['2'], { now: noon + 1 }),
      reaction('m1', ['3'], { now: noon + 2 }),
    ]);
    expect(await fixture.archive.pruneSends(noon + 2, 1)).toBe(1);
    expect(await fixture.archive.pruneSends(noon + 2, 10)).toBe(1);
    expect(await fixture.archive.pruneSends(noon + 2, 10)).toBe(0);
    expect(await fixture.archive.append(alice, incoming('m1', 'hi'))).toHaveLength(2);
  });

  it('at most 1,000 actions of an account wait; the oldest make room', async () => {
    const waits = Array.from({ length: 1002 }, (_, i) => reaction(`m${i}`, ['x']));
    await fixture.archive.append(dora, reaction('m0', ['x']));
    await appendAll(fixture.archive, waits);
    expect(await fixture.archive.append(alice, incoming('m1', 'a'))).toHaveLength(1);
    expect(await fixture.archive.append(alice, incoming('m2', 'b'))).toHaveLength(2);
    expect(await fixture.archive.append(alice, incoming('m1001', 'c'))).toHaveLength(2);
    expect(await fixture.archive.append(dora, incoming('m0', 'd'))).toHaveLength(2);
  });

  it('items are archived in the order of the calls, whatever kind they are', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, { id: 's1', chat: bob, digest: 'd', at: noon });
    const calls = [
      archive.append(alice, incoming('m1', '1')),
      archive.finishSend(alice, 's1', outgoing('s1', '2'), {}),
      archive.append(alice, reaction('s1', ['👋'])),
    ];
    const resolved: number[] = [];
    for (const [index, call] of calls.entries()) void call.then(() => resolved.push(index));
    const items = (await Promise.all(calls)).flat();
    expect(resolved).toEqual([0, 1, 2]);
    expect(archiveIds(await log(archive))).toEqual(ids(items));
  });

  it('a receipt that is owed is given out once, for the items that were seen, oldest first', async () => {
    const { archive } = fixture;
    const to = (name: string) => ({ receipt: { to: `${bob}/${name}`, id: `attribute-${name}` } });
    const items = await appendAll(archive, [
      incoming('m1', 'a', to('1')),
      incoming('m2', 'b'),
      incoming('m3', 'c', to('3')),
      incoming('m4', 'd', to('4')),
      incoming('m5', 'e', to('5')),
    ]);
    const [first = '', , third = '', fourth = '', fifth = ''] = ids(items);
    const owed = (archiveId: string, name: string) => ({ archiveId, to: `${bob}/${name}`, id: `attribute-${name}` });
    expect(await archive.takeReceipts(alice, [third, first])).toEqual([owed(first, '1'), owed(third, '3')]);
    await fixture.reopen();
    expect(await fixture.archive.takeReceipts(alice, [first, third, fourth])).toEqual([owed(fourth, '4')]);
    expect(await fixture.archive.takeReceipts(alice, [first, third, fourth])).toEqual([]);
    expect(await fixture.archive.takeReceipts(alice, ['no archive id'])).toEqual([]);
    expect(await fixture.archive.takeReceipts(alice, [fifth])).toEqual([owed(fifth, '5')]);
  });
});
