/**
 * Webhooks: what happens is told to the operator's backend, signed, in order for each account, and again until it is taken.
 * An event is a record of its account until then, so that it outlives the process; one of a message is in the message's own
 * transaction.
 */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { KeptWith, Mention, Missed, NewsDesk, Notices, SessionEnd, SessionNews } from '../notices.ts';
import type { Store } from '../store/store.ts';
import { Lanes, type Outcome } from './lanes.ts';
import { failureLog } from './outage.ts';
import type { Answer, Poster } from './post.ts';
import { signedPost } from './signed-post.ts';

export type WebhookType = 'session.opened' | 'session.closed' | 'message.offline';

/** What is kept of an event. */
interface Due {
  readonly type: WebhookType;
  /** Epoch ms. */
  readonly at: number;
  /** Of a session. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Of a message: where it is. */
  readonly chat?: string;
  readonly id?: string;
  readonly mention?: Mention;
}

/** The kinds of records: events that are not delivered; sessions that were told of and have not ended. */
const kinds = { due: 'webhook', session: 'webhook-session' } as const;
const longestPauseMs = 10 * 60_000;

export interface WebhookOptions {
  readonly config: Config['webhooks'];
  readonly url: string;
  readonly secret: () => string;
  readonly version: string;
  readonly store: Store;
  readonly poster: Poster;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now?: () => number;
}

export class Webhooks implements Notices {
  readonly #options: WebhookOptions;
  readonly #types: ReadonlySet<string>;
  readonly #lanes: Lanes;
  readonly #report: (failure?: string) => void;
  readonly #now: () => number;
  #desk: NewsDesk | undefined;
  /** The backend has said that it wants no more. */
  #gone = false;

  constructor(options: WebhookOptions) {
    const { config, log, metrics } = options;
    this.#options = options;
    this.#types = new Set(config.events);
    this.#now = options.now ?? Date.now;
    this.#lanes = new Lanes({
      concurrency: config.concurrency,
      max: config.queue,
      firstMs: config.backoff,
      longestMs: longestPauseMs,
      attempts: config.attempts,
      forMs: config.retry,
    });
    this.#report = failureLog(log);
    metrics.webhookQueue.from(() => this.#lanes.size);
  }

  /** What a process before this one did not deliver, and the ends of its sessions, come before all that is new. */
  async start(desk: NewsDesk): Promise<void> {
    this.#desk = desk;
    const { store } = this.#options;
    for (const account of await store.accountsWith(kinds.due)) {
      const events = await store.records(account, kinds.due);
      for (const [id, due] of events) this.#add(account, id, due as Due);
    }
    for (const account of await store.accountsWith(kinds.session)) {
      const sessions = await store.records(account, kinds.session);
      for (const news of sessions.values()) this.#closed(news as SessionNews, 'lost');
    }
  }

  /** Delivers what can be delivered in that time; the rest is for the next process. */
  stop(ms: number): Promise<void> {
    return this.#lanes.close(ms);
  }

  sessionOpened(news: SessionNews): void {
    if (this.#types.has('session.closed')) this.#keep(news.account, kinds.session, news.session, news);
    this.#emit('session.opened', news.account, newsOf(news));
  }

  sessionClosed(news: SessionNews, end: SessionEnd): void {
    this.#closed(news, end);
  }

  keep({ chat }: Missed): readonly KeptWith[] {
    if (!this.#takes('message.offline')) return [];
    const value = { type: 'message.offline', at: this.#now(), chat };
    return [{ kind: kinds.due, key: newId(), value }];
  }

  missed({ account }: Missed, kept: readonly KeptWith[], { id }: { readonly id: string }): void {
    for (const { kind, key, value } of kept) {
      if (kind === kinds.due) this.#add(account, key, { ...(value as unknown as Due), id });
    }
  }

  mentioned({ account, chat }: Missed, mention: Mention): void {
    if (!this.#takes('message.offline')) return;
    const [id, due] = [newId(), { type: 'message.offline', at: this.#now(), chat, mention } as const];
    this.#keep(account, kinds.due, id, due);
    this.#add(account, id, due);
  }

  #closed(news: SessionNews, reason: SessionEnd | 'lost'): void {
    if (!this.#types.has('session.closed')) return;
    this.#emit('session.closed', news.account, { ...newsOf(news), reason });
    this.#forget(news.account, kinds.session, news.session);
  }

  #emit(type: WebhookType, account: string, data: Readonly<Record<string, unknown>>): void {
    if (!this.#takes(type)) return;
    const [id, due] = [newId(), { type, at: this.#now(), data }];
    this.#keep(account, kinds.due, id, due);
    this.#add(account, id, due);
  }

  /** Full: what is new is dropped, so that what waits keeps its order. */
  #takes(type: WebhookType): boolean {
    if (!this.#types.has(type) || this.#gone) return false;
    if (!this.#lanes.isFull) return true;
    this.#count(type, 'dropped');
    return false;
  }

  #add(account: string, id: string, due: Due): void {
    const job = {
      since: due.at,
      run: () => this.#deliver(account, id, due),
      giveUp: () => {
        this.#count(due.type, 'gave_up');
        this.#forget(account, kinds.due, id);
      },
    };
    if (!this.#lanes.add(account, job)) this.#count(due.type, 'dropped');
  }

  async #deliver(account: string, id: string, due: Due): Promise<Outcome> {
    const data = await this.#dataOf(account, due);
    if (data === undefined) {
      this.#count(due.type, 'skipped');
      return this.#done(account, id);
    }
    const timestamp = new Date(due.at).toISOString();
    const start = performance.now();
    const answer = await this.#post(id, JSON.stringify({ type: due.type, timestamp, data: { account, ...data } }));
    this.#options.metrics.webhookDuration.observe((performance.now() - start) / 1000);
    if (typeof answer === 'string') return this.#failed(due.type, answer);
    const { status, retryAfterMs } = answer;
    if (status === 410) return this.#stopForGood(due.type);
    if (status < 200 || status > 299) return this.#failed(due.type, `status ${status}`, retryAfterMs);
    this.#report();
    this.#count(due.type, 'ok');
    return this.#done(account, id);
  }

  async #post(id: string, body: string): Promise<Answer | string> {
    const { config, poster, secret, url, version } = this.#options;
    const post = signedPost(poster, version, this.#now);
    try {
      return await post({ url, secret: secret(), id, body, timeoutMs: config.timeout });
    } catch (error) {
      return error instanceof Error ? error.message : 'no connection';
    }
  }

  /** A message is told of as it is now; undefined where it is no more. */
  async #dataOf(account: string, { data, chat, id, mention }: Due): Promise<Record<string, unknown> | undefined> {
    if (data) return data;
    if (!this.#desk || chat === undefined) return undefined;
    const message = mention
      ? await this.#desk.mention(account, chat, mention)
      : await this.#desk.message(account, chat, id ?? '');
    if (!message) return undefined;
    const { body, hidden: _, name, muted, mention: isMention, ...rest } = message;
    return {
      chat,
      ...rest,
      ...(name === undefined ? {} : { name }),
      muted,
      ...(isMention ? { mention: true } : {}),
      ...(this.#options.config.bodies && body !== undefined ? { body } : {}),
    };
  }

  #failed(type: WebhookType, why: string, retryAfterMs?: number): Outcome {
    this.#report(why);
    this.#count(type, 'failed');
    return { retryAfterMs };
  }

  /** Standard Webhooks: 410 = the backend wants nothing any more. What waits is not kept for it. */
  async #stopForGood(type: WebhookType): Promise<Outcome> {
    const { log, store } = this.#options;
    this.#count(type, 'gone');
    if (this.#gone) return 'done';
    this.#gone = true;
    this.#lanes.clear();
    log.error(
      { event: 'webhook_gone' },
      'webhooks.url answered 410: nothing is sent there until the next start; remove webhooks.url if that is meant to last',
    );
    for (const account of await store.accountsWith(kinds.due)) {
      for (const id of (await store.records(account, kinds.due)).keys()) this.#forget(account, kinds.due, id);
    }
    return 'done';
  }

  #done(account: string, id: string): Outcome {
    this.#forget(account, kinds.due, id);
    return 'done';
  }

  /** What cannot be kept is delivered all the same, unless the process ends before. */
  #keep(account: string, kind: string, key: string, value: unknown): void {
    this.#options.store.saveRecord(account, kind, key, value).catch(() => undefined);
  }

  /** What cannot be removed is delivered again after a restart, with the same id. */
  #forget(account: string, kind: string, key: string): void {
    this.#options.store.removeRecord(account, kind, key).catch(() => undefined);
  }

  #count(type: WebhookType, result: Parameters<Metrics['webhookDeliveries']['inc']>[1]): void {
    this.#options.metrics.webhookDeliveries.inc(type, result);
  }
}

function newId(): string {
  return `msg_${randomUUID().replaceAll('-', '')}`;
}

function newsOf({ session, device, client, since }: SessionNews): Record<string, unknown> {
  return {
    session,
    ...(device === undefined ? {} : { device }),
    ...(client === undefined ? {} : { client }),
    since: new Date(since).toISOString(),
  };
}
