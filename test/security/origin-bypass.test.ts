/** Pages that are not in `http.public.origins`, and everything they, or those who speak for them, may write as Origin. */
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { scene } from '../support/scene.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const listed = 'https://chat.example.com';

/** What becomes of a handshake with these lines: the HTTP status, or the code that the socket is closed with. */
async function outcome(url: string, lines: string[]): Promise<number> {
  const socket = await RawSocket.upgrade(url, { headers: lines });
  const status = await socket.status();
  if (status !== 101) return status;
  // Who was let in is answered, and says good-bye; who was not is closed.
  socket.send(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
  return socket.closed;
}

const bypasses: [name: string, origin: string][] = [
  ['null, of a sandboxed frame or a file', 'null'],
  ['another case of the host', 'https://CHAT.example.com'],
  ['another case of the scheme', 'HTTPS://chat.example.com'],
  ['another scheme', 'http://chat.example.com'],
  ['the listed one as a prefix', 'https://chat.example.com.evil.example'],
  ['the listed one as a suffix', 'https://evilchat.example.com'],
  ['a subdomain', 'https://a.chat.example.com'],
  ['the parent domain', 'https://example.com'],
  ['a port', 'https://chat.example.com:8443'],
  ['the usual port, written', 'https://chat.example.com:443'],
  ['a user name', 'https://chat.example.com@evil.example'],
  ['a user name before the listed one', 'https://evil.example@chat.example.com'],
  ['a slash', 'https://chat.example.com/'],
  ['a trailing dot', 'https://chat.example.com.'],
  ['a path', 'https://chat.example.com/evil'],
  ['a query', 'https://evil.example?https://chat.example.com'],
  ['a fragment', 'https://evil.example#https://chat.example.com'],
  ['two in one', `${listed}, https://evil.example`],
  ['two with a space (RFC 6454 §7.1)', `https://evil.example ${listed}`],
  ['a look-alike letter', 'https://\u0441hat.example.com'],
  ['a percent-encoded letter', 'https://%63hat.example.com'],
  ['a control character', `${listed}\t.evil.example`],
  ['a star', '*'],
  ['nothing', ''],
  ['names of what objects have', '__proto__'],
];

describe('an origin that is not the listed one', () => {
  const play = scene({ STANZAWIRE_HTTP_PUBLIC_ORIGINS: listed });

  it.each(bypasses)('%s: closed with 4003', async (_, origin) => {
    // A control character in a header is refused by the parser, before anyone looks at what it says.
    expect([4003, 400]).toContain(await outcome(play.gateway.url, [`Origin: ${origin}`]));
  });

  it.each([
    [['Origin: https://evil.example', `Origin: ${listed}`]],
    [[`Origin: ${listed}`, 'Origin: https://evil.example']],
    [[`Origin: ${listed}`, `Origin: ${listed}`]],
    [['origin: https://evil.example', `X-Original-Origin: ${listed}`, `Sec-WebSocket-Origin: ${listed}`]],
  ])('two headers %j: closed with 4003', async (lines) => {
    expect(await outcome(play.gateway.url, lines)).toBe(4003);
  });

  it('the listed one is let in, and what sends none, which no browser is', async () => {
    expect(await outcome(play.gateway.url, [`Origin: ${listed}`])).toBe(1000);
    expect(await outcome(play.gateway.url, [])).toBe(1000);
  });

  it('is counted, and never a label of a metric', async () => {
    const metrics = await play.gateway.metrics();
    expect(metrics).toMatch(/stanzawire_socket_handshakes_total\{result="origin"\} [1-9]/);
    expect(metrics).not.toContain('evil.example');
  });
});

it('a client without an Origin is refused where http.public.requireOrigin is set, also beside *', async () => {
  const server = await ScriptedServer.start();
  for (const origins of [listed, '*']) {
    const gateway = await TestGateway.start(upstreamOf(server), {
      STANZAWIRE_HTTP_PUBLIC_ORIGINS: origins,
      STANZAWIRE_HTTP_PUBLIC_REQUIRE_ORIGIN: 'true',
    });
    expect(await outcome(gateway.url, [])).toBe(4003);
    expect(await outcome(gateway.url, [`Origin: ${listed}`])).toBe(1000);
    await gateway.stop();
  }
  await server.stop();
});

it('null cannot be listed: it is everybody’s', () => {
  const env = {
    STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
    STANZAWIRE_XMPP_SECRET: 's',
    STANZAWIRE_AUTH_JWT_SECRET: 'x'.repeat(32),
    STANZAWIRE_HTTP_PUBLIC_ORIGINS: 'null',
  };
  expect(() => loadConfig({ env })).toThrow('http.public.origins: "null" is not an origin as browsers send it');
});
