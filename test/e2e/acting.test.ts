/**
 * Acting on messages on real servers, in both directions: the XMPP side is slixmpp with its own plugins of XEP-0184, 0308,
 * 0333, 0424 and 0425 (their older forms), and 0444.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const limits = { STANZAWIRE_LIMITS_RATE: '100000', STANZAWIRE_LIMITS_BURST: '100000' };

onEveryServer('acting on messages', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user on slixmpp', () => {
    let gateway: TestGateway;
    let alice: JsonClient;
    let tablet: JsonClient;
    let romeo: SlixmppPeer;
    let his: SlixmppRoom;
    let room = '';

    beforeAll(async () => {
      gateway = await TestGateway.start(upstreamOf(server()), limits);
      alice = await gateway.login('alice');
      tablet = await gateway.login('alice');
      if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      await romeo.call('actions', {});
      room = `acting@${server().rooms}`;
    });
    afterAll(async () => {
      await romeo.close();
      await gateway.stop();
    });

    const folded = async (chat: string, id: string) => {
      const { items } = await alice.request('history.get', { chat, ids: [id] });
      return items[0]?.data;
    };

    test('in 1:1 what alice does to her messages, and to his', async () => {
      const to = romeo.bareJid;
      const { id } = await alice.request('message.send', { to, body: 'teh' });
      await romeo.next('message', ({ body }) => body === 'teh');
      // slixmpp answers the receipt that was asked for.
      expect(await alice.next('receipt')).toMatchObject({ id, status: 'delivered', from: romeo.jid });
      const edited = await alice.request('message.edit', { to, id, body: 'the' });
      expect(await romeo.next('action')).toMatchObject({ kind: 'edit', target: id, body: 'the', id: edited.id });
      expect(await tablet.next('message.edited')).toMatchObject({ replace: id, outgoing: true, body: 'the' });
      const his = await romeo.send({ to: alice.user, body: 'hi' });
      const heard = await alice.next('message');
      expect(heard.id).toBe(his);
      await alice.request('message.react', { to, id: his, reactions: ['👋', '🐢'] });
      expect(await romeo.next('action')).toMatchObject({
        kind: 'reactions',
        target: his,
        reactions: ['🐢', '👋'].sort(),
      });
      await alice.request('message.react', { to, id: his, reactions: [] });
      expect(await romeo.next('action')).toMatchObject({ kind: 'reactions', target: his, reactions: [] });
      await alice.request('message.retract', { to, id });
      const retraction = await romeo.next('message', ({ xml }) => xml.includes('urn:xmpp:message-retract:1'));
      expect(retraction.xml).toContain(`id="${id}"`);
      expect(retraction.body).not.toBe('');
      expect(retraction.receiptRequested).toBe(false);
      expect(await tablet.next('message.retracted')).toMatchObject({ id });
      expect(await folded(to, id)).toMatchObject({ retracted: {} });
    });

    test('in 1:1 what romeo does to his messages, and to hers', async () => {
      const to = alice.user;
      const id = await romeo.send({ to, body: 'helo' });
      await alice.next('message');
      const edit = await romeo.call<{ id: string }>('edit', { to, id, body: 'hello' });
      expect(await alice.next('message.edited')).toMatchObject({ id: edit.id, replace: id, body: 'hello' });
      const hers = await alice.request('message.send', { to: romeo.bareJid, body: 'hi' });
      await romeo.call('marker', { to, id: hers.id });
      expect(await alice.next('receipt', ({ status }) => status === 'displayed')).toMatchObject({ id: hers.id });
      await romeo.call('react', { to, id: hers.id, reactions: ['❤️'] });
      expect(await alice.next('reaction')).toMatchObject({ id: hers.id, from: romeo.jid, reactions: ['❤️'] });
      // He may not touch what she has said.
      await romeo.call('edit', { to, id: hers.id, body: 'forged' });
      await romeo.call('retract', { to, id: hers.id });
      await romeo.call('retract', { to, id });
      expect(await alice.next('message.retracted')).toMatchObject({ id, from: romeo.jid });
      expect(await folded(romeo.bareJid, hers.id)).toMatchObject({
        body: 'hi',
        status: 'displayed',
        reactions: { [romeo.bareJid]: ['❤️'] },
      });
      expect(alice.inbox.take().filter(({ type }) => type.startsWith('message'))).toEqual([]);
    });

    test('in a room what each does to the own messages, and to those of the other', async () => {
      const values = { 'muc#roomconfig_persistentroom': true };
      await alice.request('room.create', { room, nick: 'Alice', values });
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      romeo.take('action');
      await alice.rest();
      await tablet.rest();
      const { id, originId } = await alice.request('message.send', { to: room, body: 'teh' });
      const edited = await alice.request('message.edit', { to: room, id, body: 'the' });
      expect(await romeo.next('action')).toMatchObject({ kind: 'edit', target: originId, body: 'the' });
      expect(await tablet.next('message.edited')).toMatchObject({ id: edited.id, replace: id, outgoing: true });
      const said = await his.say('helo');
      const { id: hisId } = await alice.next('message', ({ body }) => body === 'helo');
      expect(hisId).toBe(said.stanzaId);
      await romeo.call('edit', { to: room, id: said.id, body: 'hello', type: 'groupchat' });
      expect(await alice.next('message.edited')).toMatchObject({
        replace: hisId,
        body: 'hello',
        from: `${room}/Romeo`,
      });
      await alice.request('message.react', { to: room, id: hisId, reactions: ['👋'] });
      const reacted = await romeo.next('action', ({ kind }) => kind === 'reactions');
      expect(reacted).toMatchObject({ target: hisId, reactions: ['👋'] });
      await romeo.call('react', { to: room, id, reactions: ['🐢'], type: 'groupchat' });
      expect(await alice.next('reaction', ({ from }) => from === `${room}/Romeo`)).toMatchObject({
        id,
        reactions: ['🐢'],
      });
      const { items } = await tablet.request('history.get', { chat: room });
      expect(items.map(({ data }) => data).slice(-2)).toMatchObject([
        { id, body: 'the', reactions: { [`${room}/Romeo`]: ['🐢'] } },
        { id: hisId, body: 'hello', reactions: { [`${room}/Alice`]: ['👋'] } },
      ]);
      await alice.request('message.retract', { to: room, id });
      const retraction = await romeo.next('message', ({ xml }) => xml.includes('urn:xmpp:message-retract:1'));
      expect(retraction.xml).toContain(`id="${id}"`);
      expect(await tablet.next('message.retracted')).toMatchObject({ id });
      await romeo.call('retract', { to: room, id: hisId, type: 'groupchat' });
      expect(await alice.next('message.retracted', ({ from }) => from === `${room}/Romeo`)).toMatchObject({
        id: hisId,
      });
    });

    test('moderation, where the room has it', async () => {
      const spam = await his.say('spam');
      const { id } = await alice.next('message', ({ body }) => body === 'spam');
      expect(id).toBe(spam.stanzaId);
      const { room: about } = await alice.request('room.info', { room });
      const canModerate = (await romeo.discoInfo(room)).features.some((one) => one.includes('message-moderate'));
      expect(about).toBeDefined();
      if (!canModerate) {
        expect(await alice.refused('message.moderate', { room, id })).toMatchObject({
          code: 'feature-not-implemented',
        });
        return;
      }
      await alice.request('message.moderate', { room, id, reason: 'spam' });
      const event = { id, chat: room, from: room, reason: 'spam' };
      expect(await alice.next('message.retracted', (each) => each.id === id)).toMatchObject(event);
      expect(await tablet.next('message.retracted', (each) => each.id === id)).toMatchObject(event);
      const { items } = await tablet.request('history.get', { chat: room });
      const last = items.findLast(({ data }) => (data as { id: string }).id === id);
      // Some servers take it out of the archive.
      if (last) expect(last.data).toHaveProperty('retracted');
    });

    test('a private message in a room', async () => {
      const to = `${room}/Romeo`;
      await his.whisper('Alice', 'psst');
      const { id } = await alice.next('message', ({ body }) => body === 'psst');
      await alice.request('message.react', { to, id, reactions: ['🤫'] });
      expect(await romeo.next('action', ({ target }) => target === id)).toMatchObject({ kind: 'reactions' });
      const sent = await alice.request('message.send', { to, body: 'waht?' });
      await alice.request('message.edit', { to, id: sent.id, body: 'what?' });
      const edit = await romeo.next('action', ({ kind, body }) => kind === 'edit' && body === 'what?');
      expect(edit).toMatchObject({ target: sent.id, from: `${room}/Alice` });
      await romeo.call('react', { to: `${room}/Alice`, id: sent.id, reactions: ['👍'] });
      expect(await alice.next('reaction', ({ chat }) => chat === to)).toMatchObject({ id: sent.id, from: to });
    });
  });
});
