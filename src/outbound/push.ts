/**
 * Web Push: a message that nobody attends wakes the account's browsers (RFC 8030, encrypted by RFC 8291, RFC 8292 says who
 * sends). One notification is due for a chat at a time, about its newest message; it is a record of the account until the
 * push services have it.
 */
import { createHash } from 'node:crypto';
import webPush from 'web-push';
import type { Config } from '../config.ts';
import type { StoredPush } from '../kept.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { KeptWith, Mention, Missed, MissedMessage, NewsDesk, Notices } from '../notices.ts';
import { isListedHost } from '../protocol/hosts.ts';
import type { PushMessage } from '../protocol/push.ts';
import type { Store } from '../store/store.ts';
import { NotPublic } from './addresses.ts';
import { Lanes, type Outcome } from './lanes.ts';
import type { Answer, Poster } from './post.ts';
import type { VapidKeys } from './vapid.ts';

/** The notification that a chat is to have. */
interface Due {
  readonly at: number;
  readonly id?: string;
  readonly mention?: Mention;
}

/** What came of sending to one browser. */
type Sent = 'ok' | 'gone' | 'refused' | 'unreachable' | { readonly retryAfterMs?: number | undefined };

/** Of the records of what is due, by chat. */
const kind = 'push-due';
const bounds = {
  concurrency: 16,
  /** Chats with something due; more are not notified. */
  max: 50_000,
  longestMs: 10 * 60_000,
  attempts: 30,
};
const timeoutMs = 10_000;
const previewChars = 200;

export interface PushOptions {
  readonly config: Config['push'];
  /** Of `push.contact`. */
  readonly contact: string;
  readonly keys: VapidKeys;
  readonly store: Store;
  readonly poster: Poster;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export class Push implements Notices {
  readonly #options: PushOptions;
  readonly #lanes: Lanes;
  /** By account and chat. */
  readonly #due = new Map<string, Due>();
  #desk: NewsDesk | undefined;

  constructor(options: PushOptions) {
    this.#options = options;
    const { backoff: firstMs, retry: forMs } = options.config;
    this.#lanes = new Lanes({ ...bounds, firstMs, forMs });
    options.metrics.pushQueue.from(() => this.#lanes.size);
  }

  /** Begins with what a process before this one did not send. */
  async start(desk: NewsDesk): Promise<void> {
    this.#desk = desk;
    const { store } = this.#options;
    for (const account of await store.accountsWith(kind)) {
      for (const [chat, due] of await store.records(account, kind)) this.#add(account, chat, due as Due);
    }
  }

  stop(ms: number): Promise<void> {
    return this.#lanes.close(ms);
  }

  sessionOpened(): void {}

  sessionClosed(): void {}

  keep({ chat, wakes }: Missed): readonly KeptWith[] {
    return wakes && !this.#lanes.isFull ? [{ kind, key: chat, value: { at: Date.now() } }] : [];
  }

  missed({ account, chat }: Missed, kept: readonly KeptWith[], { id }: { readonly id: string }): void {
    for (const one of kept) if (one.kind === kind) this.#add(account, chat, { ...(one.value as unknown as Due), id });
  }

  mentioned({ account, chat, wakes }: Missed, mention: Mention): void {
    if (!wakes) return;
    const due = { at: Date.now(), mention };
    // What cannot be kept is sent all the same, unless the process ends before.
    this.#options.store.saveRecord(account, kind, chat, due).catch(() => undefined);
    this.#add(account, chat, due);
  }

  #add(account: string, chat: string, due: Due): void {
    const key = `${account} ${chat}`;
    const isWaiting = this.#due.has(key);
    this.#due.set(key, due);
    if (isWaiting) return;
    // To whom this notification has not been sent yet.
    let [now, left] = [due, undefined as Set<string> | undefined];
    const job = {
      since: due.at,
      run: async (): Promise<Outcome> => {
        for (;;) {
          const newest = this.#due.get(key) ?? now;
          if (newest !== now) [now, left] = [newest, undefined];
          left ??= await this.#browsers(account);
          const outcome = await this.#send(account, chat, now, left);
          if (outcome !== 'done') return outcome;
          if (this.#due.get(key) === now) break;
        }
        this.#done(account, chat, key);
        return 'done';
      },
      giveUp: () => {
        this.#options.metrics.pushDeliveries.add(left?.size ?? 1, 'gave_up');
        this.#done(account, chat, key);
      },
    };
    if (this.#lanes.add(account, job)) return;
    this.#due.delete(key);
    this.#options.metrics.pushDeliveries.inc('dropped');
  }

  #done(account: string, chat: string, key: string): void {
    this.#due.delete(key);
    // What cannot be removed is looked at again after a restart: it will have been read by then, or is told once more.
    this.#options.store.removeRecord(account, kind, chat).catch(() => undefined);
  }

  async #browsers(account: string): Promise<Set<string>> {
    const pushes = await this.#desk?.pushes(account);
    return new Set([...(pushes?.values() ?? [])].map(({ id }) => id));
  }

  /** To all that are left; those that need nothing more are taken off. */
  async #send(account: string, chat: string, { id, mention }: Due, left: Set<string>): Promise<Outcome> {
    const desk = this.#desk;
    if (!desk || left.size === 0) return 'done';
    const message = mention ? await desk.mention(account, chat, mention) : await desk.message(account, chat, id ?? '');
    if (!message || message.muted || message.unread === 0 || desk.attended(account)) {
      this.#options.metrics.pushDeliveries.inc('skipped');
      return 'done';
    }
    const pushes = await desk.pushes(account);
    const payload = JSON.stringify(this.#payload(account, chat, message));
    const pauses: number[] = [];
    const one = async (browser: string): Promise<void> => {
      const push = pushes?.get(browser);
      const sent = push ? await this.#sendTo(push, payload, topicOf(account, chat)) : 'gone';
      if (sent === 'gone') await pushes?.remove(browser);
      this.#options.metrics.pushDeliveries.inc(typeof sent === 'string' ? sent : 'failed');
      if (typeof sent === 'object') pauses.push(sent.retryAfterMs ?? 0);
      else if (sent === 'unreachable') pauses.push(0);
      else left.delete(browser);
    };
    await Promise.all([...left].map(one));
    return pauses.length === 0 ? 'done' : { retryAfterMs: Math.max(...pauses) };
  }

  #payload(user: string, chat: string, missed: MissedMessage): PushMessage {
    const { body, hidden, mention, muted: _, ...message } = missed;
    const preview = this.#options.config.previews && !hidden && body !== undefined && body !== '';
    return {
      type: 'message',
      user,
      chat,
      ...message,
      ...(preview ? { body: beginning(body) } : {}),
      ...(mention ? { mention } : {}),
    };
  }

  async #sendTo({ endpoint, p256dh, auth, expires }: StoredPush, payload: string, topic: string): Promise<Sent> {
    const { config, contact, keys, poster } = this.#options;
    if (expires !== undefined && expires <= Date.now()) return 'gone';
    const isListed = isListedHost(new URL(endpoint).hostname, config.services);
    if (config.services.length > 0 && !isListed) return this.#refused('it is not in push.services');
    const start = performance.now();
    try {
      const { headers, body } = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
        vapidDetails: { subject: contact, ...keys },
        TTL: Math.floor(config.ttl / 1000),
        topic,
      });
      const answer = await poster.post({ url: endpoint, headers, body, timeoutMs, publicOnly: !isListed });
      this.#options.metrics.pushDuration.observe((performance.now() - start) / 1000);
      return this.#outcome(answer);
    } catch (error) {
      if (error instanceof NotPublic) return this.#refused('its host is not a public address');
      const cause = error instanceof Error ? error.message : 'no connection';
      this.#options.log.debug({ event: 'push_unreachable', cause }, 'a push service cannot be reached');
      return 'unreachable';
    }
  }

  /** RFC 8030 §5, §7.3, §8.4; what a push service says beyond the status is a stranger's text. */
  #outcome({ status, retryAfterMs }: Answer): Sent {
    if (status >= 200 && status < 300) return 'ok';
    if (status === 404 || status === 410) return 'gone';
    if (status === 429 || status >= 500) return { retryAfterMs };
    return this.#refused(`it answered ${status}`);
  }

  #refused(cause: string): 'refused' {
    this.#options.log.warn({ event: 'push_refused', cause }, 'a notification was refused and is not tried again');
    return 'refused';
  }
}

/** RFC 8030 §5.4: at most 32 characters; the push service must not learn who talks to whom. */
function topicOf(account: string, chat: string): string {
  return createHash('sha256').update(`${account} ${chat}`).digest('base64url').slice(0, 32);
}

function beginning(text: string): string {
  const characters = Array.from(text.slice(0, previewChars * 2 + 2));
  return characters.length <= previewChars ? characters.join('') : `${characters.slice(0, previewChars - 1).join('')}…`;
}
