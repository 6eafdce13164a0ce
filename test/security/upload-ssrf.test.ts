/** An upload service, or who speaks for it, that wants the gateway to send requests where it alone can reach. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_UPLOADS_HOSTS: 'files.example.com' });
/** What stands inside of the network; it is never asked. */
let inside: Server;
let asked: string[] = [];
let port = 0;
let alice: JsonClient;

beforeAll(async () => {
  inside = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => inside.listen(0, resolve));
  port = (inside.address() as AddressInfo).port;
  alice = await at.gateway.login('alice', { features: ['binary'] });
});
afterAll(async () => {
  await alice.close();
  inside.closeAllConnections();
  inside.close();
});

function slots(put: string, ...headers: [string, string][]): void {
  at.server.onStanza = (stanza, server) => {
    if (stanza.attrs.to !== 'upload.example.com') return;
    const { id, from, to } = stanza.attrs;
    const slot = el(
      'slot',
      { xmlns: 'urn:xmpp:http:upload:0' },
      el('put', { url: put }, ...headers.map(([name, value]) => el('header', { name }, value))),
      el('get', { url: 'https://upload.example.com/a' }),
    );
    server.send(el('iq', { type: 'result', id, from: to, to: from }, slot));
  };
}

const file = { filename: 'a.bin', size: 3 };

it.each<[string, (port: number) => string]>([
  ['the metadata service of a cloud', () => 'http://169.254.169.254/latest/meta-data/'],
  ['loopback', (at) => `http://127.0.0.1:${at}/`],
  ['loopback with TLS', (at) => `https://127.0.0.1:${at}/`],
  ['loopback by name', (at) => `http://localhost:${at}/`],
  ['loopback as one number', (at) => `http://2130706433:${at}/`],
  ['loopback in hexadecimal', (at) => `http://0x7f000001:${at}/`],
  ['loopback in octal', (at) => `http://0177.0.0.1:${at}/`],
  ['loopback in short', (at) => `http://127.1:${at}/`],
  ['nothing but zeros', (at) => `http://0.0.0.0:${at}/`],
  ['loopback of IPv6', (at) => `http://[::1]:${at}/`],
  ['loopback of IPv4 in IPv6', (at) => `http://[::ffff:127.0.0.1]:${at}/`],
  ['a private network', () => 'https://10.0.0.1/'],
  ['a listed host without TLS', () => 'http://files.example.com/'],
  ['a host that begins like a listed one', () => 'https://files.example.com.evil.example/'],
  ['a host that ends like a listed one', () => 'https://evilfiles.example.com/'],
  ['a listed host as a user name', (at) => `https://files.example.com@127.0.0.1:${at}/`],
  ['a listed host before a backslash', (at) => `https://127.0.0.1:${at}\\@files.example.com/`],
  ['a listed host in a fragment', (at) => `https://127.0.0.1:${at}/#files.example.com`],
  ['full-width digits', (at) => `http://\uff11\uff12\uff17.0.0.1:${at}/`],
  ['a dot of another script', (at) => `http://127\u30020\u30020\u30021:${at}/`],
  ['a file', () => 'file:///etc/passwd'],
  ['gopher', (at) => `gopher://127.0.0.1:${at}/_x`],
  ['ftp', (at) => `ftp://127.0.0.1:${at}/`],
  ['javascript', () => 'javascript:alert(1)'],
  ['data', () => 'data:text/html,<script>alert(1)</script>'],
  ['no scheme', (at) => `//127.0.0.1:${at}/`],
  ['nothing', () => ''],
])('a slot at %s is not put to', async (_, url) => {
  slots(url(port));
  const { code, retry } = await alice.refused('upload.open', file);
  expect(['not-allowed', 'undefined-condition']).toContain(code);
  expect(retry).toBe(false);
  expect(asked).toEqual([]);
});

it.each(['javascript:alert(1)', 'data:text/html,x', 'https://a:b@upload.example.com/x', 'file:///etc/passwd'])(
  'a slot whose address is %s is not given to a page either',
  async (url) => {
    slots(url);
    expect(await alice.refused('upload.slot', file)).toMatchObject({ code: 'undefined-condition' });
  },
);

it('headers that a service may not set, or that would be two, are left out', async () => {
  slots(
    'https://upload.example.com/put',
    ['Host', 'evil.example'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '0'],
    ['Cookie', 'a=b\r\nX-Evil: 1'],
    ['Authorization', 'Bearer ok'],
    ['Expires', 'never\u2028X-Evil: 1'],
  );
  const slot = await alice.request('upload.slot', file);
  expect(slot.put.headers).toEqual({ Authorization: 'Bearer ok' });
});

it('no request lets a client name the address', async () => {
  slots('https://upload.example.com/put');
  const url = `http://127.0.0.1:${port}/`;
  const data = { ...file, url, put: { url }, to: '127.0.0.1', host: '127.0.0.1', service: '127.0.0.1' };
  await alice.answer({ type: 'upload.slot', data });
  await alice.answer({ type: 'avatar.get', data: { jid: 'romeo@example.com', url } }).catch(() => undefined);
  expect(asked).toEqual([]);
});

it('a slot that somebody else answers with is no slot', async () => {
  at.server.onStanza = (stanza, server) => {
    if (stanza.attrs.to !== 'upload.example.com') return;
    const { id, from, to } = stanza.attrs;
    const slot = (host: string) =>
      el(
        'slot',
        { xmlns: 'urn:xmpp:http:upload:0' },
        el('put', { url: `https://${host}/put` }),
        el('get', { url: `https://${host}/get` }),
      );
    server.send(el('iq', { type: 'result', id, from: 'mallory@example.com/x', to: from }, slot('evil.example')));
    server.send(el('iq', { type: 'result', id, from: to, to: from }, slot('upload.example.com')));
  };
  const slot = await alice.request('upload.slot', file);
  expect(slot.put.url).toBe('https://upload.example.com/put');
  asked = [];
});
