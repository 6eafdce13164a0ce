/**
 * Invitations, XEP-0045 §7.8 (by way of the room) and XEP-0249 (straight to the user). They are kept until the room is joined
 * or the invitation declined; nobody is ever joined by one.
 *   <message from="dev@rooms.example.com"><x xmlns="http://jabber.org/protocol/muc#user"><invite from="bob@example.com"/></x></message>
 *   → {"type":"room.invite","data":{"room":"dev@rooms.example.com","from":"bob@example.com","time":"2026-01-01T10:00:00.000Z"}}
 */
import { randomUUID } from 'node:crypto';
import type { Account, StoredInvite } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { Invite } from '../../protocol/rooms.ts';
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { childText, detach, type Element, el, find } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { optionalChild, tell, unlessItBounces } from './ask.ts';
import type { Part } from './part.ts';
import { roomAddress, roomsOf } from './rooms.ts';

/** Strangers make them; the oldest gives way. */
const maxInvites = 100;
/** More of a reason is not kept. */
const maxText = 1023;
/** How long an invitation to someone waits for the link. */
const deliverMs = 30_000;

export function toInvite({ time, direct, ...invite }: StoredInvite): Invite {
  return { ...invite, ...(direct ? { direct } : {}), time: new Date(time).toISOString() };
}

/** Keeps an invitation that came in, and tells the sessions. */
export async function invited(account: Account, invite: StoredInvite, stanza: Element): Promise<void> {
  // Who is in the room knows it.
  if (roomsOf(account).get(invite.room)?.state === 'joined') return;
  const { invites } = account;
  if (!invites.get(invite.room) && invites.size >= maxInvites) {
    const [oldest] = [...invites.values()].toSorted((a, b) => a.time - b.time);
    if (oldest) await forget(account, oldest.room);
  }
  await invites.save(invite);
  account.push({ type: 'room.invite', data: toInvite(invite) }, { stanza });
}

/** The room was joined, or the invitation declined. */
export async function forget(account: Account, room: string): Promise<void> {
  if (!account.invites.get(room)) return;
  await account.invites.remove(room);
  account.push({ type: 'room.invite.removed', data: { room } });
}

function short(text: string | undefined): string | undefined {
  const kept = text?.trim().slice(0, maxText).toWellFormed();
  return kept ? detach(kept) : undefined;
}

/** What both kinds have in common, as it is kept. */
export function storedInvite(
  account: Account,
  room: string,
  parts: { [K in 'from' | 'reason' | 'password' | 'thread']: string | undefined } & { direct: boolean },
): StoredInvite {
  const [reason, password, thread] = [short(parts.reason), short(parts.password), short(parts.thread)];
  return {
    room: detach(room),
    ...(parts.from === undefined ? {} : { from: detach(parts.from) }),
    ...(reason === undefined ? {} : { reason }),
    ...(password === undefined ? {} : { password }),
    ...(thread === undefined ? {} : { thread }),
    direct: parts.direct,
    time: account.gateway.now(),
  };
}

/** Who an invitation says it is from: a claim. An occupant is shown with the nick, a user without the resource. */
function claimed(text: string | undefined, room: string): string | undefined {
  const jid = tryParse(text ?? '');
  return jid?.bare === room ? jid.full : jid?.bare;
}

function takesMediated(account: Account, stanza: Element, from: Jid): false | Promise<void> {
  const x = find(stanza, 'x', ns.mucUser);
  const invite = x && find(x, 'invite', ns.mucUser);
  // §7.8.2: it comes from the room itself.
  if (!invite || from.resource !== '' || from.local === '') return false;
  const goesOn = find(invite, 'continue', ns.mucUser);
  const parts = {
    from: claimed(invite.attrs.from, from.bare),
    reason: childText(invite, 'reason', ns.mucUser),
    password: childText(x, 'password', ns.mucUser),
    thread: goesOn?.attrs.thread,
    direct: false,
  };
  return invited(account, storedInvite(account, from.bare, parts), stanza);
}

/** Somebody does not want to come. Only rooms of the account may say so. */
function takesDecline(account: Account, stanza: Element, from: Jid): boolean {
  const x = find(stanza, 'x', ns.mucUser);
  const decline = x && find(x, 'decline', ns.mucUser);
  if (!decline || from.resource !== '' || !roomsOf(account).get(from.bare)) return false;
  const by = claimed(decline.attrs.from, from.bare);
  const reason = short(childText(decline, 'reason', ns.mucUser));
  const data = {
    room: from.bare,
    ...(by === undefined ? {} : { from: by }),
    ...(reason === undefined ? {} : { reason }),
  };
  account.push({ type: 'room.declined', data }, { stanza });
  return true;
}

async function invite(account: Account, { room: text, jid: to, ...data }: RequestData<'room.invite'>): Promise<void> {
  const room = roomAddress(account, text);
  const jid = address(to, 'jid');
  const joined = roomsOf(account).get(room.bare);
  const isJoined = joined?.state === 'joined';
  if (data.direct ?? !isJoined) {
    const password = data.password ?? joined?.password;
    await inviteDirectly(account, room, jid, { ...data, ...(password === undefined ? {} : { password }) });
    return;
  }
  const goesOn = data.thread === undefined ? undefined : el('continue', { thread: data.thread });
  // §7.8.2: the room adds its password.
  const child = el('invite', { to: jid.full }, optionalChild('reason', data.reason), goesOn);
  await tell(account, room, {}, el('x', { xmlns: ns.mucUser }, child));
}

interface Words {
  reason?: string;
  password?: string;
  thread?: string;
}

/** XEP-0249 §2. */
async function inviteDirectly(
  account: Account,
  room: Jid,
  to: Jid,
  { reason, password, thread }: Words,
): Promise<void> {
  const { gateway } = account;
  const goesOn = thread === undefined ? {} : { continue: 'true', thread };
  const x = el('x', { xmlns: ns.directInvitations, jid: room.bare, password, reason: reason || undefined, ...goesOn });
  const message = el('message', { from: account.client.full, to: to.full, id: randomUUID() }, x);
  await unlessItBounces(account, message, () => gateway.deliver(message, gateway.now() + deliverMs).done);
}

async function decline(account: Account, { room: text, jid, reason }: RequestData<'room.decline'>): Promise<void> {
  const room = roomAddress(account, text);
  const kept = account.invites.get(room.bare);
  const to = jid === undefined ? kept?.from : address(jid, 'jid').full;
  if (!kept && to === undefined) {
    throw new StanzaError('item-not-found', 'There is no invitation to this room', {
      field: 'room',
      by: account.jid.bare,
    });
  }
  // XEP-0249 knows no answer: the room has not invited anybody.
  if (!kept?.direct && to !== undefined) {
    const child = el('decline', { to }, optionalChild('reason', reason));
    await tell(account, room, {}, el('x', { xmlns: ns.mucUser }, child)).catch(unlessRefused);
  }
  await forget(account, room.bare);
}

/** A room that does not take it, or is no more, leaves the invitation declined all the same. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof StanzaError) || error.retry || error.details.by === undefined) throw error;
}

export const invitations: Part = {
  requests: {
    'room.invite': async ({ account }, data) => {
      await invite(account, data);
      return undefined;
    },
    'room.decline': async ({ account }, data) => {
      await decline(account, data);
      return undefined;
    },
  },
  takes: (account, stanza, from) => {
    const { type } = stanza.attrs;
    if (stanza.name !== 'message' || type === 'error' || type === 'groupchat') return false;
    return takesMediated(account, stanza, from) || takesDecline(account, stanza, from);
  },
  hooks: {
    // Kept until answered: a session that takes no snapshot is told now.
    sessionOpen: (session) => {
      if (session.wants.has('rooms')) return;
      for (const kept of session.account.invites.values()) session.push({ type: 'room.invite', data: toInvite(kept) });
    },
  },
  snapshots: { rooms: ({ invites }) => ({ invites: [...invites.values()].map(toInvite) }) },
};
