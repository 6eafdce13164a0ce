/** A store that cannot be used for a while: what needs it fails and may be tried again; nothing else does (PROTOCOL.md §6). */
import { beforeEach, describe, expect, it } from 'vitest';
import { storeUnavailable } from '../../src/store/store.ts';
import { find } from '../../src/xmpp/stanza.ts';
import { isError, readError } from '../../src/xmpp/stanza-error.ts';
import { type CoreClient, settled, TestCore } from '../support/core.ts';

const romeo = 'romeo@example.com';
let core: TestCore;
let alice: CoreClient;

beforeEach(async () => {
  core = await TestCore.create();
  await core.contacts('alice', { jid: romeo, subscription: 'both' });
  alice = await core.login('alice', { want: ['chats'] });
  alice.take();
  core.link.sent.length = 0;
});

/** Every call of the archive fails while `during` runs, as on a full disk. */
async function withoutStore(during: () => Promise<void>): Promise<void> {
  const { archive } = core.store;
  const names = ['append', 'beginSend', 'finishSend', 'failSend', 'history', 'chats', 'updateChat'] as const;
  const own = [...names, 'markRead' as const, 'takeReceipts' as const];
  for (const name of own) {
    Object.defineProperty(archive, name, { value: () => Promise.reject(storeUnavailable()), configurable: true });
  }
  await during();
  for (const name of own) Reflect.deleteProperty(archive, name);
}

const hi = (id: string, more = '') =>
  `<message from='${romeo}/orchard' to='alice@web.example.com' type='chat' id='${id}'><body>hi</body>${more}</message>`;
const retryable = { code: 'resource-constraint', retry: true };

describe('while the store fails', () => {
  it('an incoming message is no event, and its sender may try again', async () => {
    await withoutStore(() => core.receive(hi('m1')));
    expect(alice.take()).toEqual([]);
    const [answer, ...more] = core.link.sent;
    expect(more).toEqual([]);
    expect(answer && isError(answer) && readError(answer)).toMatchObject({ code: 'resource-constraint' });
    expect(answer && readError(answer).type).toBe('wait');
    await core.receive(hi('m1'));
    expect(alice.events('message')).toMatchObject([{ data: { id: 'm1' } }]);
  });

  it('an outgoing message is not written, and the same request may come again', async () => {
    const data = { id: 'o1', to: romeo, body: 'hi' };
    await withoutStore(async () => {
      expect((await alice.request('message.send', data))?.error).toMatchObject(retryable);
    });
    expect(core.link.sent).toEqual([]);
    expect(await alice.request('message.send', data)).toMatchObject({ type: 'ok', data: { id: 'o1' } });
    expect(core.link.sent).toHaveLength(1);
  });

  it('a message that was written and cannot be archived is not ok, and is written again with the same id', async () => {
    core.link.holds = true;
    const data = { id: 'o2', to: romeo, body: 'hi' };
    alice.send({ type: 'message.send', id: 'first', data });
    await settled();
    await withoutStore(async () => {
      core.link.held[0]?.fence();
      await settled();
    });
    expect(alice.take().find(({ id }) => id === 'first')?.error).toMatchObject(retryable);
    core.link.holds = false;
    expect(await alice.request('message.send', data)).toMatchObject({ type: 'ok', data: { id: 'o2' } });
    expect(core.link.sent.map(({ attrs }) => attrs.id)).toEqual(['o2', 'o2']);
    const page = await alice.request('history.get', { chat: romeo });
    expect(page?.data).toMatchObject({ items: [{ data: { id: 'o2' } }] });
  });

  it('history, chats and marks fail and may be asked again', async () => {
    await core.receive(hi('m2'));
    await withoutStore(async () => {
      expect((await alice.request('history.get', {}))?.error).toMatchObject(retryable);
      expect((await alice.request('chat.list', {}))?.error).toMatchObject(retryable);
      expect((await alice.request('chat.update', { chat: romeo, muted: true }))?.error).toMatchObject(retryable);
      expect((await alice.request('message.mark', { to: romeo, id: 'm2' }))?.error).toMatchObject(retryable);
    });
    expect(await alice.request('message.mark', { to: romeo, id: 'm2' })).toMatchObject({ type: 'ok' });
  });

  it('bounces, receipts and typing harm nobody', async () => {
    const bob = await core.login('bob', { features: ['ack'] });
    await core.receive(hi('m0', "<request xmlns='urn:xmpp:receipts'/>").replace('alice@', 'bob@'));
    await withoutStore(async () => {
      bob.send({ type: 'ack', data: { seq: 1 } });
      await core.receive(
        `<message from='${romeo}' to='alice@web.example.com/web' type='error' id='e1'><error type='cancel'/></message>` +
          `<message from='${romeo}' to='alice@web.example.com' id='e2'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      );
      await core.receive(hi('m3', "<request xmlns='urn:xmpp:receipts'/>"));
    });
    expect(alice.events('typing')).toHaveLength(1);
    await core.receive(hi('m4', "<request xmlns='urn:xmpp:receipts'/>"));
    const receipts = core.link.sent.flatMap((stanza) => find(stanza, 'received', 'urn:xmpp:receipts')?.attrs.id ?? []);
    expect(receipts).toEqual(['m4']);
    expect(core.bugs).toEqual([]);
  });
});
