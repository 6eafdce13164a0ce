/** Images that are pages, scripts or bombs, from users and contacts; and addresses that lead out of where images are. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { el, elements } from '../../src/xmpp/stanza.ts';
import { png } from '../support/images.ts';
import type { JsonClient } from '../support/json-client.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { scene } from '../support/scene.ts';

const at = scene();
const romeo = 'romeo@example.com';
let alice: JsonClient;
beforeAll(async () => {
  alice = await at.gateway.login('alice');
});
afterAll(() => alice.close());

const good = png(3, 2, [1, 2, 3]);
const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');
const script = '<script>alert(1)</script>';
/** A PNG's beginning that says it is so large. */
const sized = (width: number, height: number): Buffer => {
  const copy = Buffer.from(good);
  copy.writeUInt32BE(width, 16);
  copy.writeUInt32BE(height, 20);
  return copy;
};

const bad: [what: string, bytes: string | Uint8Array][] = [
  ['SVG with a script', `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`],
  [
    'SVG behind a byte order mark',
    `\ufeff<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
  ],
  ['HTML', `<!DOCTYPE html>${script}`],
  ['HTML that begins like a GIF', `GIF89${script}`],
  ['JavaScript', 'alert(1)'],
  ['PDF', '%PDF-1.7'],
  ['a beginning of a PNG and nothing more', good.subarray(0, 12)],
  ['a PNG of four milliard pixels a side', sized(0xffff_ffff, 0xffff_ffff)],
  ['a PNG of no pixels', sized(0, 0)],
  ['nothing', ''],
];

describe('is refused as an avatar:', () => {
  it.each(bad)('%s, by its own user', async (_, bytes) => {
    const { code, retry } = await alice.refused('profile.set', { avatar: { data: base64(bytes) } });
    expect([code, retry]).toEqual(['bad-request', false]);
  });

  it.each(bad)('%s, of a contact who says that it is a PNG', async (_, bytes) => {
    const id = createHash('sha1').update(bytes).digest('hex');
    at.server.onStanza = (stanza, server) => {
      const [payload] = elements(stanza);
      if (stanza.attrs.to !== romeo || stanza.attrs.type !== 'get' || !payload) return;
      const photo = el('PHOTO', {}, el('TYPE', {}, 'image/png'), el('BINVAL', {}, base64(bytes)));
      const data = el('item', { id }, el('data', { xmlns: ns.avatarData }, base64(bytes)));
      const metadata = el(
        'item',
        { id },
        el('metadata', { xmlns: ns.avatarMetadata }, el('info', { id, type: 'image/png', bytes: '5' })),
      );
      const node = elements(payload)[0]?.attrs.node ?? '';
      const items = (item: typeof data) => el('pubsub', { xmlns: ns.pubsub }, el('items', { node }, item));
      const answer =
        payload.name === 'vCard'
          ? el('vCard', { xmlns: ns.vcard }, photo)
          : items(node === ns.avatarData ? data : metadata);
      const { id: asked, from, to } = stanza.attrs;
      server.send(el('iq', { type: 'result', id: asked, from: to, to: from }, answer));
    };
    const answer = await alice.answer({ type: 'avatar.get', data: { jid: romeo } }, 20_000);
    expect(answer.error?.code).toBeDefined();
    at.server.onStanza = () => undefined;
  });
});

describe('what is served', () => {
  const http = (): string => at.gateway.url.replace('ws:', 'http:').replace(/\/ws$/, '');
  let url = '';
  beforeAll(async () => {
    // A right image, and behind its end a page for browsers that guess.
    const both = Buffer.concat([good, Buffer.from(script)]);
    const { avatar } = await alice.request('profile.set', { avatar: { data: base64(both) } });
    url = avatar?.url ?? '';
  });

  it('is an image for every browser, and nothing else, whatever is behind it', async () => {
    const { status, headers } = await fetch(http() + url);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  });

  it('has an address that says nothing of whose it is, and that nobody can make from the image', () => {
    expect(url).toMatch(/^\/avatars\/[\w-]{43}$/);
    const hashes = ['sha1', 'sha256'].flatMap((name) =>
      (['hex', 'base64url'] as const).map((form) => createHash(name).update(good).digest(form)),
    );
    for (const hash of hashes) expect(url).not.toContain(hash);
  });

  it.each([
    '/avatars/',
    '/avatars/..',
    '/avatars/../../../etc/passwd',
    '/avatars/..%2f..%2f..%2fetc%2fpasswd',
    '/avatars/%2e%2e/%2e%2e/etc/passwd',
    '/avatars/..\\..\\etc\\passwd',
    '/avatars/%00',
    '/avatars/%',
    '/avatars/%ff%fe',
    '/avatars/__proto__',
    '/avatars/constructor',
    `/avatars/${'x'.repeat(10_000)}`,
    '//avatars/x',
    '/.env',
    '/package.json',
    '/metrics',
    '/livez',
    '/api/status',
    'http://127.0.0.1:9090/metrics',
    '*',
  ])('%s is not found, on the public port', async (path) => {
    const socket = await RawSocket.connect(at.gateway.url);
    socket.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect([400, 404, 414]).toContain(await socket.status());
    socket.end();
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH'])('%s does nothing', async (method) => {
    const socket = await RawSocket.connect(at.gateway.url);
    socket.send(`${method} ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    // Node ends the connection of a CONNECT that nobody handles.
    expect([0, 400, 404, 405]).toContain(await socket.status());
    expect((await fetch(http() + url)).status).toBe(200);
    socket.end();
  });
});
