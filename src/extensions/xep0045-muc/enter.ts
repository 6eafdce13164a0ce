/**
 * The way into a room (XEP-0045 §7.2, §10.1): what is sent, how long its answer may take, and what a refusal means. Whoever
 * asks for it, a client or the gateway itself.
 */
import { randomUUID } from 'node:crypto';
import type { Account } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import { parse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, type Element, el } from '../../xmpp/stanza.ts';
import { ask } from '../discovery.ts';
import { historyFor } from './catch-up.ts';
import { learn, relearn } from './learn.ts';
import type { Entered, Room } from './room.ts';

export interface How {
  /** What the client wants of the room's history; undefined where no client asks. */
  readonly history?: RequestData<'room.join'>['history'];
  /** Sets up a room that this join has made; absent: as the service has it (§10.1.2). */
  readonly configure?: (room: Room) => Promise<unknown>;
}

/** Resolves when the account is in it. @throws StanzaError why it is not */
export async function enter(room: Room, { history, configure = instantRoom }: How): Promise<Entered> {
  const { account } = room;
  const { gateway } = account;
  if (gateway.link === 'down') throw new StanzaError('link-down', 'The link to the XMPP server is down');
  const done = room.begin();
  const timer = setTimeout(() => giveUp(room), gateway.limits.sendTimeout);
  try {
    await learn(room);
    // It may have been left, or the link lost, meanwhile.
    if (room.state === 'joining') gateway.send(joinPresence(room, history));
    const entered = await done;
    if (entered.created) await setUp(room, configure);
    return entered;
  } catch (error) {
    if (room.state === 'joining')
      room.fail(error instanceof StanzaError ? error : new StanzaError('internal-server-error', 'The join failed'));
    throw error instanceof StanzaError ? explain(error, room.jid) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** §10.1: until then nobody else gets in (Prosody). Without its configuration the room is left again. */
async function setUp(room: Room, configure: NonNullable<How['configure']>): Promise<void> {
  try {
    await configure(room);
  } catch (error) {
    room.account.gateway.send(leavePresence(room));
    room.out(new StanzaError('not-acceptable', 'The room could not be configured'));
    throw error;
  }
  await relearn(room);
}

/** §10.1.2: an empty form takes the service's defaults. */
function instantRoom({ account, jid }: Room): Promise<unknown> {
  const form = el('x', { xmlns: ns.dataForms, type: 'submit' });
  return ask(account, parse(jid), 'set', el('query', { xmlns: ns.mucOwner }, form));
}

/** No answer: should one come after all, the account is not to be there. */
function giveUp(room: Room): void {
  const error = new StanzaError('timeout', 'The room did not answer in time', { by: room.jid });
  if (room.state !== 'joining') return;
  room.account.gateway.send(leavePresence(room));
  room.fail(error);
}

/** The account's availability, as rooms see it: also of those who are invisible to their contacts. */
export function statusPresence(account: Account, to: string): Element {
  const stanza = el('presence', { from: account.client.full, to, id: randomUUID() });
  account.gateway.translate.writePresence(stanza, account.presence ?? {});
  account.gateway.run('presenceOut', account, stanza);
  return stanza;
}

function joinPresence(room: Room, history: How['history']): Element {
  const stanza = statusPresence(room.account, room.occupantJid);
  const wanted = { ...historyFor(room, history) };
  const x = el('x', { xmlns: ns.muc });
  if (room.password !== undefined) append(x, el('password', {}, room.password));
  if (Object.keys(wanted).length > 0) append(x, el('history', wanted));
  append(stanza, x);
  room.shownPresence = room.account.presence ?? {};
  return stanza;
}

export function leavePresence({ account, occupantJid }: Room, status?: string): Element {
  const stanza = el('presence', { from: account.client.full, to: occupantJid, type: 'unavailable' });
  if (status !== undefined) append(stanza, el('status', {}, status));
  return stanza;
}

/** §7.2.4–§7.2.9, §10.1.1: what a condition means where it answers a join, and which field of the request it is about. */
const meanings: Record<string, readonly [message: string, field?: string]> = {
  'not-authorized': ['The room wants a password, or another one', 'password'],
  'registration-required': ['Only members may join this room'],
  forbidden: ['The account is banned from this room'],
  conflict: ['Someone else has this nick in the room', 'nick'],
  'service-unavailable': ['The room is full, or there is no such service'],
  // COMPAT(ejabberd): its way to say so, and `wait`, for it may be otherwise soon.
  'resource-constraint': ['The room is full, or the account is in as many rooms as the service allows'],
  'item-not-found': ['There is no such room, or its owner has not set it up yet', 'room'],
  'not-allowed': ['There is no such room, and the account may not create it', 'room'],
  'not-acceptable': ['The room takes only the nick that is registered for the account', 'nick'],
  'jid-malformed': ['The room does not take this nick', 'nick'],
};

/** COMPAT(Prosody): restricted to its own users, or to administrators; to 13 a component's users are guests. */
const prosodyHint =
  ". On Prosody, restrict_room_creation in the rooms' Component section decides this, and on Prosody 13 also" +
  ' server_user_role = "prosody:registered"';

function explain(error: StanzaError, room: string): StanzaError {
  const [message, field] = meanings[error.code] ?? [];
  if (message === undefined) return error;
  const said = error.message.startsWith('The answer was ') ? '' : ` (${error.message})`;
  const hint = error.code === 'not-allowed' && /creation is restricted/i.test(error.message) ? prosodyHint : '';
  return new StanzaError(error.code, message + said + hint, {
    ...error.details,
    by: room,
    ...(field ? { field } : {}),
  });
}
