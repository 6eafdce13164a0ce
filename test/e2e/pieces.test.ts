/** A network that cuts what the gateway writes into pieces: no server may wait for the next traffic to read the last. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { onEveryServer } from '../support/servers/each.ts';

/** Forwards to that port, towards the server in pieces of at most so many bytes, each in a segment of its own. */
async function cutting(target: number, bytes: number): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const listener: Server = createServer((inside) => {
    const outside = connect({ port: target, host: '127.0.0.1', noDelay: true });
    sockets.add(inside).add(outside);
    outside.pipe(inside);
    for (const one of [inside, outside]) one.on('error', () => one.destroy());
    let queue = Buffer.alloc(0);
    const forward = () => {
      outside.write(queue.subarray(0, bytes));
      queue = queue.subarray(bytes);
      // Long enough for the server to read it alone.
      if (queue.length > 0) setTimeout(forward, 20);
    };
    inside.on('data', (data: Buffer) => {
      const idle = queue.length === 0;
      queue = Buffer.concat([queue, data]);
      if (idle) forward();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const close = () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  };
  return { port: typeof address === 'object' && address ? address.port : 0, close };
}

onEveryServer('a link in pieces', (server) => {
  let gateway: TestGateway;
  let alice: JsonClient;
  let romeo: C2sClient;
  let proxy: Awaited<ReturnType<typeof cutting>>;

  beforeAll(async () => {
    const upstream = upstreamOf(server());
    proxy = await cutting(Number(upstream.service.split(':').at(-1)), 536);
    gateway = await TestGateway.start(
      { ...upstream, service: `xmpp://127.0.0.1:${proxy.port}` },
      { STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000' },
    );
    alice = await gateway.login('alice', { scopes: ['raw'] });
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
    romeo = await C2sClient.login({ server: server(), user: 'romeo', resource: 'phone' });
  });
  afterAll(async () => {
    await romeo.close();
    await gateway.stop();
    proxy.close();
  });

  test('takes every message at once, wherever a small network cuts it', async () => {
    for (let length = 0; length < 1500; length += 97) {
      const body = 'x'.repeat(length);
      await alice.request('message.send', { to: romeo.jid, body }, 2000);
      expect((await romeo.nextMessage()).child('body')?.text).toBe(body);
    }
    expect(await alice.rest()).toEqual([]);
  });

  test('takes a tag that is very long', async () => {
    const payload = { name: 'query', attrs: { xmlns: 'urn:example:q', a: 'ü'.repeat(2000) } };
    const error = await alice.answer({ type: 'iq.send', data: { to: server().host, type: 'get', payload } }, 2000);
    expect(error).toMatchObject({ type: 'error', error: { by: server().host } });
    expect(await alice.rest()).toEqual([]);
  });
});
