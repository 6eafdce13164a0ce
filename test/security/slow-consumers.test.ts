/**
 * Clients that connect, have everything sent to them and read nothing: the gateway's memory has a ceiling. As a process of
 * its own, so that what is measured is the gateway. SLOW_CONSUMERS sets their number; the figures are printed.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { gatewayEnv, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { Program } from '../support/process.ts';
import { clientFrame, RawSocket } from '../support/raw-socket.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const count = Number(process.env.SLOW_CONSUMERS ?? 50);
const MiB = 1024 * 1024;
/** Of all sockets together; each alone could take `limits.outbound`, 1 MiB. */
const ceiling = 16;

let server: ScriptedServer;
let program: Program;
let url = '';
let internal = '';

beforeAll(async () => {
  server = await ScriptedServer.start({ forgets: true });
  program = new Program([], {
    ...gatewayEnv(upstreamOf(server)),
    STANZAWIRE_LOG_LEVEL: 'info',
    STANZAWIRE_LIMITS_OUTBOUND_TOTAL: `${ceiling}MiB`,
    // What a session keeps for a resume is another bound; here it would hide the one that is looked at.
    STANZAWIRE_SESSIONS_HEARTBEAT: '10m',
    STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s',
    STANZAWIRE_SESSIONS_MAX_EVENTS: '0',
  });
  const { publicPort, internalPort } = await program.event('started');
  url = `ws://127.0.0.1:${String(publicPort)}/ws`;
  internal = `http://127.0.0.1:${String(internalPort)}`;
});
afterAll(async () => {
  program.child.kill('SIGKILL');
  await program.ended;
  await server.stop();
});

const rss = (): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${internal}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1),
  );
}

async function connect(user: string): Promise<RawSocket> {
  const socket = await RawSocket.upgrade(url);
  const token = await mintToken({ secret: tokenSecret, user, ttlMs: 600_000, userClaim: 'sub', scopeClaim: 'scope' });
  socket.send(clientFrame(JSON.stringify({ type: 'connect', id: 1, data: { token, presence: false } })));
  expect(await socket.next()).toMatchObject({ type: 'ready' });
  return socket;
}

it('thousands of them take what the ceiling says and no more, and one who reads is served all the while', async () => {
  const reader = await connect('reader');
  const slow: RawSocket[] = [];
  for (let i = 0; i < count; i += 50) {
    const some = Array.from({ length: Math.min(50, count - i) }, (_, k) => connect(`slow-${i + k}`));
    slow.push(...(await Promise.all(some)));
  }
  for (const { tcp } of slow) tcp.pause();
  const before = rss();
  let most = before;
  let buffered = 0;
  const body = 'x'.repeat(128 * 1024);
  const message = (to: string, id: string): string =>
    `<message from="mallory@example.com/x" to="${to}@web.example.com/web" type="headline" id="${id}"><body>${body}</body></message>`;
  // Until the kernel holds all it will, the rest waits in the gateway, and half of them have been cut off.
  for (let round = 0; round < 4 * count; round++) {
    // Some at a time: who reads waits for what was sent before.
    for (let k = 0; k < 50; k++) {
      const i = (round * 50 + k) % count;
      if (!slow[i]?.tcp.destroyed) server.send(message(`slow-${i}`, `${round}`));
    }
    server.send(message('reader', `round-${round}`));
    const { payload } = await reader.frames.next(({ payload }) => payload.includes(`round-${round}"`), 60_000);
    expect(payload.length).toBeGreaterThan(body.length);
    most = Math.max(most, rss());
    buffered = Math.max(buffered, await gauge('stanzawire_socket_buffered_bytes'));
    if ((await gauge('stanzawire_sockets{state="open"}')) <= count / 2) break;
  }
  const figures = `${count} slow consumers: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most, ${(buffered / MiB).toFixed(0)} MiB waited at most`;
  console.info(figures);
  expect(buffered).toBeLessThan((ceiling + 32) * MiB);
  // Strings, their copies and what the collector has not looked at yet: far below one MiB for each.
  expect(most - before).toBeLessThan(512);
  const metrics = await (await fetch(`${internal}/metrics`)).text();
  expect(metrics).toMatch(/stanzawire_socket_closes_total\{code="4102",initiator="server"\} [1-9]/);
  reader.end();
  for (const socket of slow) socket.end();
}, 900_000);
