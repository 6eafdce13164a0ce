/** Free TCP ports for servers that are told their port by a file. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * That many free ports of the loopback address, all different. They lie below the range that the kernel takes ports
 * of outgoing connections from, so that nobody else gets one while a server is down in the middle of a test.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  for (let tries = 0; held.size < count; tries += 1) {
    if (tries > 200) throw new Error('no free TCP port between 12000 and 32000');
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = held.has(port) ? undefined : await listen(port);
    if (server) held.set(port, server);
  }
  await Promise.all(Array.from(held.values(), (server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined; // in use
  }
}
