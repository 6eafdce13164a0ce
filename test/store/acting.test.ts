import { expect, it } from 'vitest';
import { onEveryDriver } from './drivers.ts';
import {
  action,
  alice,
  appendAll,
  bob,
  edit,
  folded,
  incoming,
  log,
  noon,
  outgoing,
  reaction,
  receipt,
} from './support.ts';

const own = (id: string, body: string) => edit(id, body, { author: alice, outgoing: true });
const failed = (target: string) =>
  action('message.failed', target, { error: { code: 'gone' } }, { target: { id: target, author: alice } });

onEveryDriver((fixture) => {
  it('a message is found by its one id, with what it goes by and what became of it', async () => {
    const { archive } = fixture;
    await appendAll(archive, [
      incoming('attribute', 'teh', { ids: ['origin', 'attribute'] }),
      edit('attribute', 'the'),
      reaction('origin', ['👋'], { author: alice, outgoing: true }),
    ]);
    expect(await archive.message(alice, bob, 'origin')).toMatchObject({
      author: bob,
      outgoing: false,
      ids: ['origin', 'attribute'],
      item: { type: 'message', data: { id: 'origin', body: 'the', reactions: { [alice]: ['👋'] } } },
    });
    expect(await archive.message(alice, bob, 'attribute')).toBeUndefined();
    expect(await archive.message(alice, 'nobody@example.com', 'origin')).toBeUndefined();
  });

  it('a message whose id was taken is found by the one it got, and still knows its own', async () => {
    const { archive } = fixture;
    const [, second] = await appendAll(archive, [incoming('same', 'one'), incoming('same', 'two')]);
    const id = String(second?.data.id);
    expect(await archive.message(alice, bob, id)).toMatchObject({ ids: ['same'], item: { data: { body: 'two' } } });
    const to = { target: { id: 'same', archiveId: String((await log(archive)).items[0]?.archiveId) } };
    const [done] = await archive.append(alice, reaction('same', ['👍'], to));
    expect(done?.data.id).toBe('same');
    expect((await archive.message(alice, bob, 'same'))?.item.data).toMatchObject({
      body: 'one',
      reactions: { [bob]: ['👍'] },
    });
  });

  it('a strict action on the message of somebody else is refused, and neither stored nor kept', async () => {
    const { archive } = fixture;
    await appendAll(archive, [outgoing('mine', 'hi'), incoming('theirs', 'ho')]);
    const strict = { strict: true };
    await expect(archive.append(alice, edit('mine', 'forged', strict))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(
      archive.append(alice, receipt('theirs', 'delivered', { ...strict, target: { id: 'theirs', author: alice } })),
    ).rejects.toMatchObject({ code: 'forbidden' });
    await fixture.reopen();
    expect((await log(fixture.archive)).items).toHaveLength(2);
    // What nobody has said yet is waited for, and counts when it comes.
    expect(await fixture.archive.append(alice, edit('later', 'second', strict))).toEqual([]);
    expect(await fixture.archive.append(alice, incoming('later', 'first'))).toHaveLength(2);
  });

  it('strict reactions that are older than those which are there are refused', async () => {
    const { archive } = fixture;
    await appendAll(archive, [incoming('m', 'hi'), reaction('m', ['👍'], { now: noon + 1000 })]);
    await expect(archive.append(alice, reaction('m', ['👎'], { strict: true }))).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('an edit that failed is undone: the version before it counts, and is found', async () => {
    const { archive } = fixture;
    await appendAll(archive, [outgoing('m', 'first'), own('m', 'second')]);
    const [event] = await archive.append(alice, failed('m-edit'));
    expect(event?.data).toMatchObject({ id: 'm-edit', replace: 'm', error: { code: 'gone' } });
    const [message] = (await folded(archive)).items;
    expect(message?.data).toMatchObject({ body: 'first', status: 'sent' });
    expect(message?.data).not.toHaveProperty('edited');
    expect((await folded(archive, { text: 'first' })).items).toHaveLength(1);
    expect((await folded(archive, { text: 'second' })).items).toEqual([]);
    await appendAll(archive, [
      edit('m', 'third', { author: alice, outgoing: true, ids: ['e3'] }),
      edit('m', 'fourth', { author: alice, outgoing: true, ids: ['e4'] }),
    ]);
    await archive.append(alice, failed('e4'));
    expect((await folded(archive)).items[0]?.data).toMatchObject({ body: 'third' });
    // One that was overtaken changes nothing.
    await appendAll(archive, [edit('m', 'fifth', { author: alice, outgoing: true, ids: ['e5'] }), failed('e3')]);
    expect((await folded(archive)).items[0]?.data).toMatchObject({ body: 'fifth' });
  });
});
