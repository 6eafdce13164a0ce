/**
 * Presence that comes from rooms: who is there, that the account itself is (status 110), and how and why it ceased to be
 * (XEP-0045 §7.1, §7.2, §7.6, §7.14, §8.2, §9).
 */
import type { Account } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Occupant } from '../../protocol/rooms.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { detach, type Element, find, nameOf } from '../../xmpp/stanza.ts';
import { readError } from '../../xmpp/stanza-error.ts';
import { doubt } from '../xep0410-self-ping.ts';
import { entered } from './catch-up.ts';
import { forget, type Left, left, remember } from './membership.ts';
import { type RoomPresence, readPresence } from './occupants.ts';
import { rejoinSoon } from './rejoin.ts';
import type { Room } from './room.ts';
import { roomsOf } from './rooms.ts';

/** §15.6.2, the first that fits: why the account was put out, and whether it may come back. */
const causes: readonly (readonly [code: number, cause: Left['cause'], rejoin: boolean])[] = [
  [301, 'banned', false],
  [321, 'affiliation', false],
  [322, 'membersOnly', false],
  [332, 'shutdown', true],
  [307, 'kicked', true],
];

export function takes(account: Account, stanza: Element, from: Jid): boolean {
  if (nameOf(stanza) !== 'presence') return false;
  const { type } = stanza.attrs;
  if (type !== undefined && type !== 'unavailable' && type !== 'error') return false;
  const room = roomsOf(account).get(from.bare);
  // From a room that the account is not in; nobody is told, and nothing is answered.
  if (!room) return find(stanza, 'x', ns.mucUser) !== undefined || find(stanza, 'x', ns.muc) !== undefined;
  room.heardAt = account.gateway.now();
  if (type === 'error') refused(room, stanza, from);
  else if (type === 'unavailable') gone(room, stanza, from);
  else available(room, stanza, from);
  return true;
}

/** An error is the answer to the join, or to a change of nick; others say that the account is not there. */
function refused(room: Room, stanza: Element, from: Jid): void {
  const error = readError(stanza);
  if (room.state === 'joining') room.fail(error);
  else if (room.state === 'leaving') room.out(error);
  else if (room.renaming) {
    room.renaming.done.reject(error);
    room.renaming = undefined;
  } else if (room.state === 'joined' && (from.resource === '' || from.resource === room.nick)) doubt(room);
}

function available(room: Room, stanza: Element, from: Jid): void {
  if ((room.state !== 'joining' && room.state !== 'joined') || from.resource === '') return;
  const { newNick: _, ...here } = read(room, stanza, from).occupant;
  const isSelf = here.statusCodes.includes(110);
  if (!isSelf) room.seesJids = here.jid !== undefined;
  room.shared.note({ ...here, statusCodes: [] });
  room.saw(here.nick);
  if (isSelf) self(room, { ...here, self: true }, stanza);
  else if (room.state === 'joined') {
    const event = room.shared.event(here.nick, room.seesJids);
    if (event) room.account.inOrder(() => room.account.push(event, { stanza }));
  }
}

/** XEP-0421 §4: an occupant-id counts only where the room says that it makes them. */
function read(room: Room, stanza: Element, from: Jid): RoomPresence {
  const { shared } = room;
  // A copy of what another account was told (xmpp/copies.ts).
  if (shared.lastRead?.children === stanza.children && shared.lastRead.info === shared.info)
    return shared.lastRead.presence;
  const all = readPresence(room.account.gateway, stanza, from);
  const { occupantId: _, ...occupant } = all.occupant;
  const presence = shared.has(ns.occupantId) ? all : { ...all, occupant };
  shared.lastRead = { children: stanza.children, info: shared.info, presence };
  return presence;
}

/** §7.2.2: the own presence is the last of a join; later it tells of an own change. */
function self(room: Room, occupant: Occupant, stanza: Element): void {
  const before = room.self;
  if (room.state === 'joining') {
    room.enter(occupant);
    entered(room);
    return;
  }
  room.self = occupant;
  if (occupant.nick !== room.nick) renamed(room, occupant.nick);
  if (before && before.nick !== occupant.nick) room.renaming?.done.resolve(occupant.nick);
  room.account.inOrder(() => room.account.push({ type: 'room.occupant', data: occupant }, { stanza }));
  const isChanged = before?.affiliation !== occupant.affiliation || before.role !== occupant.role;
  if (isChanged || before.nick !== occupant.nick) room.push();
}

/** §7.6: from now on the account goes by another name there. */
function renamed(room: Room, nick: string): void {
  room.nick = nick;
  // What the store cannot do now, the next join does.
  remember(room).catch(() => undefined);
}

function gone(room: Room, stanza: Element, from: Jid): void {
  const presence = read(room, stanza, from);
  const { occupant } = presence;
  const codes = occupant.statusCodes;
  // While it joins, who has the nick may be someone else.
  const hasNick = room.state !== 'joining' && from.resource === room.nick;
  const isSelf = codes.includes(110) || hasNick || (presence.destroyed !== undefined && from.resource === '');
  // COMPAT(ejabberd 23.01): nobody in particular is gone when the room itself is on its way out.
  if (from.resource === '' && !isSelf) {
    doubt(room);
    return;
  }
  // §7.6: not gone, but to be known by another name.
  if (codes.includes(303) && occupant.newNick !== undefined) {
    if (isSelf && room.state === 'joined') renamed(room, detach(occupant.newNick));
  } else if (isSelf) {
    out(room, presence);
    return;
  }
  const { newNick, ...rest } = occupant;
  const event = room.shared.gone(codes.includes(303) && newNick !== undefined ? { ...rest, newNick } : rest);
  if (room.state === 'joined') room.account.inOrder(() => room.account.push(event, { stanza }));
}

/** The account is not in the room any more, by its own wish or not. */
function out(room: Room, { occupant, destroyed }: RoomPresence): void {
  // What is left over from the time before this join.
  if (room.state === 'joining' || room.state === 'away') return;
  room.shared.gone({
    room: occupant.room,
    nick: occupant.nick,
    type: 'unavailable',
    affiliation: occupant.affiliation,
    role: 'none',
    statusCodes: [],
  });
  if (room.state === 'leaving') {
    room.out(new StanzaError('not-acceptable', 'The room was left'));
    return;
  }
  const codes = occupant.statusCodes;
  const found = causes.find(([code]) => codes.includes(code) && !(code === 307 && codes.includes(333)));
  const [, cause, rejoin] = destroyed ? [0, 'destroyed' as const, false] : (found ?? [0, 'error' as const, true]);
  room.out(new StanzaError('not-acceptable', 'The account is not in the room any more'));
  // §9.1, xmpp-rules: who lost its connection, or went down with the service, comes back by itself.
  if (cause === 'error' || cause === 'shutdown') {
    if (cause === 'shutdown') left(room, { cause, rejoin, statusCodes: codes, ...why(occupant) });
    rejoinSoon(room);
    return;
  }
  const { alternate, password, reason } = destroyed ?? {};
  left(room, {
    cause,
    rejoin,
    statusCodes: codes,
    ...why(occupant),
    ...(reason === undefined ? {} : { reason }),
    ...(alternate === undefined
      ? {}
      : { alternate: { room: alternate, ...(password === undefined ? {} : { password }) } }),
  });
  forget(room);
}

function why({ reason, actor }: Occupant): Pick<Left, 'reason' | 'actor'> {
  return { ...(reason === undefined ? {} : { reason }), ...(actor === undefined ? {} : { actor }) };
}
