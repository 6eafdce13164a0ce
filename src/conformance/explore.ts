/** What the gateway under test has to offer: who may connect, with which scopes, and which services are there. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Ready } from '../protocol/frames.ts';
import type { Need } from './check.ts';
import { type AccountName, type Facts, Lab } from './lab.ts';
import type { Schemas } from './rules.ts';
import type { Session } from './session.ts';
import type { Recorder } from './wire.ts';

/** The gateway under test, and who may connect to it. */
export interface Subject {
  readonly url: string;
  readonly tokens: Partial<Record<AccountName, string>>;
  readonly expired?: string | undefined;
  readonly sign?: ((ttlMs: number) => Promise<string>) | undefined;
  readonly origin?: string | undefined;
  readonly server?: string | undefined;
  readonly rooms?: string | undefined;
  readonly pubsub?: string | undefined;
  readonly timeoutMs: number;
}

/** A gateway that has just been started asks its server for services; so often it is asked for them. */
const mostLooks = 6;
const lookMs = 500;

const accounts: readonly AccountName[] = ['a', 'b', 'c'];

/** @throws Refused, Failure when the first account gets no session */
export async function explore(subject: Subject, recorder: Recorder, schemas: Schemas): Promise<Facts> {
  const { url, tokens, timeoutMs, expired, sign, origin } = subject;
  const blank = { url, tokens, timeoutMs, expired, sign, origin, users: {}, guests: false, raw: [] };
  const none = { server: undefined, rooms: undefined, upload: undefined, pubsub: undefined };
  const lab = new Lab({ ...blank, ...none, ready: {} as Ready }, recorder, schemas);
  try {
    const guests = await letsGuestsIn(lab);
    await linkIsUp(lab, tokens.a);
    const found = await everybody(lab, tokens, guests);
    const [first] = found.sessions;
    if (!first) throw new Error('no account was tried');
    const ready = await withServices(lab, found.tokens.a, first.ready);
    const { rooms = subject.rooms, upload } = ready.services ?? {};
    // A server that does not answer has nothing to be checked with.
    const server = subject.server ?? (await serverOf(first).catch(() => undefined));
    const pubsub = subject.pubsub ?? (server && (await pubsubOf(first).catch(() => undefined)));
    return { ...blank, ...found, guests, ready, server, rooms, upload, pubsub };
  } finally {
    await lab.end();
  }
}

async function letsGuestsIn(lab: Lab): Promise<boolean> {
  const { error } = await lab.hello(await lab.open('guest'), { presence: false });
  return error === undefined;
}

/** A gateway that has just been started may not have its stream yet; what is beyond it is not to be looked at before. */
async function linkIsUp(lab: Lab, token: string | undefined): Promise<void> {
  const first = await lab.session(await lab.open(), { presence: false, ...(token === undefined ? {} : { token }) });
  if (first.ready.link === 'up') return;
  // Without a link there is still much that can be checked.
  await first.next('state', ({ link }) => link === 'up').catch(() => undefined);
}

async function withServices(lab: Lab, token: string | undefined, first: Ready): Promise<Ready> {
  let ready = first;
  for (let look = 1; look < mostLooks && !(ready.services?.rooms && ready.services.upload); look++) {
    await wait(lookMs);
    const hello = { presence: false as const, ...(token === undefined ? {} : { token }) };
    const session = await lab.session(await lab.open(), hello);
    ready = session.ready;
    await session.wire.close();
  }
  return ready;
}

/** One session for each account that there is; a guest's token is kept, so that they stay who they are. */
async function everybody(lab: Lab, given: Facts['tokens'], guests: boolean) {
  const tokens: Partial<Record<AccountName, string>> = { ...given };
  const users: Partial<Record<AccountName, string>> = {};
  const raw: AccountName[] = [];
  const sessions: Session[] = [];
  for (const account of accounts) {
    const token = tokens[account];
    if (token === undefined && !guests && account !== 'a') continue;
    const data = { presence: false as const, ...(token === undefined ? {} : { token }) };
    const session = await lab.session(await lab.open(account), data);
    sessions.push(session);
    users[account] = session.user;
    if (session.ready.token !== undefined) tokens[account] = session.ready.token;
    const { error } = await session.ask('iq.send', {
      type: 'get',
      payload: { name: 'ping', attrs: { xmlns: 'urn:xmpp:ping' } },
    });
    if (error?.code !== 'forbidden') raw.push(account);
  }
  return { tokens, users, raw, sessions };
}

/** The XMPP server's domain: it is who refuses a command that nobody has. */
async function serverOf(session: Session): Promise<string | undefined> {
  const { error } = await session.ask('command.run', { node: 'urn:stanzawire:conformance:none' });
  return error && 'by' in error && typeof error.by === 'string' ? error.by : undefined;
}

async function pubsubOf(session: Session): Promise<string | undefined> {
  const listed = await session.ask('disco.items', { max: 50 });
  const { items = [] } = (listed.data ?? {}) as { items?: readonly { jid: string }[] };
  for (const { jid } of items) {
    const { data } = await session.ask('disco.info', { jid });
    const { identities = [] } = (data ?? {}) as { identities?: readonly { category: string; type: string }[] };
    if (identities.some(({ category, type }) => category === 'pubsub' && type === 'service')) return jid;
  }
  return undefined;
}

/** Why a check cannot be carried out; undefined where it can. */
export function whatIsMissing(needs: readonly Need[], facts: Facts, slow: boolean): string | undefined {
  const { users, raw, tokens, expired, sign, server, rooms, upload, pubsub } = facts;
  const there: Record<Need, readonly [boolean, string]> = {
    b: [users.b !== undefined, 'needs a second account (--token-b)'],
    c: [users.c !== undefined, 'needs a third account (--token-c)'],
    raw: [raw.includes('a'), 'needs a first account whose token has the scope raw'],
    tame: [users.b !== undefined && !raw.includes('b'), 'needs a second account whose token has no scope raw'],
    token: [tokens.a !== undefined, 'needs a token (--token)'],
    sign: [sign !== undefined, 'needs tokens of its own (--config)'],
    expired: [expired !== undefined, 'needs a token that has ended (--token-expired)'],
    server: [server !== undefined, 'the domain of the XMPP server is not known (--server)'],
    rooms: [rooms !== undefined, 'the gateway names no room service (--rooms)'],
    upload: [upload !== undefined, 'the gateway names no upload service'],
    pubsub: [pubsub !== undefined, 'the XMPP server lists no pubsub service (--pubsub)'],
    slow: [slow, 'takes long (--slow)'],
  };
  return needs.map((need) => there[need]).find(([holds]) => !holds)?.[1];
}
