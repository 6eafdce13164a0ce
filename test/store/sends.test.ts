import { expect, it } from 'vitest';
import type { Sending } from '../../src/store/archive.ts';
import { onEveryDriver } from './drivers.ts';
import { action, alice, bob, dora, folded, incoming, log, noon, outgoing } from './support.ts';

const sending = (changes: Partial<Sending> = {}): Sending => ({
  id: 's1',
  chat: bob,
  digest: 'digest',
  at: noon,
  ...changes,
});

onEveryDriver((fixture) => {
  it('a message is pending, then sent with its answer, and archived once', async () => {
    const { archive } = fixture;
    expect(await archive.beginSend(alice, sending())).toBeUndefined();
    expect(await archive.beginSend(alice, sending())).toEqual({ digest: 'digest', at: noon, state: 'pending' });
    const items = await archive.finishSend(alice, 's1', outgoing('s1', 'hi'), { id: 's1', chat: bob });
    const archiveId = items[0]?.archiveId;
    expect(items).toMatchObject((await log(archive)).items);
    const known = { digest: 'digest', at: noon, state: 'sent', result: { id: 's1', chat: bob, archiveId } };
    expect(await archive.beginSend(alice, sending())).toEqual(known);
    expect(await archive.beginSend(alice, sending({ digest: 'other' }))).toEqual(known);
    expect(await archive.finishSend(alice, 's1', outgoing('s1', 'hi'), {})).toEqual([]);
    expect((await log(archive)).items).toHaveLength(1);
    await fixture.reopen();
    expect(await fixture.archive.beginSend(alice, sending())).toEqual(known);
    expect(await fixture.archive.beginSend(dora, sending())).toBeUndefined();
  });

  it('the answer has the id that the message got', async () => {
    const { archive } = fixture;
    await archive.append(alice, incoming('s1', 'I was first'));
    await archive.beginSend(alice, sending());
    const [item] = await archive.finishSend(alice, 's1', outgoing('s1', 'hi'), { id: 's1', chat: bob });
    const record = await archive.beginSend(alice, sending());
    expect(record?.result).toEqual({ id: item?.archiveId, chat: bob, archiveId: item?.archiveId });
  });

  it('a pending one is not replaced by other content', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, sending());
    expect(await archive.beginSend(alice, sending({ digest: 'other' }))).toMatchObject({ digest: 'digest' });
    expect(await archive.beginSend(alice, sending())).toEqual({ digest: 'digest', at: noon, state: 'pending' });
  });

  it('one that failed is forgotten by the next attempt', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, sending());
    expect(await archive.failSend(alice, 's1', bob)).toBe(false);
    expect(await archive.beginSend(alice, sending({ digest: 'other' }))).toEqual({
      digest: 'digest',
      at: noon,
      state: 'failed',
    });
    expect(await archive.beginSend(alice, sending({ digest: 'other' }))).toEqual({
      digest: 'other',
      at: noon,
      state: 'pending',
    });
    expect(await archive.failSend(alice, 'unknown', bob)).toBe(false);
  });

  it('one that failed, or was left pending, before a restart is known as sent once it is', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, sending());
    await archive.failSend(alice, 's1', bob);
    await archive.beginSend(alice, sending({ id: 's2' }));
    await fixture.reopen();
    for (const id of ['s1', 's2']) {
      await fixture.archive.beginSend(alice, sending({ id }));
      const [item] = await fixture.archive.finishSend(alice, id, outgoing(id, 'hi'), { id, chat: bob });
      const known = { state: 'sent', result: { id, archiveId: item?.archiveId } };
      expect(await fixture.archive.beginSend(alice, sending({ id }))).toMatchObject(known);
      expect(await fixture.archive.finishSend(alice, id, outgoing(id, 'hi'), {})).toEqual([]);
    }
    await fixture.reopen();
    for (const id of ['s1', 's2'])
      expect(await fixture.archive.beginSend(alice, sending({ id }))).toMatchObject({ state: 'sent' });
  });

  it('one that bounced after all, and is sent again, keeps its id and is shown once', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, sending());
    await archive.finishSend(alice, 's1', outgoing('s1', 'hi'), {});
    expect(await archive.failSend(alice, 's1', bob)).toBe(true);
    const error = { code: 'service-unavailable' };
    const target = { id: 's1', author: alice };
    await archive.append(alice, action('message.failed', 's1', { error }, { target }));
    expect((await folded(archive)).items[0]?.data).toMatchObject({ id: 's1', status: 'failed', error });

    expect(await archive.beginSend(alice, sending())).toMatchObject({ state: 'failed' });
    const [again] = await archive.finishSend(alice, 's1', outgoing('s1', 'hi'), {});
    expect(again?.data.id).toBe('s1');
    const { items } = await folded(archive);
    expect(items).toHaveLength(1);
    expect(items[0]?.data).toMatchObject({ id: 's1', status: 'sent', archiveId: again?.archiveId });
    expect((await log(archive)).items.map((item) => item.type)).toEqual(['message', 'message.failed', 'message']);
    expect((await folded(archive, { text: 'hi' })).items).toHaveLength(1);
    expect((await folded(archive, { chat: bob, ids: ['s1'] })).items).toHaveLength(1);
  });

  it('what is archived elsewhere is only remembered', async () => {
    const { archive } = fixture;
    await archive.beginSend(alice, sending());
    expect(await archive.beginSend(alice, sending())).toMatchObject({ state: 'pending', at: noon });
    await archive.settleSend(alice, 's1', { id: 'room-1' });
    expect(await archive.beginSend(alice, sending())).toMatchObject({ state: 'sent', result: { id: 'room-1' } });
    await archive.settleSend(alice, 's1', { id: 'room-2' });
    expect(await archive.beginSend(alice, sending())).toMatchObject({ result: { id: 'room-1' } });
    expect((await log(archive)).items).toEqual([]);
  });

  it('old ones are forgotten, a few at a time', async () => {
    const { archive } = fixture;
    for (let i = 0; i < 5; i++) await archive.beginSend(alice, sending({ id: `s${i}`, at: noon + i }));
    expect(await archive.pruneSends(noon + 4, 3)).toBe(3);
    expect(await archive.pruneSends(noon + 4, 3)).toBe(1);
    expect(await archive.pruneSends(noon + 4, 3)).toBe(0);
    expect(await archive.beginSend(alice, sending({ id: 's0' }))).toBeUndefined();
    expect(await archive.beginSend(alice, sending({ id: 's4' }))).toMatchObject({ state: 'pending' });
  });
});
