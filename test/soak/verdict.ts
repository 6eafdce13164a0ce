/**
 * The verdict on a soak. Every acknowledged message is in its receiver's view exactly once, and in the order in which it
 * was said; in its web sender's too; and every web client's view is that of the archive.
 */
import { parseArchiveId, timeOf } from '../../src/store/archive-id.ts';
import type { Crowd } from './crowd.ts';
import { sendTimeoutMs } from './gateway.ts';
import type { Kill } from './incidents.ts';
import type { Ledger, Said } from './ledger.ts';
import type { Seen } from './view.ts';
import type { XmppUser } from './xmpp-user.ts';

export interface Evidence {
  readonly ledger: Ledger;
  readonly crowd: Crowd;
  /** Every account's archive, the oldest first. */
  readonly archives: ReadonlyMap<string, readonly Seen[]>;
  readonly kills: readonly Kill[];
  readonly kind: 'prosody' | 'ejabberd';
  /** Else archive ids do not tell when something was taken. */
  readonly clockIsSteady: boolean;
}

/** Of a message: what is wrong with it. */
export interface Problem {
  readonly key: string;
  readonly what: string;
  /** Another message that tells more. */
  readonly beside?: string;
}

/** What the server took in its last second may be lost; so long may the answer to a fence be on its way. */
const lastSecond = 1000;
const onItsWay = 300;
/** So long after a login a server may still bring what it kept. */
const loginMs = 1000;

/** Adds to the ledger's counts; returns what must not be. */
export function judge(evidence: Evidence): Problem[] {
  const { crowd, ledger } = evidence;
  const users = new Map(crowd.users.map((user) => [user.jid, user]));
  const said = [...ledger.said.values()];
  const problems = said.flatMap((one) => [
    ...(one.way === 'web → XMPP' ? atXmpp(evidence, one, users.get(one.to)) : atWeb(evidence, one, one.to, 'receiver')),
    ...(one.way === 'XMPP → web' ? [] : atWeb(evidence, one, one.from, 'sender')),
  ]);
  for (const one of said) {
    ledger.count(`${one.way}: said`);
    if (one.acknowledgedAt !== undefined) ledger.count(`${one.way}: acknowledged`);
    else if (!one.failed) {
      const arrived = bodies(evidence.archives.get(one.to)).has(one.key);
      ledger.count(`${one.way}: neither acknowledged nor refused, ${arrived ? 'archived' : 'lost before the gateway'}`);
    }
    if (one.overtaken) ledger.count('sent again after an error');
    if (one.failed) ledger.count(`failed: ${one.failed}`);
    if (one.receipts > 1) problems.push({ key: one.key, what: `${one.receipts} receipts came` });
    if (one.way !== 'XMPP → web' && one.acknowledgedAt === undefined)
      problems.push({ key: one.key, what: 'its sender got no answer' });
  }
  return [...problems, ...inOrder(evidence), ...views(evidence)];
}

function atXmpp(evidence: Evidence, one: Said, receiver: XmppUser | undefined): Problem[] {
  const { kills, kind, ledger } = evidence;
  const times = receiver?.got.get(one.key)?.times ?? 0;
  if (times > 1) ledger.count('copies that XMPP users told apart by origin-id', times - 1);
  if (times > 0 || one.acknowledgedAt === undefined || one.failed) return [];
  const { from, to } = taken(evidence, one);
  const justBefore = kills.some((kill) => to > kill.at - lastSecond && from < kill.deadAt + onItsWay);
  const asleep = receiver?.away.some((away) => away.from <= to && kills.some((k) => from <= k.at && k.at <= away.to));
  if (justBefore) ledger.count('lost by a killed XMPP server: taken in its last second');
  else if (kind === 'ejabberd' && asleep) ledger.count('lost by a killed XMPP server: kept for a user who was away');
  else return [{ key: one.key, what: `acknowledged, but not at ${one.to}` }];
  return [];
}

/** Between these the gateway got to know that the server has it. */
function taken({ clockIsSteady }: Evidence, one: Said): { from: number; to: number } {
  const at = takenAt(one.archiveId ?? '');
  return clockIsSteady ? { from: at, to: at } : { from: one.sentAt, to: one.acknowledgedAt ?? one.sentAt };
}

/** The same as its archive id says, by the clock of performance.now(). */
function takenAt(archiveId: string): number {
  return timeOf(parseArchiveId(archiveId) ?? 0) - performance.timeOrigin;
}

function atWeb({ archives }: Evidence, one: Said, account: string, whose: string): Problem[] {
  const found = bodies(archives.get(account)).get(one.key) ?? [];
  const owed = one.acknowledgedAt !== undefined;
  const problems: string[] = [];
  if (found.length > 1) problems.push(`${found.length} times in the ${whose}'s archive`);
  if (found.length === 0 && owed) problems.push(`acknowledged, but not in the ${whose}'s archive`);
  const [own] = found;
  if (whose === 'sender' && own && owed && own.archiveId !== one.archiveId)
    problems.push(`its ok said ${one.archiveId}, the archive says ${own.archiveId}`);
  return problems.map((what) => ({ key: one.key, what }));
}

const indices = new WeakMap<readonly Seen[], Map<string, Seen[]>>();

function bodies(archive: readonly Seen[] = []): Map<string, Seen[]> {
  const known = indices.get(archive);
  if (known) return known;
  const index = Map.groupBy(
    archive.filter(({ type }) => type === 'message'),
    ({ body }) => body,
  );
  indices.set(archive, index);
  return index;
}

/** Every line of messages appears as it was said; what was sent again after an error may come later. */
function inOrder(evidence: Evidence): Problem[] {
  const { crowd, archives, kind, ledger } = evidence;
  const web = [...archives].flatMap(([account, items]) => {
    const keys = items.filter(({ type }) => type === 'message').map(({ body }) => body);
    return [...behind(evidence, keys)].map(([key, before]) => problem(key, before, `in the archive of ${account}`));
  });
  const xmpp = crowd.users.flatMap((user) =>
    [...behind(evidence, user.got.keys())].flatMap(([key, before]) => {
      if (kind !== 'ejabberd' || !justBack(user, key)) return [problem(key, before, `at ${user.jid}`)];
      ledger.count('turned round by ejabberd, which brings what it kept behind what comes at a login');
      return [];
    }),
  );
  return [...web, ...xmpp];
}

function problem(key: string, before: string, where: string): Problem {
  return { key, what: `behind ${before} ${where}`, beside: before };
}

/** The messages that come behind one of their line that was said later, and that one. */
function behind(evidence: Evidence, keys: Iterable<string>): Map<string, string> {
  const last = new Map<string, Said>();
  const found = new Map<string, string>();
  for (const key of keys) {
    const one = evidence.ledger.said.get(key);
    if (!one || mayComeLater(evidence, one) || one.acknowledgedAt === undefined) continue;
    const before = last.get(one.line);
    if (before && before.sentAt > one.sentAt) found.set(key, before.key);
    else last.set(one.line, one);
  }
  return found;
}

/** It failed for a while; its sender may have had no socket to hear of that. */
function mayComeLater(evidence: Evidence, one: Said): boolean {
  return one.overtaken || taken(evidence, one).to - one.sentAt > sendTimeoutMs;
}

function justBack({ got, away }: XmppUser, key: string): boolean {
  const at = got.get(key)?.at ?? 0;
  return away.some(({ to }) => Math.abs(at - to) < loginMs);
}

/** What each client has shown is what the archive has, from where the client began. */
function views({ crowd, archives, ledger }: Evidence): Problem[] {
  const problems: Problem[] = [];
  for (const { jid, clients } of crowd.accounts) {
    const archive = archives.get(jid) ?? [];
    const ids = new Set(archive.map(({ archiveId }) => archiveId));
    for (const { name, view } of clients) {
      const start = view.start ?? '';
      const missing = archive.filter(({ archiveId }) => archiveId > start && !view.items.has(archiveId));
      const strange = [...view.items.values()].filter(({ archiveId }) => !ids.has(archiveId));
      for (const { body, id, type, archiveId } of missing)
        problems.push({ key: body || id, what: `${type} ${archiveId} is not shown by ${name}` });
      for (const { body, id, type, archiveId } of strange)
        problems.push({ key: body || id, what: `${type} ${archiveId} is shown by ${name} and not in the archive` });
      ledger.count('items on the screens of all web clients', view.items.size);
    }
    ledger.count('items in the archives', archive.length);
  }
  return problems;
}
