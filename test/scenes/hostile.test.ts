import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childText, el, elements } from '../../src/xmpp/stanza.ts';
import {
  badAddressing,
  badShapes,
  everyCharacter,
  forbiddenText,
  oddTexts,
  wronglyAnswered,
} from '../support/hostile.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const fast = {
  STANZAWIRE_LIMITS_RATE: '100000',
  STANZAWIRE_LIMITS_BURST: '100000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '1000',
};
const play = scene({ ...fast, STANZAWIRE_LIMITS_FRAME: '256KiB' });
const romeo = 'romeo@example.com';
let mallory: JsonClient;

beforeAll(async () => {
  mallory = await play.gateway.login('mallory', { scopes: ['raw'] });
});
afterAll(async () => {
  expect(play.server.connections).toBe(1);
  await mallory.close();
});

describe('is answered with its error, and none of it reaches the stream:', () => {
  it('a forbidden character in every string of every request', async () => {
    expect(await wronglyAnswered(mallory, forbiddenText('requests'))).toEqual([]);
  });

  it('a forbidden character in every string of connect', async () => {
    const client = await JsonClient.open(play.gateway.url);
    expect(await wronglyAnswered(client, forbiddenText('connect'))).toEqual([]);
    client.send({ type: 'connect', id: 1, data: { token: await play.gateway.token('alice') } });
    expect(await client.inbox.next()).toMatchObject({ type: 'ready' });
    await client.close();
  });

  it('an address that no server takes, wherever one is asked for', async () => {
    expect(await wronglyAnswered(mallory, badAddressing())).toEqual([]);
  });

  it('what is nested without end, and names that are more than names', async () => {
    expect(await wronglyAnswered(mallory, badShapes())).toEqual([]);
  });

  it('a body of a megabyte: its own socket is closed with 1009', async () => {
    const [alice, tablet] = [await play.gateway.login('alice'), await play.gateway.login('alice')];
    alice.send({ type: 'message.send', id: 1, data: { to: romeo, body: 'x'.repeat(1024 * 1024) } });
    expect(await lastWords(alice)).toEqual({ code: 1009, frames: [] });
    expect(await tablet.rest()).toEqual([]);
    await tablet.close();
  });

  it('so nothing has been sent', async () => {
    expect(await mallory.rest()).toEqual([]);
    expect(await play.stanzas()).toEqual([]);
  });
});

describe('arrives as it was written:', () => {
  const fields = ['body', 'subject', 'thread'] as const;
  it.each(oddTexts.map((text) => [text]))('%j', async (text) => {
    const ok = await mallory.request('message.send', {
      to: romeo,
      id: `id ${text}`,
      body: text,
      subject: text,
      thread: text,
    });
    expect(ok.id).toBe(`id ${text}`);
    const [stanza, ...more] = await play.stanzas();
    expect(stanza?.attrs.id).toBe(`id ${text}`);
    for (const field of fields) expect(stanza && childText(stanza, field, '')).toBe(text);
    expect(more).toEqual([]);
  });

  it('every character that XML allows, in text and in attributes, and back', async () => {
    for (const text of everyCharacter()) {
      await mallory.request('message.send', { to: romeo, body: text });
      const payload = { name: 'q', attrs: { xmlns: 'urn:example:q', a: text }, children: [text] };
      const asked = mallory.request('iq.send', { to: 'example.com', type: 'get', payload });
      const iq = await play.server.next(({ name }) => name === 'iq');
      const { id, from, to } = iq.attrs;
      play.server.send(el('iq', { type: 'result', id, from: to, to: from }, ...elements(iq)));
      expect(await asked).toEqual({ from: 'example.com', payload });
      const [message] = await play.stanzas();
      expect(message && childText(message, 'body', '')).toBe(text);
    }
  });

  it('keys that are names of what objects have', async () => {
    mallory.send(
      `{"type":"message.send","id":"k","data":{"to":"${romeo}","body":"hi","__proto__":{"type":"x"},"constructor":{"prototype":{"a":1}}}}`,
    );
    expect(await mallory.inbox.next()).toMatchObject({ type: 'ok', id: 'k' });
    mallory.send(
      `{"type":"message.send","id":"l","data":{"to":"${romeo}","bodies":{"valueOf":"v","toString":"t","__proto__":"p"}}}`,
    );
    expect(await mallory.inbox.next()).toMatchObject({ type: 'ok', id: 'l' });
    const bodies = (await play.stanzas()).map((stanza) =>
      elements(stanza).flatMap((child) =>
        child.name === 'body' ? [[child.attrs['xml:lang'], child.children[0]]] : [],
      ),
    );
    expect(bodies).toEqual([
      [[undefined, 'hi']],
      [
        ['valueOf', 'v'],
        ['toString', 't'],
      ],
    ]);
    expect(Object.prototype).not.toHaveProperty('a');
  });
});

it('another user’s chat goes on meanwhile, in both directions and in order', async () => {
  const bob = await play.gateway.login('bob');
  const hostile = [...forbiddenText('requests'), ...badAddressing(), ...badShapes()];
  let over = false;
  const attack = async () => {
    const wrong: string[] = [];
    for (const one of hostile) wrong.push(...(await wronglyAnswered(mallory, [one])));
    over = true;
    return wrong;
  };
  const attacked = attack();
  let said = 0;
  do {
    await bob.request('message.send', { to: romeo, id: `bob-${said}`, body: `${said}` });
    const attrs = { from: `${romeo}/orchard`, to: bob.user, type: 'chat', id: `romeo-${said}` };
    play.server.send(el('message', attrs, el('body', {}, `${said}`)));
    expect(await bob.next('message')).toMatchObject({ id: `romeo-${said}`, body: `${said}` });
    said++;
  } while (!over);
  expect(await attacked).toEqual([]);
  expect(said).toBeGreaterThan(20);
  expect((await play.stanzas()).map(({ attrs }) => attrs.id)).toEqual(
    Array.from({ length: said }, (_, i) => `bob-${i}`),
  );
  expect(await bob.rest()).toEqual([]);
  await bob.close();
});
