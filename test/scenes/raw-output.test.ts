import { describe, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const play = scene();

describe('raw output', () => {
  const odd = () => el('odd', { xmlns: 'urn:example:odd', a: '1' }, el('inner', {}, 'text'));
  const tree = {
    name: 'odd',
    attrs: { xmlns: 'urn:example:odd', a: '1' },
    children: [{ name: 'inner', attrs: {}, children: ['text'] }],
  };
  const attrs = { from: 'romeo@example.com/x', to: 'carol@web.example.com' };
  const levels = ['none', 'extra', 'full'] as const;
  const carols = () => Promise.all(levels.map((raw) => play.gateway.login('carol', { scopes: ['raw'], raw })));

  it('needs the scope raw, and the client may go on without it', async () => {
    const token = await play.gateway.token('carol');
    const carol = await JsonClient.open(play.gateway.url);
    for (const raw of ['extra', 'full']) {
      carol.send({ type: 'connect', id: raw, data: { token, raw } });
      expect(await carol.inbox.next()).toMatchObject({
        type: 'error',
        id: raw,
        error: { code: 'forbidden', field: 'raw' },
      });
    }
    carol.send({ type: 'connect', id: 1, data: { token, raw: 'none' } });
    expect(await carol.inbox.next()).toMatchObject({ type: 'ready', id: 1 });
    await carol.close();
  });

  it('is what each session asked for: the fields, what has no field, the whole stanza', async () => {
    const [none, extra, full] = await carols();
    play.server.send(el('message', { ...attrs, type: 'chat', id: 'm' }, el('body', {}, 'hi'), odd()));
    play.server.send(el('presence', attrs, el('show', {}, 'dnd'), odd()));
    const stanza = (name: string) => ({ name, attrs: { from: attrs.from, to: attrs.to } });
    for (const type of ['message', 'presence'] as const) {
      const plain = await none?.next(type);
      expect(plain).not.toHaveProperty('extra');
      expect(plain).not.toHaveProperty('stanza');
      const { time: _, ...fields } = { time: '', ...plain };
      expect(await extra?.next(type)).toMatchObject({ ...fields, extra: [tree] });
      expect(await full?.next(type)).toMatchObject({ ...fields, stanza: stanza(type) });
    }
    for (const client of [none, extra, full]) {
      expect(await client?.rest()).toEqual([]);
      await client?.close();
    }
  });

  it('has a stanza event for what fits nothing, but for sessions without raw', async () => {
    const [none, extra, full] = await carols();
    play.server.send(el('message', { ...attrs, type: 'headline' }, odd()));
    const stanza = { name: 'message', attrs: { ...attrs, type: 'headline' }, children: [tree] };
    for (const client of [extra, full]) {
      expect(await client?.inbox.next()).toEqual({ type: 'stanza', seq: 1, data: { stanza } });
    }
    // The number is not used up where it is not shown.
    play.server.send(el('message', { ...attrs, type: 'chat' }, el('body', {}, 'hi')));
    for (const [client, seq] of [
      [none, 1],
      [extra, 2],
      [full, 2],
    ] as const) {
      expect(await client?.inbox.next()).toMatchObject({ type: 'message', seq });
      expect(await client?.rest()).toEqual([]);
      await client?.close();
    }
  });

  it('of a stanza that is very deep leaves no session without its event', async () => {
    const clients = await carols();
    const deep = `<b xmlns='urn:example:b'>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</b>`;
    play.server.send(
      `<message from='${attrs.from}' to='${attrs.to}' type='chat' id='deep'><body>hi</body>${deep}</message>`,
    );
    play.server.send(el('message', { ...attrs, type: 'chat', id: 'next' }, el('body', {}, 'hi')));
    for (const client of clients) {
      expect(await client.inbox.next()).toMatchObject({ type: 'message', seq: 1, data: { id: 'deep', body: 'hi' } });
      expect(await client.inbox.next()).toMatchObject({ type: 'message', seq: 2, data: { id: 'next' } });
      expect(await client.rest()).toEqual([]);
      await client.close();
    }
    expect((await play.stanzas()).filter(({ attrs }) => attrs.type === 'error')).toEqual([]);
  });
});
