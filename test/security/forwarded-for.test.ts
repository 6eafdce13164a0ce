/** `X-Forwarded-For` written by whom it may not be believed: it says who is limited, and who stands in the log. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { isNetwork, plainAddress, subscriberOf } from '../../src/networks.ts';
import { createClientAddress } from '../../src/websocket/client-address.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.stop());

/** A gateway that takes one handshake a minute of each address, and the addresses that it logged. */
async function start(trustedProxies: string) {
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line: string) => void lines.push(line) });
  const env = {
    STANZAWIRE_HTTP_PUBLIC_TRUSTED_PROXIES: trustedProxies,
    STANZAWIRE_LIMITS_PER_ADDRESS_HANDSHAKES: '1',
  };
  const gateway = await TestGateway.start(upstreamOf(server), env, log);
  const shake = async (forwarded: string[], from = '127.0.0.1'): Promise<number> => {
    const headers = forwarded.map((value) => `X-Forwarded-For: ${value}`);
    const socket = await RawSocket.upgrade(gateway.url, { headers, from });
    const status = await socket.status();
    socket.end();
    await socket.closed;
    return status;
  };
  const addresses = () =>
    lines.map((line) => JSON.parse(line)).flatMap((line) => (line.event === 'socket_opened' ? [line.address] : []));
  return { gateway, shake, addresses };
}

test('a spoofed header of a client that is no listed proxy changes nothing', async () => {
  const { gateway, shake, addresses } = await start('192.0.2.1');
  expect(await shake(['198.51.100.1'])).toBe(101);
  // The same peer with another made-up address is still the same, and has had its handshake.
  expect(await shake(['198.51.100.2'])).toBe(429);
  expect(await shake([])).toBe(429);
  expect(addresses()).toEqual(['127.0.0.1']);
  await gateway.stop();
});

test('behind a listed proxy the client is what the proxy wrote, not what the client wrote before it', async () => {
  const { gateway, shake, addresses } = await start('127.0.0.0/8');
  expect(await shake(['203.0.113.7, 198.51.100.1'])).toBe(101);
  expect(await shake(['203.0.113.8, 198.51.100.1'])).toBe(429);
  expect(await shake(['203.0.113.9', '198.51.100.1'])).toBe(429);
  expect(await shake(['127.0.0.1, 198.51.100.1'])).toBe(429);
  // To look like a proxy of ours gains nothing: the right-most that is none counts.
  expect(await shake(['203.0.113.7, 198.51.100.1, 127.0.0.5'])).toBe(429);
  expect(await shake(['198.51.100.2'])).toBe(101);
  expect(addresses()).toEqual(['198.51.100.1', '198.51.100.2']);
  await gateway.stop();
});

test('one customer’s IPv6 addresses are one, however they are spelled', async () => {
  const { gateway, shake } = await start('127.0.0.1');
  expect(await shake(['2001:db8:1:2::1'])).toBe(101);
  expect(await shake(['2001:DB8:1:2:ffff:ffff:ffff:ffff'])).toBe(429);
  expect(await shake(['[2001:db8:1:2:0:0:0:9]:4711'])).toBe(429);
  expect(await shake(['2001:db8:1:3::1'])).toBe(101);
  expect(await shake(['198.51.100.9'])).toBe(101);
  expect(await shake(['::ffff:198.51.100.9'])).toBe(429);
  expect(await shake(['::FFFF:c633:6409'])).toBe(429);
  expect(await shake(['198.51.100.9:31337'])).toBe(429);
  await gateway.stop();
});

test('a proxy that names no client, or garbage, is not taken for a client', async () => {
  const { gateway, shake, addresses } = await start('127.0.0.1');
  for (const garbage of ['', 'unknown', '999.1.1.1', 'x'.repeat(8000), '1.2.3.4\t5', ','.repeat(5000), '0x7f.1']) {
    expect([await shake([garbage]), await shake([garbage])]).toEqual([101, 101]);
  }
  expect(new Set(addresses())).toEqual(new Set(['127.0.0.1']));
  await gateway.stop();
});

describe('an address', () => {
  const from = (peer: string, forwarded: string | undefined, trusted: string[]) =>
    createClientAddress(trusted)({
      socket: { remoteAddress: peer } as never,
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    });

  it('in a private network is not counted until proxies are listed: it may be one, with all users behind it', () => {
    for (const peer of ['127.0.0.1', '10.1.2.3', '::ffff:192.168.0.1', 'fd00::1', '::1', 'fe80::1%eth0']) {
      expect(from(peer, undefined, []).counted, peer).toBe(false);
      expect(from(peer, undefined, ['192.0.2.1']).counted, peer).toBe(true);
    }
    expect(from('198.51.100.1', undefined, []).counted).toBe(true);
  });

  it('of a header is found however many proxies are listed, and no further than that', () => {
    const trusted = ['10.0.0.0/8', 'fd00::/8'];
    expect(from('10.0.0.1', '198.51.100.1, fd00::2, 10.9.9.9', trusted).address).toBe('198.51.100.1');
    expect(from('10.0.0.1', '198.51.100.1, 203.0.113.1, fd00::2', trusted).address).toBe('203.0.113.1');
    expect(from('10.0.0.1', '10.0.0.2, 10.0.0.3', trusted).address).toBe('10.0.0.2');
    expect(from('::ffff:10.0.0.1', '198.51.100.1', trusted).address).toBe('198.51.100.1');
  });

  it('has one spelling, and one subscriber', () => {
    expect(plainAddress('2001:0DB8:0:0:1::')).toBe('2001:db8:0:0:1::');
    expect(plainAddress('1.2.3.4')).toBe('1.2.3.4');
    expect(['', 'localhost', '1.2.3', '01.2.3.4', '1.2.3.4/8', 'g::'].map(plainAddress)).toEqual(
      Array.from({ length: 6 }, () => undefined),
    );
    expect(subscriberOf('2001:db8:1:2::9')).toBe('2001:db8:1:2::/64');
    expect(subscriberOf('::1')).toBe('0:0:0:0::/64');
    expect(subscriberOf('2001:db8::')).toBe('2001:db8:0:0::/64');
    expect(subscriberOf('1:2:3:4:5:6:7:8')).toBe('1:2:3:4::/64');
    expect(subscriberOf('192.0.2.1')).toBe('192.0.2.1');
  });

  it('or network is only what it looks like', () => {
    expect(['10.0.0.0/8', '::/0', '192.0.2.1', 'fd00::1/128'].map(isNetwork)).toEqual([true, true, true, true]);
    const none = ['', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', 'fe80::1%eth0', 'loopback', '*'];
    expect(none.filter(isNetwork)).toEqual([]);
  });
});
