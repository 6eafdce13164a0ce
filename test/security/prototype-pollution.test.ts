/** Keys that are more than keys in JavaScript, at every depth of every input: frames, tokens, XML, configuration. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { requests } from '../../src/protocol/frames.ts';
import { el } from '../../src/xmpp/stanza.ts';
import type { AnyFrame, JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({
  STANZAWIRE_LIMITS_RATE: '10000',
  STANZAWIRE_LIMITS_BURST: '10000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '10000',
  STANZAWIRE_LIMITS_SEND_TIMEOUT: '2s',
});
const keys = [
  '__proto__',
  'constructor',
  'prototype',
  '__defineGetter__',
  'hasOwnProperty',
  'toString',
  'toJSON',
  'then',
];
const before = keys.map((key) => Reflect.get(Object.prototype, key));
let alice: JsonClient;

beforeAll(async () => {
  alice = await at.gateway.login('alice', { scopes: ['raw'], raw: 'full' });
});
afterAll(async () => {
  await alice.close();
  expect(keys.map((key) => Reflect.get(Object.prototype, key))).toEqual(before);
  for (const one of [{}, [], () => undefined]) expect(Reflect.get(one, 'polluted')).toBeUndefined();
});

/** They end the session, or have no answer. */
const unanswered = ['session.end', 'auth.refresh', 'connect', 'pong', 'ack'];
const poison = (key: string): string =>
  `"${key}":{"polluted":true,"scope":"raw","prototype":{"polluted":true},"to":"romeo@example.com"}`;

describe('in a frame', () => {
  it.each(keys)('%s does nothing, in the data of every request and inside of it', async (key) => {
    const answers: Promise<AnyFrame>[] = [];
    for (const type of Object.keys(requests)) {
      if (unanswered.includes(type)) continue;
      for (const data of [`{${poison(key)}}`, `{"a":{${poison(key)}}}`, `{"to":"romeo@example.com",${poison(key)}}`]) {
        const id = `poison-${answers.length}-${key}`;
        alice.send(`{"type":"${type}","id":"${id}",${poison(key)},"data":${data}}`);
        answers.push(alice.inbox.next((one) => one.id === id, 20_000));
      }
    }
    const codes = (await Promise.all(answers)).map(({ error }) => error?.code);
    expect(codes).not.toContain('internal-server-error');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each(keys)('%s as a type or as a whole frame is an error, not a crash', async (key) => {
    expect(await alice.refused(key, {})).toMatchObject({ code: 'unknown-type' });
    expect(await alice.refused('message.send', JSON.parse(`{"${key}":1}`))).toMatchObject({ code: 'bad-request' });
  });

  it('a list, or another thing, in the place of an object is refused by its name', async () => {
    for (const data of ['[]', '"__proto__"', '7', 'true', '[{"__proto__":[]}]']) {
      alice.send(`{"type":"message.send","id":"shape","data":${data}}`);
      expect(await alice.inbox.next(({ id }) => id === 'shape')).toMatchObject({ error: { code: 'bad-request' } });
    }
  });

  it('a key that is kept comes back as it was', async () => {
    const value = JSON.parse('{"constructor":{"prototype":{"polluted":true}},"toString":"x"}') as never;
    const set = await alice.answer({ type: 'message.send', data: { to: 'romeo@example.com', body: 'x', json: value } });
    expect(['ok', 'error']).toContain(set.type);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('in XML', () => {
  it('elements and attributes with such names are shown, and change nothing', async () => {
    const inner = keys
      .filter((key) => key !== '__proto__')
      .map((key) => el(key, { xmlns: `urn:${key}`, constructor: 'x', polluted: 'true' }, 'x'));
    at.server.send(
      el('message', { from: 'romeo@example.com/x', to: alice.user, id: 'xml-1' }, el('body', {}, 'hi'), ...inner),
    );
    expect(await alice.next('message', ({ body }) => body === 'hi')).toMatchObject({ id: 'xml-1' });
    at.server.send(
      `<message from="romeo@example.com/x" to="${alice.user}" id="xml-2" __proto__="x" constructor="y"><body>ho</body><__proto__ xmlns="urn:p" polluted="1"><polluted/></__proto__></message>`,
    );
    expect(await alice.next('message', ({ body }) => body === 'ho')).toMatchObject({ id: 'xml-2' });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('JSON in a message is data, whatever its keys (XEP-0335, XEP-0432)', async () => {
    const json = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const payload = el(
      'payload',
      { xmlns: 'urn:xmpp:json-msg:0', datatype: 'urn:x' },
      el('json', { xmlns: 'urn:xmpp:json:0' }, json),
    );
    at.server.send(
      el('message', { from: 'romeo@example.com/x', to: alice.user, id: 'json-1' }, el('body', {}, 'js'), payload),
    );
    await alice.next('message', ({ body }) => body === 'js');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

it('in a token: a claim is only what stands in it itself', async () => {
  const client = await at.gateway.login('bob', { scopes: ['__proto__', 'constructor'] });
  const payload = { name: 'q', attrs: { xmlns: 'urn:q' } };
  expect(await client.refused('iq.send', { to: 'example.com', type: 'get', payload })).toMatchObject({
    code: 'forbidden',
  });
  await client.close();
});

it('in the configuration: such a key is no key', () => {
  const env = {
    STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
    STANZAWIRE_XMPP_SECRET: 's',
    STANZAWIRE_AUTH_JWT_SECRET: 'x'.repeat(32),
  };
  expect(() => loadConfig({ env: { ...env, STANZAWIRE_LIMITS___PROTO__: '1' } })).toThrow(/no such key/);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});
