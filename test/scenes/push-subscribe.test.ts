/** Browsers that want to be woken: which the gateway takes, whose they are, how many. */
import { createECDH, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const contact = { STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com' };

/** As PushSubscription.toJSON() gives it. */
function subscription(endpoint = `https://push.example.net/${randomBytes(8).toString('hex')}`) {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  return { endpoint, expirationTime: null, keys: { p256dh, auth: randomBytes(16).toString('base64url') } };
}

const subscribe = (client: JsonClient, data: unknown) => client.answer({ type: 'push.subscribe', data });

describe('a gateway with Web Push', () => {
  const at = scene(contact);

  it('tells its public key, the same for everybody', async () => {
    const alice = await at.gateway.login('alice');
    const bob = await at.gateway.login('bob');
    const key = alice.ready?.services?.push?.key ?? '';
    expect(Buffer.from(key, 'base64url')).toHaveLength(65);
    expect(bob.ready?.services?.push).toEqual({ key });
    await Promise.all([alice.close(), bob.close()]);
  });

  it('takes a subscription as browsers write it, again and again, and lets it go', async () => {
    const alice = await at.gateway.login('alice');
    const data = subscription();
    for (const _ of [1, 2]) expect(await subscribe(alice, data)).not.toHaveProperty('error');
    const { endpoint } = data;
    for (const _ of [1, 2]) {
      expect(await alice.answer({ type: 'push.unsubscribe', data: { endpoint } })).not.toHaveProperty('error');
    }
    await alice.request('push.unsubscribe', {});
    await alice.close();
  });

  const good = subscription();
  it.each([
    ['clear text', { ...good, endpoint: 'http://push.example.net/1' }, 'bad-request', 'endpoint'],
    ['no address', { ...good, endpoint: 'https://' }, 'bad-request', 'endpoint'],
    ['a password', { ...good, endpoint: 'https://me:secret@push.example.net/' }, 'bad-request', 'endpoint'],
    ['another port', { ...good, endpoint: 'https://push.example.net:8443/' }, 'not-acceptable', 'endpoint'],
    [
      'a key off the curve',
      { ...good, keys: { ...good.keys, p256dh: Buffer.alloc(65, 4).toString('base64url') } },
      'bad-request',
      'keys.p256dh',
    ],
    ['a short key', { ...good, keys: { ...good.keys, p256dh: 'AAAA' } }, 'bad-request', 'keys.p256dh'],
    ['a short secret', { ...good, keys: { ...good.keys, auth: 'AAAA' } }, 'bad-request', 'keys.auth'],
    ['no keys', { endpoint: good.endpoint }, 'bad-request', 'keys'],
  ])('refuses %s, and names the field', async (_, data, code, field) => {
    const alice = await at.gateway.login('alice');
    expect(await alice.refused('push.subscribe', data)).toMatchObject({ code, field, retry: false });
    await alice.close();
  });
});

describe('a gateway whose operator lists the push services', () => {
  const at = scene({ ...contact, STANZAWIRE_PUSH_SERVICES: 'push.local,*.push.example.com' });

  it('takes no others', async () => {
    const alice = await at.gateway.login('alice');
    expect(await subscribe(alice, subscription('https://push.local:9443/1'))).not.toHaveProperty('error');
    expect(await subscribe(alice, subscription('https://eu.PUSH.example.com/1'))).not.toHaveProperty('error');
    for (const host of ['push.example.com', 'evil-push.local', 'push.local.evil.net', 'xpush.example.com']) {
      const refused = await alice.refused('push.subscribe', subscription(`https://${host}/1`));
      expect(refused).toMatchObject({ code: 'not-acceptable', field: 'endpoint' });
    }
    await alice.close();
  });
});

describe('a gateway without Web Push', () => {
  const at = scene();

  it('offers none and takes no subscription', async () => {
    const alice = await at.gateway.login('alice');
    expect(alice.ready?.services).not.toHaveProperty('push');
    expect(await alice.refused('push.subscribe', subscription())).toMatchObject({ code: 'feature-not-implemented' });
    await alice.request('push.unsubscribe', {});
    await alice.close();
  });
});
