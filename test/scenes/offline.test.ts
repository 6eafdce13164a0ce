/** Mail for accounts without a session, and for accounts that never were (RFC 6121 §8.5.1, §8.5.2.2). */
import { describe, expect, it } from 'vitest';
import { type Child, el } from '../../src/xmpp/stanza.ts';
import { scene } from '../support/scene.ts';

const romeo = 'romeo@example.com';

function message(to: string, id: string, attrs: Record<string, string> = {}, ...children: Child[]) {
  const content = children.length === 0 ? [el('body', {}, id)] : children;
  return el('message', { from: `${romeo}/orchard`, to, type: 'chat', id, ...attrs }, ...content);
}

describe('an account without a session', () => {
  const at = scene({ STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s' });

  it('is sent mail without an error, stored, and gets it by catch-up', async () => {
    const alice = await at.gateway.login('alice');
    const { archiveId: cursor = '' } = await alice.request('message.send', { to: romeo, body: 'bye' });
    await at.stanzas();
    await alice.close();
    at.server.send(message(alice.user, 'to the bare JID'));
    at.server.send(message(`${alice.user}/web`, 'to the full JID', { type: 'normal' }));
    at.server.send(message(`${alice.user}/gone`, 'to another resource'));
    expect((await at.stanzas()).filter(({ attrs }) => attrs.type === 'error')).toEqual([]);
    const back = await at.gateway.login('alice', { want: ['chats'] });
    expect(back.ready?.archive?.last).toBeDefined();
    expect(back.ready?.archive?.last).not.toBe(cursor);
    expect(back.ready?.chats).toMatchObject([{ chat: romeo, unread: 3 }]);
    expect((await back.rest()).filter(({ type }) => type === 'message')).toEqual([]);
    const page = await back.request('history.get', { after: cursor });
    const bodies = page.items.map(({ data }) => (data as { body: string }).body);
    expect(bodies).toEqual(['to the bare JID', 'to the full JID', 'to another resource']);
    expect(page).toMatchObject({ last: back.ready?.archive?.last, complete: true });
    await back.close();
  });

  it('keeps what happens to messages too', async () => {
    const bob = await at.gateway.login('bob');
    const { archiveId: cursor = '' } = await bob.request('message.send', { to: romeo, id: 'b1', body: 'bye' });
    await at.stanzas();
    await bob.close();
    at.server.send(message(bob.user, 'x1', {}, el('received', { xmlns: 'urn:xmpp:receipts', id: 'b1' })));
    at.server.send(message(bob.user, 'typo'));
    const replace = el('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'typo' });
    at.server.send(message(bob.user, 'x2', {}, el('body', {}, 'no typo'), replace));
    await at.stanzas();
    const back = await at.gateway.login('bob');
    const { items } = await back.request('history.get', { after: cursor });
    expect(items.map(({ type }) => type)).toEqual(['receipt', 'message', 'message.edited']);
    await back.close();
  });

  it('gets no headlines and no typing later', async () => {
    const carol = await at.gateway.login('carol');
    await carol.close();
    at.server.send(message(carol.user, 'news', { type: 'headline' }));
    at.server.send(message(carol.user, 't', {}, el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' })));
    expect(await at.stanzas()).toEqual([]);
    const back = await at.gateway.login('carol');
    expect((await back.request('history.get', {})).items).toEqual([]);
    await back.close();
  });

  it('of the gateway is written to by another like any other, and both archives have it', async () => {
    const dora = await at.gateway.login('dora');
    const { user } = dora;
    await dora.close();
    const emil = await at.gateway.login('emil');
    const sent = await emil.request('message.send', { to: user, id: 'e1', body: 'are you there?' });
    const own = await emil.request('history.get', { chat: user });
    expect(own.items).toMatchObject([{ data: { id: 'e1', outgoing: true, archiveId: sent.archiveId } }]);
    const back = await at.gateway.login('dora');
    const theirs = await back.request('history.get', { chat: emil.user });
    expect(theirs.items).toMatchObject([{ data: { id: 'e1', from: emil.user, body: 'are you there?' } }]);
    expect(theirs.items[0]?.data).not.toHaveProperty('outgoing');
    expect(await at.stanzas()).toEqual([]);
    await Promise.all([emil.close(), back.close()]);
  });
});

describe('an account that never was', () => {
  describe('with accounts.unknown: bounce', () => {
    const at = scene();

    it('refuses mail, from outside and from inside', async () => {
      at.server.send(message('zoe@web.example.com', 'z1'));
      const [error, ...more] = await at.stanzas();
      expect(error?.attrs).toMatchObject({ type: 'error', id: 'z1', from: 'zoe@web.example.com' });
      expect(more).toEqual([]);
      const alice = await at.gateway.login('alice');
      expect(await alice.refused('message.send', { to: 'zoe@web.example.com', body: 'hi' })).toMatchObject({
        code: 'service-unavailable',
      });
      const zoe = await at.gateway.login('zoe');
      expect((await zoe.request('history.get', {})).items).toEqual([]);
      await Promise.all([alice.close(), zoe.close()]);
    });
  });

  describe('with accounts.unknown: store', () => {
    const at = scene({ STANZAWIRE_ACCOUNTS_UNKNOWN: 'store' });

    it('has its mail when it comes for the first time', async () => {
      at.server.send(message('zoe@web.example.com', 'z1'));
      expect(await at.stanzas()).toEqual([]);
      const alice = await at.gateway.login('alice');
      await alice.request('message.send', { to: 'zoe@web.example.com', id: 'z2', body: 'z2' });
      const zoe = await at.gateway.login('zoe');
      const { items } = await zoe.request('history.get', {});
      expect(items.map(({ data }) => (data as { body: string }).body)).toEqual(['z1', 'z2']);
      await Promise.all([alice.close(), zoe.close()]);
    });

    it('is not made by an error, a headline or a probe', async () => {
      at.server.send(message('yan@web.example.com', 'y1', { type: 'error' }));
      at.server.send(message('yan@web.example.com', 'y2', { type: 'headline' }));
      at.server.send(el('presence', { from: romeo, to: 'yan@web.example.com', type: 'probe' }));
      const answers = (await at.stanzas()).filter(({ name }) => name === 'message');
      expect(answers.map(({ attrs }) => attrs.id)).toEqual(['y2']);
    });
  });
});
