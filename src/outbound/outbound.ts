/** All that carries news out of the process, as core knows it: one taker of notices, or none. */
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Carriers, NewsDesk, Notices } from '../notices.ts';
import type { Store } from '../store/store.ts';
import type { Poster } from './post.ts';
import { Push } from './push.ts';
import { configuredVapidKeys, type VapidKeys, vapidKeys } from './vapid.ts';
import { Webhooks } from './webhooks.ts';

export interface Outbound extends Carriers {
  /** Before the first session: what was left by a process before this one comes first. */
  start(desk: NewsDesk): Promise<void>;
  /** Ends in that time; what is not delivered then is for the next process. */
  stop(ms: number): Promise<void>;
}

interface Parts {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly poster: Poster;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** @throws Error naming the setting that cannot be used */
export async function createOutbound(parts: Parts): Promise<Outbound> {
  const { config } = parts;
  const { url, secret } = config.webhooks;
  const { contact } = config.push;
  const webhooks =
    url !== undefined && secret ? new Webhooks({ ...parts, config: config.webhooks, url, secret }) : undefined;
  const keys = contact === undefined ? undefined : await keysFor(parts);
  const push = contact && keys ? new Push({ ...parts, config: config.push, contact, keys }) : undefined;
  const all = [webhooks, push].filter((one) => one !== undefined);
  return {
    notices: combine(all),
    push: keys && { key: keys.publicKey, services: config.push.services },
    start: async (desk) => {
      for (const one of all) await one.start(desk);
    },
    stop: async (ms) => {
      await Promise.all(all.map((one) => one.stop(ms)));
      parts.poster.close();
    },
  };
}

async function keysFor({ config: { push }, store }: Parts): Promise<VapidKeys> {
  return push.privateKey ? configuredVapidKeys(push.privateKey()) : vapidKeys(await store.key('vapid'));
}

function combine(all: readonly Notices[]): Notices | undefined {
  const [first, second] = all;
  if (!first || !second) return first;
  return {
    sessionOpened: (news) => {
      for (const one of all) one.sessionOpened(news);
    },
    sessionClosed: (news, end) => {
      for (const one of all) one.sessionClosed(news, end);
    },
    keep: (missed) => all.flatMap((one) => one.keep(missed)),
    missed: (missed, kept, message) => {
      for (const one of all) one.missed(missed, kept, message);
    },
    mentioned: (missed, mention) => {
      for (const one of all) one.mentioned(missed, mention);
    },
  };
}
