/**
 * XEP-0045 Multi-User Chat 1.35.1: rooms. Each file of this folder is one part of it, written like an extension of its own;
 * here they become one. What one part takes, those behind it do not see.
 */
import { type Account, type Extension, extension, type Hooks, part, xep } from '../../extension.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { about } from './about.ts';
import { acting } from './act.ts';
import { bookmarking } from './bookmark.ts';
import { config } from './config.ts';
import { creation } from './create.ts';
import { destruction } from './destroy.ts';
import { ghosts } from './ghosts.ts';
import { invitations } from './invites.ts';
import { member } from './members.ts';
import { messages } from './messages.ts';
import { occupancy } from './occupancy.ts';
import type { Part } from './part.ts';
import { registration } from './register.ts';
import { subject } from './subject.ts';
import { voice } from './voice.ts';

/** The ghosts are what nobody took. */
const parts: readonly Part[] = [
  about,
  acting,
  bookmarking,
  config,
  creation,
  destruction,
  invitations,
  member,
  registration,
  subject,
  voice,
  messages,
  occupancy,
  ghosts,
];

/** Each part's snapshot, in one. */
async function rooms(account: Account) {
  const all = await Promise.all(parts.map(async (part) => part.snapshots?.rooms?.(account)));
  return Object.assign({}, ...all);
}

/** Each moment, hooked by all parts that want it, in their order. */
function hooks(): Partial<Hooks> {
  const names = new Set(parts.flatMap((part) => Object.keys(part.hooks ?? {}) as (keyof Hooks)[]));
  const run =
    (name: keyof Hooks) =>
    (...args: never[]) => {
      const results = parts.map((part) =>
        (part.hooks?.[name] as ((...args: never[]) => unknown) | undefined)?.(...args),
      );
      return results.some((result) => result instanceof Promise) ? Promise.all(results) : undefined;
    };
  return Object.fromEntries([...names].map((name) => [name, run(name)]));
}

export default extension({
  spec: xep('0045', '1.35.1'),
  also: [part('0402', 'PEP Native Bookmarks')],
  features: { client: [ns.muc] },
  requests: Object.assign({}, ...parts.map((part) => part.requests)) as NonNullable<Extension['requests']>,
  actions: parts.flatMap((part) => part.actions ?? []),
  iq: parts.flatMap((part) => part.iq ?? []),
  hooks: hooks(),
  snapshots: { rooms },
  takes: (account, stanza, from) => {
    for (const part of parts) {
      const taken = part.takes?.(account, stanza, from) ?? false;
      if (taken !== false) return taken;
    }
    return false;
  },
  serves: (account, to) => {
    for (const part of parts) {
      const service = part.serves?.(account, to);
      if (service) return service;
    }
    return undefined;
  },
  services: (gateway) => Object.assign({}, ...parts.map((part) => part.services?.(gateway))),
});
