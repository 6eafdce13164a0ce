/** Offline delivery, catch-up, receipts and markers between web users and users of a real XMPP server (slixmpp). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const skipped = maySkip(SlixmppPeer.available());

onEveryServer('history', (server) => {
  let gateway: TestGateway;
  let romeo: SlixmppPeer;

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()), { STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s' });
    const first = await gateway.login('first');
    if (first.ready?.link === 'down') await first.next('state', ({ link }) => link === 'up', 20_000);
    await first.close();
    if (!skipped) romeo = await SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'orchard' });
  });
  afterAll(async () => {
    await romeo?.close();
    await gateway.stop();
  });

  /** What romeo sent before is in the gateway now: his server keeps the order of his stanzas. */
  const arrived = () => romeo.ping(gateway.domain);

  /** A web user who has written to Romeo. */
  async function friend(name: string): Promise<{ client: JsonClient; cursor: string }> {
    const client = await gateway.login(name);
    const { id, archiveId = '' } = await client.request('message.send', { to: romeo.bareJid, body: 'hi' });
    expect(await romeo.next('message', (message) => message.id === id)).toMatchObject({ receiptRequested: true });
    return { client, cursor: archiveId };
  }

  const send = (to: string, id: string, ...parts: string[]) =>
    romeo.sendRaw(`<message to="${to}" type="chat" id="${id}">${parts.join('')}</message>`);
  const markable = '<markable xmlns="urn:xmpp:chat-markers:0"/>';

  test.skipIf(skipped)('mail to a user who is away is kept, caught up, and acknowledged once', async () => {
    const { client: alice, cursor } = await friend('alice');
    await alice.close();
    const ids = [];
    for (const body of ['one', 'two', 'three']) {
      ids.push(await romeo.send({ to: alice.user, body, receiptRequested: true }));
    }
    await arrived();
    expect(romeo.take('message')).toEqual([]);
    const back = await gateway.login('alice', { features: ['ack'] });
    const live = await romeo.send({ to: alice.user, body: 'four', receiptRequested: true });
    await back.next('message', ({ id }) => id === live);
    const first = await back.request('history.get', { after: cursor, max: 2 });
    const second = await back.request('history.get', { after: first.last ?? '', max: 2 });
    const read = [...first.items, ...second.items].map(({ data }) => (data as { id: string }).id);
    expect(read).toEqual([...ids, live]);
    expect(second.complete).toBe(true);
    back.send({ type: 'ack', data: { seq: 1 } });
    for (const id of read) expect(await romeo.next('message')).toMatchObject({ receiptFor: id, type: 'chat' });
    await back.request('history.get', { after: cursor });
    await back.request('message.send', { to: romeo.bareJid, body: 'all read' });
    expect(await romeo.next('message')).toMatchObject({ body: 'all read' });
    expect(romeo.take('message')).toEqual([]);
    await back.close();
  });

  test.skipIf(skipped)('markers go both ways', async () => {
    const { client: juliet } = await friend('juliet');
    const tablet = await gateway.login('juliet');
    await send(juliet.user, 'k1', '<body>read me</body>', markable);
    await juliet.next('message', ({ id }) => id === 'k1');
    await juliet.request('message.mark', { to: romeo.bareJid, id: 'k1' });
    expect((await romeo.next('message')).xml).toMatch(/<displayed xmlns="urn:xmpp:chat-markers:0" id="k1"/);
    expect(await tablet.next('chat')).toMatchObject({ chat: romeo.bareJid, unread: 0, readUpTo: { id: 'k1' } });
    const { id } = await juliet.request('message.send', { to: romeo.bareJid, body: 'and me' });
    expect((await romeo.next('message')).xml).toContain('<markable xmlns="urn:xmpp:chat-markers:0"');
    await romeo.send({ to: juliet.user, receiptFor: id });
    expect(await juliet.next('receipt')).toMatchObject({ id, from: romeo.jid, status: 'delivered' });
    await send(juliet.user, 'k2', `<displayed xmlns="urn:xmpp:chat-markers:0" id="${id}"/>`);
    expect(await juliet.next('receipt')).toMatchObject({ id, status: 'displayed' });
    const { items } = await juliet.request('history.get', { chat: romeo.bareJid, ids: [id] });
    expect(items[0]?.data).toMatchObject({ id, status: 'displayed' });
    await Promise.all([juliet.close(), tablet.close()]);
  });

  test.skipIf(skipped)('what happens to messages is read and folded', async () => {
    const { client: nurse } = await friend('nurse');
    await send(nurse.user, 'f1', '<body>teh</body>');
    await send(nurse.user, 'f2', '<body>the</body><replace xmlns="urn:xmpp:message-correct:0" id="f1"/>');
    await send(nurse.user, 'f3', '<reactions xmlns="urn:xmpp:reactions:0" id="f1"><reaction>👋</reaction></reactions>');
    await send(nurse.user, 'f4', '<body>oops</body>');
    await send(nurse.user, 'f5', '<retract xmlns="urn:xmpp:message-retract:1" id="f4"/><body>fallback</body>');
    expect(await nurse.next('message.edited')).toMatchObject({ id: 'f2', replace: 'f1', body: 'the' });
    expect(await nurse.next('reaction')).toMatchObject({ id: 'f1', reactions: ['👋'] });
    expect(await nurse.next('message.retracted')).toMatchObject({ id: 'f4', from: romeo.jid });
    const { items } = await nurse.request('history.get', { chat: romeo.bareJid, max: 2 });
    expect(items.map(({ data }) => data)).toMatchObject([
      { id: 'f1', body: 'the', edited: {}, reactions: { [romeo.bareJid]: ['👋'] } },
      { id: 'f4', retracted: {} },
    ]);
    await nurse.close();
  });
});
