/** Senders that take all the time in the world, on both ports, before and after the upgrade: each ends within seconds. */
import { describe, expect, it } from 'vitest';
import { clientFrame, RawSocket, upgradeText } from '../support/raw-socket.ts';
import { scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_SESSIONS_HEARTBEAT: '2s' });
/** Longer than any of the gateway's own deadlines, and far shorter than a connection that nobody ends. */
const patience = 40_000;

/** Sends the text a character at a time, for as long as the connection is there; resolves with the close code. */
async function trickle(socket: RawSocket, bytes: Uint8Array): Promise<number> {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length) socket.send(bytes.subarray(at, ++at));
  }, 200);
  const code = await socket.closed;
  clearInterval(timer);
  return code;
}

const endless = (start: string): Buffer => Buffer.from(start + 'x'.repeat(1000));

describe.each([
  ['public', () => play.gateway.url],
  ['internal', () => play.gateway.internalUrl],
])('on the %s port', (_, url) => {
  it.concurrent(
    'a connection that says nothing',
    async () => {
      await (await RawSocket.connect(url())).closed;
    },
    patience,
  );

  it.concurrent(
    'a request line without an end',
    async () => {
      await trickle(await RawSocket.connect(url()), endless('GET /'));
    },
    patience,
  );

  it.concurrent(
    'headers that come letter by letter',
    async () => {
      const socket = await RawSocket.connect(url());
      socket.send('GET /livez HTTP/1.1\r\nHost: x\r\n');
      await trickle(socket, endless('X-Slow: '));
    },
    patience,
  );

  it.concurrent(
    'a body that comes letter by letter',
    async () => {
      const socket = await RawSocket.connect(url());
      socket.send('POST /livez HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n');
      await trickle(socket, endless('{'));
    },
    patience,
  );

  it.concurrent(
    'a chunked body without an end',
    async () => {
      const socket = await RawSocket.connect(url());
      socket.send('POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      await trickle(socket, Buffer.from('1\r\nx\r\n'.repeat(200)));
    },
    patience,
  );

  it.concurrent(
    'a connection that is kept alive and not used',
    async () => {
      const socket = await RawSocket.connect(url());
      socket.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await socket.status()).toBeGreaterThan(0);
      await socket.closed;
    },
    patience,
  );
});

describe('on the way to a session', () => {
  it.concurrent(
    'an upgrade that comes letter by letter',
    async () => {
      const socket = await RawSocket.connect(play.gateway.url);
      await trickle(socket, Buffer.from(upgradeText('/ws', [`X-Slow: ${'x'.repeat(1000)}`])));
      expect(await socket.status()).not.toBe(101);
    },
    patience,
  );

  it.concurrent(
    'a socket that never connects is closed with 4004',
    async () => {
      const socket = await RawSocket.upgrade(play.gateway.url);
      expect(await socket.closed).toBe(4004);
    },
    patience,
  );

  it.concurrent(
    'a connect that comes letter by letter is closed with 4004',
    async () => {
      const socket = await RawSocket.upgrade(play.gateway.url);
      expect(await socket.status()).toBe(101);
      expect(await trickle(socket, clientFrame(`{"type":"connect","data":{"token":"${'x'.repeat(5000)}"}}`))).toBe(
        4004,
      );
    },
    patience,
  );

  it.concurrent(
    'a socket that keeps it busy with pings and never connects is closed with 4004',
    async () => {
      const socket = await RawSocket.upgrade(play.gateway.url);
      expect(await socket.status()).toBe(101);
      const pings = Buffer.concat(Array.from({ length: 1000 }, () => clientFrame('', { opcode: 9 })));
      expect(await trickle(socket, pings)).toBe(4004);
    },
    patience,
  );

  it.concurrent(
    'a session whose message never ends is given up with 4101: half a frame is no sign of life',
    async () => {
      const socket = await RawSocket.upgrade(play.gateway.url);
      const token = await play.gateway.token('mallory');
      socket.send(clientFrame(JSON.stringify({ type: 'connect', id: 1, data: { token } })));
      expect(await socket.next()).toMatchObject({ type: 'ready' });
      const pieces = Array.from({ length: 500 }, (_, i) => clientFrame('x', { opcode: i === 0 ? 1 : 0, fin: false }));
      expect(await trickle(socket, Buffer.concat(pieces))).toBe(4101);
    },
    patience,
  );
});

it('meanwhile and afterwards others are served', async () => {
  const alice = await play.gateway.login('alice');
  await alice.request('message.send', { to: 'romeo@example.com', body: 'hello' });
  await alice.close();
});
