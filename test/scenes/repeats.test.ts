/** What a web user sends again for want of an answer reaches another web user once (PROTOCOL.md §6). */
import { expect, it } from 'vitest';
import { storeUnavailable } from '../../src/store/store.ts';
import { serialize } from '../../src/xmpp/stanza.ts';
import { settled, TestCore } from '../support/core.ts';

const hi = { id: 'm1', to: 'bob@web.example.com', body: 'hi' };

it('a message that arrived, and whose sender was told nothing, arrives once', async () => {
  const core = await TestCore.create();
  const [alice, bob] = [await core.login('alice'), await core.login('bob')];
  // As after a kill between the two: the receiver's archive has it, the sender's has not.
  const value = () => Promise.reject(storeUnavailable());
  Object.defineProperty(core.store.archive, 'finishSend', { value, configurable: true });
  expect((await alice.request('message.send', hi))?.error).toMatchObject({ retry: true });
  expect(bob.events('message')).toMatchObject([{ data: { id: 'm1', body: 'hi' } }]);
  Reflect.deleteProperty(core.store.archive, 'finishSend');
  expect(await alice.request('message.send', hi)).toMatchObject({ type: 'ok', data: { id: 'm1' } });
  await settled();
  expect(bob.events('message')).toHaveLength(1);
  const history = await bob.request('history.get', { view: 'log' });
  expect(history?.data?.items).toMatchObject([{ data: { id: 'm1' } }]);
  // A day later the id may be another message's.
  core.time += 25 * 3_600_000;
  await core.store.archive.pruneSends(core.time - 24 * 3_600_000, 100);
  expect(await alice.request('message.send', hi)).toMatchObject({ type: 'ok' });
  expect(bob.events('message')).toHaveLength(2);
});

it('an edit that arrived, and whose sender was told nothing, arrives once', async () => {
  const core = await TestCore.create();
  const [alice, bob] = [await core.login('alice'), await core.login('bob')];
  await alice.request('message.send', hi);
  const edit = { to: hi.to, id: 'm1', originId: 'e1', body: 'hello' };
  const value = () => Promise.reject(storeUnavailable());
  Object.defineProperty(core.store.archive, 'finishSend', { value, configurable: true });
  expect((await alice.request('message.edit', edit))?.error).toMatchObject({ retry: true });
  Reflect.deleteProperty(core.store.archive, 'finishSend');
  const answer = { type: 'ok', data: { id: 'e1', replace: 'm1' } };
  expect(await alice.request('message.edit', edit)).toMatchObject(answer);
  expect(await alice.request('message.edit', edit)).toMatchObject(answer);
  await settled();
  expect(bob.events('message.edited')).toMatchObject([{ data: { id: 'e1', replace: 'm1', body: 'hello' } }]);
});

it('a message that the server brings twice, because it was written twice, is one', async () => {
  const core = await TestCore.create({ env: { STANZAWIRE_ACCOUNTS_ROUTE_LOCALLY: 'false' } });
  const [alice, bob] = [await core.login('alice'), await core.login('bob')];
  await alice.request('message.send', hi);
  const [written] = core.link.sent.filter(({ attrs }) => attrs.id === 'm1');
  for (let copy = 0; copy < 2; copy++) await core.receive(written ? serialize(written) : '');
  expect(bob.events('message')).toMatchObject([{ data: { id: 'm1' } }]);
});

it('an XMPP user who says two things with one id has said two things', async () => {
  const core = await TestCore.create();
  const bob = await core.login('bob');
  for (const text of ['one', 'two']) {
    await core.receive(
      `<message from='romeo@example.com/orchard' to='bob@web.example.com' type='chat' id='m1'><body>${text}</body></message>`,
    );
  }
  expect(bob.events('message')).toMatchObject([{ data: { id: 'm1' } }, { data: { body: 'two' } }]);
});
