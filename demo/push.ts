/** Web Push: the gateway wakes this browser when a message comes and no page is open. Only ever after the user said so. */
import type { Client } from 'stanzawire/client';

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(text: string): string };
}

/** The content policy wants to know what becomes code: this one file does. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  return (
    trustedTypes?.createPolicy('stanzawire', { createScriptURL: () => '/worker.js' }).createScriptURL('') ??
    '/worker.js'
  );
}

/** At each start of a page that may notify: browsers renew subscriptions. Resolves with whether this browser is woken. */
export async function wakeMe(client: Client): Promise<boolean> {
  if (!('serviceWorker' in navigator) || Notification.permission !== 'granted') return false;
  await navigator.serviceWorker.register(workerUrl());
  const { pushManager } = await navigator.serviceWorker.ready;
  const key = client.services?.push?.key;
  if (key === undefined) return false;
  const known = await pushManager.getSubscription();
  if (known && keyOf(known) !== key) await known.unsubscribe();
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint = '', expirationTime, keys: { p256dh = '', auth = '' } = {} } = subscription.toJSON();
  const expires = typeof expirationTime === 'number' ? { expirationTime } : {};
  await client.request('push.subscribe', { endpoint, ...expires, keys: { p256dh, auth } });
  return true;
}

/** The user signs out: whoever uses this browser next gets nothing of theirs. */
export async function letMeSleep(client: Client): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  await Promise.allSettled([
    client.request('push.unsubscribe', { endpoint: subscription.endpoint }),
    subscription.unsubscribe(),
  ]);
}

function keyOf({ options }: PushSubscription): string {
  const bytes = String.fromCharCode(...new Uint8Array(options.applicationServerKey ?? new ArrayBuffer()));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
