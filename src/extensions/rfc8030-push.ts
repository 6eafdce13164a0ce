/**
 * RFC 8030 §4 Web Push: browsers that want to be woken when a message comes and no session is open. What they are sent is made
 * in outbound/push.ts.
 *   {"type":"push.subscribe","data":{"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}}
 */
import { createECDH, createHash } from 'node:crypto';
import { type Account, badRequest, extension, type Gateway, rfc, StanzaError } from '../extension.ts';
import type { RequestData } from '../protocol/frames.ts';
import { isListedHost } from '../protocol/hosts.ts';

/** Of an account; one more takes the place of the one that was subscribed longest ago. */
const most = 20;

/** @throws StanzaError feature-not-implemented */
function settings({ push }: Gateway): NonNullable<Gateway['push']> {
  if (push) return push;
  throw new StanzaError('feature-not-implemented', 'The operator has not turned Web Push on (push.contact)');
}

function idOf(endpoint: string): string {
  return createHash('sha256').update(endpoint).digest('base64url');
}

/** RFC 8291 §2: what nothing could be encrypted for is refused now. @throws StanzaError bad-request */
function checkKeys({ p256dh, auth }: RequestData<'push.subscribe'>['keys']): void {
  const key = Buffer.from(p256dh, 'base64url');
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  try {
    if (key.length !== 65) throw new Error('another length');
    ecdh.computeSecret(key);
  } catch {
    throw badRequest(
      'keys.p256dh',
      'keys.p256dh is not a public key on P-256: write what PushSubscription.toJSON() says',
    );
  }
  if (Buffer.from(auth, 'base64url').length !== 16) {
    throw badRequest('keys.auth', 'keys.auth is not 16 bytes in base64url: write what PushSubscription.toJSON() says');
  }
}

/** Where it leads is checked again with each connection. @throws StanzaError bad-request, not-acceptable */
function checkEndpoint(endpoint: string, services: readonly string[]): void {
  if (!URL.canParse(endpoint)) throw badRequest('endpoint', 'endpoint is not an address');
  const { hostname, port, username, password } = new URL(endpoint);
  if (username !== '' || password !== '') throw badRequest('endpoint', 'endpoint must not have a password in it');
  const isKnown = services.length === 0 ? port === '' : isListedHost(hostname, services);
  if (isKnown) return;
  throw new StanzaError('not-acceptable', 'The gateway does not send to this push service', { field: 'endpoint' });
}

async function subscribe(account: Account, data: RequestData<'push.subscribe'>): Promise<undefined> {
  const { gateway, pushes } = account;
  const { endpoint, expirationTime, keys } = data;
  checkEndpoint(endpoint, settings(gateway).services);
  checkKeys(keys);
  const id = idOf(endpoint);
  if (pushes.get(id) === undefined && pushes.size >= most) {
    const [oldest] = [...pushes.values()].toSorted((a, b) => a.at - b.at);
    if (oldest) await pushes.remove(oldest.id);
  }
  const expires = expirationTime === undefined ? {} : { expires: Math.floor(expirationTime) };
  await account.subscribePush({ id, endpoint, ...keys, ...expires, at: gateway.now() });
  return undefined;
}

export default extension({
  spec: rfc(8030, '4'),
  also: [
    { ...rfc(8291), title: 'Message Encryption for Web Push' },
    { ...rfc(8292), title: 'VAPID for Web Push' },
  ],
  requests: {
    'push.subscribe': ({ account }, data) => subscribe(account, data),
    'push.unsubscribe': async ({ account }, { endpoint }) => {
      const ids = endpoint === undefined ? [...account.pushes.values()].map(({ id }) => id) : [idOf(endpoint)];
      await Promise.all(ids.map((id) => account.pushes.remove(id)));
      return undefined;
    },
  },
  services: ({ push }) => (push ? { push: { key: push.key } } : {}),
});
