import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { RosterItem, Store } from '../../src/store/store.ts';

const alice = 'alice@web.example.com';
const bob: RosterItem = { jid: 'bob@example.com', groups: [], subscription: 'none' };

const drivers: Record<string, (folder: string) => string> = {
  memory: () => 'memory:',
  sqlite: (folder) => `sqlite:${join(folder, 'new', 'folder', 'stanzawire.db')}`,
};

describe.each(Object.entries(drivers))('every store: %s', (_, url) => {
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stanzawire-store-'));
    store = await openStore(url(folder));
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const roster = async (account: string) => (await store.openAccount(account, false))?.roster;

  it('an account that was never opened does not exist, and asking does not make it', async () => {
    expect(await store.openAccount(alice, false)).toBeUndefined();
    expect(await store.openAccount(alice, false)).toBeUndefined();
  });

  it('the first opening creates an account, later ones find it', async () => {
    expect(await store.openAccount(alice, true)).toEqual({ created: true, roster: [] });
    expect(await store.openAccount(alice, true)).toEqual({ created: false, roster: [] });
    expect(await store.openAccount(alice, false)).toEqual({ created: false, roster: [] });
  });

  it('two openings at once create one account', async () => {
    const opened = await Promise.all([store.openAccount(alice, true), store.openAccount(alice, true)]);
    expect(opened.map((account) => account?.created)).toEqual([true, false]);
  });

  const items: RosterItem[] = [
    { jid: 'bare@example.com', groups: [], subscription: 'none' },
    {
      jid: 'full@example.com',
      name: 'Zoë 🐢 "q"',
      groups: ['Work', 'Ünï'],
      subscription: 'both',
      ask: true,
      approved: true,
    },
    { jid: 'asks@example.com', groups: [], subscription: 'to', request: { nick: 'Asks', message: "It's me\n" } },
    { jid: 'mute@example.com', groups: [''], subscription: 'from', request: {} },
    { jid: 'empty-name@example.com', name: '', groups: [], subscription: 'none' },
  ];
  it.each(items)('an item comes back as it was saved: $jid', async (item) => {
    await store.openAccount(alice, true);
    await store.saveRosterItem(alice, item);
    expect(await roster(alice)).toEqual([item]);
  });

  it('a flag that is false comes back absent', async () => {
    await store.openAccount(alice, true);
    await store.saveRosterItem(alice, { ...bob, ask: false, approved: false });
    expect(await roster(alice)).toStrictEqual([bob]);
  });

  it('saving replaces the whole item', async () => {
    await store.openAccount(alice, true);
    await store.saveRosterItem(alice, { ...bob, name: 'Bob', groups: ['Work'], ask: true, request: { nick: 'B' } });
    await store.saveRosterItem(alice, { ...bob, subscription: 'both' });
    expect(await roster(alice)).toStrictEqual([{ ...bob, subscription: 'both' }]);
  });

  it('removing takes one item and nothing else, and may be repeated', async () => {
    await store.openAccount(alice, true);
    await store.saveRosterItem(alice, bob);
    await store.saveRosterItem(alice, { ...bob, jid: 'carol@example.com' });
    await store.removeRosterItem(alice, bob.jid);
    await store.removeRosterItem(alice, bob.jid);
    expect((await roster(alice))?.map((item) => item.jid)).toEqual(['carol@example.com']);
  });

  it('two accounts with the same contact do not mix', async () => {
    const carol = 'carol@web.example.com';
    await Promise.all([store.openAccount(alice, true), store.openAccount(carol, true)]);
    await store.saveRosterItem(alice, { ...bob, name: 'of alice' });
    await store.saveRosterItem(carol, { ...bob, name: 'of carol' });
    await store.removeRosterItem(alice, bob.jid);
    expect(await roster(alice)).toEqual([]);
    expect((await roster(carol))?.map((item) => item.name)).toEqual(['of carol']);
  });

  it('an item for an account that does not exist is refused, and does not disturb its neighbours', async () => {
    await store.openAccount(alice, true);
    const calls = await Promise.allSettled([
      store.saveRosterItem(alice, bob),
      store.saveRosterItem('nobody@web.example.com', bob),
      store.saveRosterItem(alice, { ...bob, jid: 'carol@example.com' }),
    ]);
    expect(calls.map((call) => call.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls[1]).toMatchObject({ reason: { code: 'item-not-found' } });
    expect((await roster(alice))?.map((item) => item.jid).sort()).toEqual(['bob@example.com', 'carol@example.com']);
    expect(await store.openAccount('nobody@web.example.com', false)).toBeUndefined();
  });

  it('calls made without waiting take effect in their order', async () => {
    const calls: Promise<unknown>[] = [store.openAccount(alice, true)];
    for (let i = 0; i < 100; i++) calls.push(store.saveRosterItem(alice, { ...bob, name: `${i}` }));
    const between = store.openAccount(alice, false);
    calls.push(store.removeRosterItem(alice, bob.jid));
    const after = store.openAccount(alice, false);
    await Promise.all(calls);
    expect(await between).toEqual({ created: false, roster: [{ ...bob, name: '99' }] });
    expect(await after).toEqual({ created: false, roster: [] });
  });

  it('what is passed in or given out is a copy', async () => {
    await store.openAccount(alice, true);
    const item = { ...bob, groups: ['Work'], request: { nick: 'B' } };
    const saving = store.saveRosterItem(alice, item);
    item.groups.push('Changed');
    await saving;
    const first = await roster(alice);
    first?.[0]?.groups.push('Changed');
    expect((await roster(alice))?.[0]?.groups).toEqual(['Work']);
  });

  it('blocked addresses are a set of the account', async () => {
    await Promise.all([store.openAccount(alice, true), store.openAccount('dora@web.example.com', true)]);
    await store.setBlocked(alice, ['eve@example.org', 'bots.example.org', 'eve@example.org'], true);
    await store.setBlocked(alice, ['eve@example.org'], true);
    expect(await store.blocked(alice)).toEqual(['bots.example.org', 'eve@example.org']);
    expect(await store.blocked('dora@web.example.com')).toEqual([]);
    await store.setBlocked(alice, ['eve@example.org', 'nobody@example.org'], false);
    expect(await store.blocked(alice)).toEqual(['bots.example.org']);
    const refused = store.setBlocked('nobody@web.example.com', ['eve@example.org'], true);
    await expect(refused).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('rooms are kept with nick and password until they are removed', async () => {
    await store.openAccount(alice, true);
    await store.saveRoom(alice, { jid: 'dev@rooms.example.com', nick: 'alice', password: 's3cret' });
    await store.saveRoom(alice, { jid: 'bar@rooms.example.com', nick: 'alice' });
    await store.saveRoom(alice, { jid: 'dev@rooms.example.com', nick: 'Alice 🐢' });
    const bar = { jid: 'bar@rooms.example.com', nick: 'alice' };
    expect(await store.rooms(alice)).toEqual([bar, { jid: 'dev@rooms.example.com', nick: 'Alice 🐢' }]);
    await store.removeRoom(alice, 'dev@rooms.example.com');
    await store.removeRoom(alice, 'never@rooms.example.com');
    expect(await store.rooms(alice)).toEqual([bar]);
    await expect(store.saveRoom('nobody@web.example.com', bar)).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('records are kept by kind and key, in the order in which they were made', async () => {
    const dora = 'dora@web.example.com';
    await Promise.all([store.openAccount(alice, true), store.openAccount(dora, true)]);
    await store.saveRecord(alice, 'bookmark', 'b', { name: 'B' });
    await store.saveRecord(alice, 'bookmark', 'a', null);
    await store.saveRecord(alice, 'peer', 'b', true);
    await store.saveRecord(dora, 'peer', 'b', 1);
    await store.saveRecord(alice, 'bookmark', 'b', { name: 'B', nick: ['"'] });
    expect([...(await store.records(alice, 'bookmark'))]).toEqual([
      ['b', { name: 'B', nick: ['"'] }],
      ['a', null],
    ]);
    expect(await store.allRecords(alice)).toEqual([
      { kind: 'bookmark', key: 'b', value: { name: 'B', nick: ['"'] } },
      { kind: 'bookmark', key: 'a', value: null },
      { kind: 'peer', key: 'b', value: true },
    ]);
    expect(await store.allRecords('nobody@web.example.com')).toEqual([]);
    expect(await store.accountsWith('peer')).toEqual([alice, dora]);
    expect(await store.accountsWith('bookmark')).toEqual([alice]);
    await store.removeRecord(alice, 'bookmark', 'b');
    await store.removeRecord(alice, 'bookmark', 'never');
    await store.removeRecord('nobody@web.example.com', 'bookmark', 'b');
    expect([...(await store.records(alice, 'bookmark')).keys()]).toEqual(['a']);
    expect(await store.records('nobody@web.example.com', 'bookmark')).toEqual(new Map());
    const refused = store.saveRecord('nobody@web.example.com', 'peer', 'b', 1);
    await expect(refused).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('a key is made once, has 32 bytes, and differs from another', async () => {
    const [one, two, other] = await Promise.all([store.key('guest'), store.key('guest'), store.key('other')]);
    expect(one).toBeInstanceOf(Uint8Array);
    expect(one).toHaveLength(32);
    expect(two).toEqual(one);
    expect(other).not.toEqual(one);
    one.fill(0);
    expect(await store.key('guest')).toEqual(two);
  });

  it('closing carries out the calls made before it and refuses those after it', async () => {
    const opening = store.openAccount(alice, true);
    const closing = store.close();
    expect(await opening).toEqual({ created: true, roster: [] });
    await closing;
    await expect(store.openAccount(alice, true)).rejects.toMatchObject({ code: 'resource-constraint', retry: true });
    await store.close();
  });

  it('text that looks like SQL or JSON is text', async () => {
    const odd = `'); DROP TABLE accounts; --@web.example.com`;
    await store.openAccount(odd, true);
    await store.saveRosterItem(odd, { ...bob, name: `"}]'--`, groups: ['["a"]', '\\', '\u2028'] });
    expect(await roster(odd)).toEqual([{ ...bob, name: `"}]'--`, groups: ['["a"]', '\\', '\u2028'] }]);
  });
});

describe('openStore', () => {
  it.each(['postgres://user:hunter2@db/x', 'sqlite', 'sqlite:', 'memory', ''])(
    'refuses %j, naming the setting only',
    async (url) => {
      const error = await openStore(url).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toContain('store.url');
      expect(String(error)).not.toContain('hunter2');
    },
  );
});
