/** Probes of who may connect, from where, and how often. */
import { mintToken } from '../../../src/auth/jwt.ts';
import { type KeyServer, type Pair, signWith } from '../../auth/support.ts';
import { tokenSecret } from '../../support/gateway.ts';
import { JsonClient } from '../../support/json-client.ts';
import { clientFrame, opcodes, RawSocket } from '../../support/raw-socket.ts';
import { lastWords } from '../../support/scene.ts';
import { type Probes, type ReloadScene, someone } from './scene.ts';

const alice = 'alice@web.example.com';
const another = 'another secret of thirty-two bytes, or more';

export function connecting(
  at: ReloadScene,
  published: { readonly keys: KeyServer; readonly pair: () => Pair },
): Probes {
  return {
    'http.public.origins': {
      to: 'https://chat.example.com',
      see: async () => {
        const client = await JsonClient.open(at.gateway.url, { headers: { origin: 'https://chat.example.com' } });
        client.send({ type: 'connect', data: {} });
        return (await lastWords(client)).code;
      },
      before: 4003,
      after: 4001,
    },
    'http.public.requireOrigin': { to: 'true', see: () => at.closeOf('{}'), before: 4000, after: 4003 },
    'auth.jwt.secret': {
      to: another,
      see: () => at.tokenOf({ secret: another }),
      before: 'token-invalid',
      after: alice,
    },
    'auth.jwt.jwksUrl': {
      // The one or the other: a shared key must not come beside published ones.
      with: { STANZAWIRE_AUTH_JWT_SECRET: undefined, STANZAWIRE_AUTH_GUEST_ENABLED: 'true' },
      to: () => published.keys.url,
      see: async () => at.connectWith(await signWith(published.pair(), { sub: 'alice' })),
      before: 'token-invalid',
      after: alice,
    },
    'auth.jwt.issuer': { to: 'us', see: () => at.tokenOf({}), before: alice, after: 'token-invalid' },
    'auth.jwt.audience': { to: 'us', see: () => at.tokenOf({}), before: alice, after: 'token-invalid' },
    'auth.jwt.algorithms': {
      to: 'HS512',
      see: () => at.tokenOf({ algorithm: 'HS512' }),
      before: 'token-invalid',
      after: alice,
    },
    'auth.jwt.userClaim': {
      to: 'name',
      see: () => at.tokenOf({ userClaim: 'name' }),
      before: 'token-invalid',
      after: alice,
    },
    'auth.jwt.scopeClaim': {
      to: 'roles',
      see: async () => {
        const names = { userClaim: 'sub', scopeClaim: 'roles' };
        const token = await mintToken({ secret: tokenSecret, user: 'alice', scopes: ['raw'], ttlMs: 60_000, ...names });
        const client = await JsonClient.connect(at.gateway.url, { token, presence: false });
        const xml = '<message to="romeo@example.com"><body>hi</body></message>';
        const { error } = await client.answer({ type: 'stanza.send', data: { xml } });
        await client.close();
        return error?.code ?? 'ok';
      },
      before: 'forbidden',
      after: 'ok',
    },
    ...guests(at),
    ...addresses(at),
  };
}

function guests(at: ReloadScene): Probes {
  const enabled = { STANZAWIRE_AUTH_GUEST_ENABLED: 'true' };
  return {
    'auth.guest.enabled': {
      to: 'true',
      see: () => at.connectWith(),
      before: 'token-invalid',
      after: 'guest-…@web.example.com',
    },
    'auth.guest.prefix': {
      with: enabled,
      to: 'visitor-',
      see: () => at.connectWith(),
      before: 'guest-…@web.example.com',
      after: 'visitor-…@web.example.com',
    },
    'auth.guest.ttl': {
      with: enabled,
      to: '3h',
      see: async () => {
        const guest = await JsonClient.connect(at.gateway.url, { presence: false });
        await guest.close();
        return Math.round((Date.parse(guest.ready?.expiresAt ?? '') - Date.now()) / 3600_000);
      },
      before: 7 * 24,
      after: 3,
    },
  };
}

/** The gateway's only client is itself: its address does not count, those that it says it forwards for do. */
function addresses(at: ReloadScene): Probes {
  const proxy = { STANZAWIRE_HTTP_PUBLIC_TRUSTED_PROXIES: '127.0.0.1' };
  let clients = 0;
  const from = (address: string) => RawSocket.upgrade(at.gateway.url, { headers: [`X-Forwarded-For: ${address}`] });
  /** What the second handshake of a new address is answered, after what is done with the first socket. */
  const second = (first: (socket: RawSocket) => unknown) => async () => {
    const address = `203.0.113.${++clients}`;
    const one = await from(address);
    await one.status();
    await first(one);
    const next = await from(address);
    const status = await next.status();
    for (const socket of [one, next]) socket.end();
    return status;
  };
  return {
    'http.public.trustedProxies': {
      with: { STANZAWIRE_LOG_LEVEL: 'debug' },
      to: '127.0.0.1',
      see: async () => {
        at.lines.length = 0;
        const socket = await from('203.0.113.200');
        await socket.status();
        socket.end();
        return at.lines.find(({ event }) => event === 'socket_opened')?.address;
      },
      before: '127.0.0.1',
      after: '203.0.113.200',
    },
    'limits.perAddress.sockets': { with: proxy, to: '1', see: second(() => undefined), before: 101, after: 429 },
    'limits.perAddress.handshakes': { with: proxy, to: '1', see: second(() => undefined), before: 101, after: 429 },
    'limits.perAddress.failedLogins': {
      with: proxy,
      to: '1',
      see: second((socket) => {
        socket.send(clientFrame('{"type":"connect","data":{"token":"wrong"}}'));
        return socket.frames.next(({ opcode }) => opcode === opcodes.close);
      }),
      before: 101,
      after: 429,
    },
    'limits.perAccount.handshakes': {
      to: '1',
      see: async () => {
        const user = someone();
        await (await at.gateway.login(user, { presence: false })).close();
        const client = await JsonClient.open(at.gateway.url);
        client.send({ type: 'connect', id: 1, data: { token: await at.gateway.token(user) } });
        const came = client.inbox.next(({ type }) => type === 'ready').then(() => 'ready');
        const seen = await Promise.race([client.closed, came.catch(() => client.closed)]);
        await client.close();
        return seen;
      },
      before: 'ready',
      after: 4103,
    },
  };
}
