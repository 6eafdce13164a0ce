/** The page's service worker: shows what Web Push brings while no page is open, and opens the chat that was clicked. */

interface Worker {
  addEventListener(type: 'push', listener: (event: PushEventLike) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: ClickEventLike) => void): void;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(
      options: object,
    ): Promise<readonly { focus(): Promise<unknown>; navigate(url: string): Promise<unknown> }[]>;
    openWindow(url: string): Promise<unknown>;
  };
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

/** What the gateway pushes. */
interface Pushed {
  readonly chat?: string;
  readonly name?: string;
  readonly from?: string;
  readonly body?: string;
}

worker.addEventListener('push', (event) => {
  const { chat = '', name, from = chat, body = 'A new message' } = (event.data?.json() ?? {}) as Pushed;
  event.waitUntil(
    worker.registration.showNotification(name ?? from, { body, tag: chat, icon: '/icon.svg', data: { chat } }),
  );
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { chat } = event.notification.data as { chat: string };
  event.waitUntil(open(`/#${encodeURIComponent(chat)}`));
});

async function open(address: string): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: 'window' });
  if (!page) await worker.clients.openWindow(address);
  else {
    await page.navigate(address);
    await page.focus();
  }
}
