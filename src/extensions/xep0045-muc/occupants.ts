/**
 * Someone in a room: what a presence stanza from there says (XEP-0045 §7.1, §8, §9), and `room.occupants`.
 *   <presence from="dev@rooms.example.com/bob"><x xmlns="…#user"><item affiliation="member" role="participant"/></x></presence>
 *   → {"room":"dev@rooms.example.com","nick":"bob","type":"available","affiliation":"member","role":"participant",…}
 */
import type { Extension, Gateway } from '../../extension.ts';
import type { Affiliation, Occupant, Role } from '../../protocol/rooms.ts';
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { childText, detach, type Element, elements, find, nameOf } from '../../xmpp/stanza.ts';
import { fitting, pageBytes, pageOf } from '../page.ts';
import type { Room } from './room.ts';
import { joinedRoom } from './rooms.ts';

const affiliations: readonly string[] = ['owner', 'admin', 'member', 'none', 'outcast'] satisfies Affiliation[];
const roles: readonly string[] = ['moderator', 'participant', 'visitor', 'none'] satisfies Role[];
/** Status codes of one stanza; there are some twenty in all. */
const maxCodes = 32;

/** A presence from someone in a room, as the account is told it. */
export interface RoomPresence {
  readonly occupant: Occupant;
  /** Where the room says that it is no more. */
  readonly destroyed?: { readonly alternate?: string; readonly password?: string; readonly reason?: string };
}

export function readPresence(gateway: Gateway, stanza: Element, from: Jid): RoomPresence {
  const x = find(stanza, 'x', ns.mucUser);
  const item = x && find(x, 'item', ns.mucUser);
  const { show, status } = gateway.translate.readPresence(stanza);
  const occupantId = find(stanza, 'occupant-id', ns.occupantId)?.attrs.id;
  const gone = stanza.attrs.type === 'unavailable';
  const occupant: Occupant = {
    room: from.bare,
    nick: detach(from.resource),
    ...(occupantId ? { occupantId: detach(occupantId) } : {}),
    ...jidIn(gateway, item),
    type: gone ? 'unavailable' : 'available',
    affiliation: oneOf(affiliations, item?.attrs.affiliation, 'none'),
    role: oneOf(roles, item?.attrs.role, gone ? 'none' : 'participant'),
    ...(show === undefined ? {} : { show }),
    ...(status === undefined ? {} : { status: detach(status) }),
    ...changeIn(gateway, item),
    statusCodes: codesIn(x),
  };
  const destroy = x && find(x, 'destroy', ns.mucUser);
  return destroy ? { occupant, destroyed: destroyedBy(destroy) } : { occupant };
}

function jidIn(gateway: Gateway, item: Element | undefined): Pick<Occupant, 'jid'> {
  const jid = tryParse(item?.attrs.jid ?? '');
  return jid ? { jid: detach(jid.domain === gateway.domain ? jid.bare : jid.full) } : {};
}

/** Who did what, and why. */
function changeIn(gateway: Gateway, item: Element | undefined): Pick<Occupant, 'newNick' | 'reason' | 'actor'> {
  if (!item) return {};
  const { nick } = item.attrs;
  const reason = childText(item, 'reason', ns.mucUser);
  const actor = find(item, 'actor', ns.mucUser);
  const by = actor && { nick: actor.attrs.nick, jid: jidIn(gateway, actor).jid };
  return {
    ...(nick ? { newNick: detach(nick) } : {}),
    ...(reason ? { reason: detach(reason) } : {}),
    ...(by && (by.nick || by.jid)
      ? { actor: { ...(by.nick ? { nick: detach(by.nick) } : {}), ...(by.jid ? { jid: by.jid } : {}) } }
      : {}),
  };
}

function codesIn(x: Element | undefined): number[] {
  const codes = x ? elements(x).flatMap((child) => (nameOf(child) === 'status' ? Number(child.attrs.code) : [])) : [];
  return [...new Set(codes.filter((code) => Number.isInteger(code) && code >= 100 && code < 1000))].slice(0, maxCodes);
}

function destroyedBy(destroy: Element): NonNullable<RoomPresence['destroyed']> {
  const alternate = tryParse(destroy.attrs.jid ?? '')?.bare;
  const password = childText(destroy, 'password', ns.mucUser);
  const reason = childText(destroy, 'reason', ns.mucUser);
  return {
    ...(alternate ? { alternate: detach(alternate) } : {}),
    ...(password ? { password: detach(password) } : {}),
    ...(reason ? { reason: detach(reason) } : {}),
  };
}

/** @returns the value if it is one of the list, which is all of `T` */
function oneOf<T extends string>(list: readonly string[], value: string | undefined, otherwise: T): T {
  return value !== undefined && list.includes(value) ? (value as T) : otherwise;
}

/** All but the account itself, as many as one answer may carry. */
export function firstOccupants(room: Room): { occupants: Occupant[]; complete?: false } {
  const others = [...room.occupants()].filter(({ nick }) => nick !== room.nick);
  const occupants = [...fitting(others, pageBytes(room.account.gateway.limits), 'first')];
  return occupants.length === others.length ? { occupants } : { occupants, complete: false };
}

export const requests = {
  'room.occupants': ({ account, gateway }, { room: text, ...page }) => {
    const room = joinedRoom(account, text);
    const all = [...room.occupants()].map((one) => (one.nick === room.nick ? (room.self ?? one) : one));
    // By nick, so that a page does not depend on who came when.
    const sorted = all.toSorted((a, b) => (a.nick < b.nick ? -1 : 1));
    return pageOf(sorted, ({ nick }) => nick, page, gateway.limits);
  },
} satisfies Extension['requests'];
