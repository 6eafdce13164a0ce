/** Ports of 127.0.0.1: finding free ones, and waiting until somebody answers there. */
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A free port for every name, all different: the wanted number if nobody listens there, else any. */
export async function freePorts(wanted) {
  const held = [];
  const found = {};
  for (const [name, port] of Object.entries(wanted)) {
    const server = (await hold(port)) ?? (await hold(0));
    found[name] = server.address().port;
    held.push(server);
  }
  // Held until all are found, so that none is found twice.
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

function hold(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** Resolves once something accepts connections on the port. */
export function waitForPort(port, timeoutMs) {
  return retry(`port ${port}`, timeoutMs, () => {
    const socket = connect(port, '127.0.0.1');
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    }).finally(() => socket.destroy());
  });
}

/** Resolves once the URL answers 2xx. */
export function waitForUrl(url, timeoutMs) {
  return retry(url, timeoutMs, async () => {
    try {
      return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  });
}

async function retry(what, timeoutMs, attempt) {
  const deadline = Date.now() + timeoutMs;
  while (!(await attempt())) {
    if (Date.now() > deadline) throw new Error(`${what} did not answer within ${timeoutMs / 1000} s`);
    await pause(50);
  }
}
