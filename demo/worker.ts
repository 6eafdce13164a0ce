/** The page's service worker: shows what Web Push brings while no page is open, and opens the chat that was clicked. */

interface Worker {
  addEventListener(type: 'push', listener: (event: PushEventLike) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: ClickEventLike) => void): void;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: object): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
interface Page {
  readonly focused: boolean;
  focus(): Promise<unknown>;
  postMessage(message: object): void;
}
interface PushEventLike {
  readonly data: { json(): unknown } | null;
  waitUntil(promise: Promise<unknown>): void;
}
interface ClickEventLike {
  readonly notification: Notification;
  waitUntil(promise: Promise<unknown>): void;
}

const worker = globalThis as unknown as Worker;

/** What the gateway pushes (PROTOCOL.md §10). */
interface Pushed {
  readonly user: string;
  readonly chat: string;
  readonly from: string;
  readonly unread: number;
  readonly name?: string;
  readonly body?: string;
}

worker.addEventListener('push', (event) => event.waitUntil(show(event.data?.json() as Pushed)));
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data as { chat: string }));
});

async function show({ user, chat, from, name = from, body, unread }: Pushed): Promise<void> {
  const pages = await worker.clients.matchAll({ type: 'window' });
  // The page is in front and shows it itself.
  if (pages.some(({ focused }) => focused)) return;
  const text = body ?? (unread === 1 ? 'A new message' : `${unread} new messages`);
  await worker.registration.showNotification(name, {
    body: text,
    tag: `${user} ${chat}`,
    icon: '/icon.svg',
    data: { chat },
  });
}

async function open({ chat }: { chat: string }): Promise<unknown> {
  const [page] = await worker.clients.matchAll({ type: 'window' });
  if (!page) return worker.clients.openWindow(`/#${encodeURIComponent(chat)}`);
  page.postMessage({ chat });
  return page.focus();
}
