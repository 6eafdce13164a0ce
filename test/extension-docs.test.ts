/** The extension of docs/extensions.md, as a reader would write it: the page's code in a file, its frames and stanzas played. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mintToken } from '../src/auth/jwt.ts';
import { serialize } from '../src/xmpp/stanza.ts';
import { JsonClient } from './support/json-client.ts';
import { fences } from './support/markdown.ts';
import { Program } from './support/process.ts';
import { ScriptedServer } from './support/scripted-server.ts';

const blocks = fences(readFileSync(join(import.meta.dirname, '../docs/extensions.md'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-extension-'));
const secret = 'a secret of thirty-two bytes, or more';
let server: ScriptedServer;
let program: Program;
let alice: JsonClient;

beforeAll(async () => {
  const file = join(folder, 'poll.js');
  writeFileSync(file, blocks.flatMap(({ info, lines }) => (info === 'js' ? lines : [])).join('\n'));
  server = await ScriptedServer.start();
  program = new Program([], {
    STANZAWIRE_XMPP_DOMAIN: server.domain,
    STANZAWIRE_XMPP_SERVICE: server.service,
    STANZAWIRE_XMPP_SECRET: server.secret,
    STANZAWIRE_AUTH_JWT_SECRET: secret,
    STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
    STANZAWIRE_HTTP_PUBLIC_PORT: '0',
    STANZAWIRE_HTTP_INTERNAL_PORT: '0',
    STANZAWIRE_STORE_URL: 'memory:',
    STANZAWIRE_DRAIN_TIME: '0s',
    STANZAWIRE_EXTENSIONS: file,
  });
  const { publicPort } = await program.event('started');
  const token = await mintToken({ secret, user: 'alice', ttlMs: 60_000, userClaim: 'sub', scopeClaim: 'scope' });
  alice = await JsonClient.connect(`ws://127.0.0.1:${String(publicPort)}/ws`, { token });
  if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up');
});

afterAll(async () => {
  await alice.close();
  program.child.kill('SIGTERM');
  expect(await program.ended).toMatchObject({ code: 0, stderr: '' });
  expect(server.violations).toEqual([]);
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** One block of the page: what it shows comes to pass. */
const play: Record<string, (text: string) => void | Promise<void>> = {
  'json frame': (text) => alice.send(text),
  'xml in': (text) => server.send(text),
  'xml out': async (text) => {
    await server.next((stanza) => serialize(stanza).includes(text));
  },
  'json event': async (text) => {
    const { type, data } = JSON.parse(text);
    expect((await alice.inbox.next((frame) => frame.type === type)).data).toMatchObject(data);
  },
  'json answer': async (text) => {
    const expected = JSON.parse(text);
    expect(await alice.inbox.next(({ id }) => id === expected.id)).toMatchObject(expected);
  },
};

it('works as the page says', async () => {
  const scene = blocks.filter(({ info }) => Object.hasOwn(play, info));
  expect(scene.length).toBeGreaterThan(10);
  for (const { info, lines } of scene) await play[info]?.(lines.join(''));
});

it('is announced to those who may ask', async () => {
  server.send(
    "<iq from='bob@example.com/phone' to='alice@web.example.com/web' type='get' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  );
  const answer = await server.next(({ attrs }) => attrs.id === 'd1');
  expect(serialize(answer)).toContain('<feature var="urn:acme:poll:0"/>');
});

it('names every hook that there is, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/extensions.md'), 'utf8');
  const shape = readFileSync(join(import.meta.dirname, '../src/extension-shape.ts'), 'utf8');
  const [, known = ''] = /const hooks = Object\.keys\(\{(.*?)\}/s.exec(shape) ?? [];
  const [, listed = ''] = /^\| `hooks` \|(.*?)\. There/m.exec(page) ?? [];
  const names = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, name]) => name));
  expect(names(listed, /`(\w+)`/g)).toEqual(names(known, /(\w+): true/g));
});
