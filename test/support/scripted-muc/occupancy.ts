/** What a scripted room does with the presences and messages of the gateway's accounts (XEP-0045 §7, §8). */
import { ns } from '../../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find, nameOf } from '../../../src/xmpp/stanza.ts';
import type { RoomOwner, ScriptedOccupant } from './config.ts';
import { bareOf, errorTo, hasChild, resourceOf } from './parts.ts';
import type { ScriptedRoom } from './room.ts';

/** What is sent back to who has sent the stanza. */
type Answer = Element | undefined;
type Refusal = readonly [type: string, condition: string];

/** A presence to `room/nick`; answers the refusal. */
export function takePresence(room: ScriptedRoom, stanza: Element, owner: RoomOwner, created: boolean): Answer {
  const { from = '', to = '', type, id } = stanza.attrs;
  const nick = resourceOf(to);
  const own = room.occupantWith(from);
  if (type === 'unavailable') {
    if (own) room.remove(own.nick, { left: true, more: elements(stanza).filter((one) => nameOf(one) === 'status') });
    return undefined;
  }
  const x = find(stanza, 'x', ns.muc);
  if (x) return join(room, stanza, x, owner, created);
  if (!own) return errorTo(stanza, 'cancel', 'not-acceptable');
  const renamed = nick !== own.nick;
  if (renamed && isTaken(room, nick, from)) return errorTo(stanza, 'cancel', 'conflict');
  if (!renamed || !owner.traits.renamesOnly) Object.assign(own, { show: elements(stanza), id });
  if (renamed) room.rename(own.nick, nick);
  else room.present(nick);
  return undefined;
}

function join(room: ScriptedRoom, stanza: Element, x: Element, owner: RoomOwner, created: boolean): Answer {
  const { from = '', to = '', id } = stanza.attrs;
  const refusal = refusalOf(room, from, resourceOf(to), childText(x, 'password', ns.muc), owner);
  if (refusal) return errorTo(stanza, ...refusal);
  const asked = resourceOf(to);
  const nick = room.assignNick(asked);
  const again = room.occupantWith(from);
  if (again && again.nick !== nick) room.rename(again.nick, nick);
  const show = elements(stanza).filter((child) => child !== x);
  const occupant: ScriptedOccupant = { nick, jid: from, role: room.initialRole(from), show, ...(id ? { id } : {}) };
  room.occupants.set(nick, occupant);
  room.greet(occupant);
  const isNew = (one: ScriptedOccupant): boolean => one === occupant;
  for (const other of room.occupants.values()) if (other !== occupant) room.present(other.nick, {}, isNew);
  const self = [
    ...(created ? [201] : []),
    ...(nick === asked ? [] : [210]),
    ...(room.config.nonAnonymous ? [100] : []),
  ];
  room.present(nick, { self });
  room.past(occupant, find(x, 'history', ns.muc));
  return undefined;
}

/** XEP-0045 §7.2: why somebody may not come in. */
function refusalOf(
  room: ScriptedRoom,
  from: string,
  nick: string,
  password: string | undefined,
  { traits }: RoomOwner,
): Refusal | undefined {
  const affiliation = room.affiliationOf(from);
  const { membersOnly, maxUsers } = room.config;
  if (nick === '') return ['modify', 'jid-malformed'];
  if (room.locked && affiliation !== 'owner') return ['cancel', 'item-not-found'];
  if (affiliation === 'outcast') return ['auth', 'forbidden'];
  if (membersOnly && affiliation === 'none') return ['auth', 'registration-required'];
  if (room.config.password !== undefined && password !== room.config.password) return ['auth', 'not-authorized'];
  if (isTaken(room, nick, from)) return ['cancel', 'conflict'];
  if (room.occupants.size >= maxUsers && !room.occupantWith(from) && affiliation !== 'owner') return traits.full;
  return undefined;
}

/** Both servers let several resources of one account share a nick. */
function isTaken(room: ScriptedRoom, nick: string, from: string): boolean {
  const holder = room.occupants.get(nick);
  return holder !== undefined && bareOf(holder.jid) !== bareOf(from);
}

/** A message to the room or to an occupant; answers the refusal. */
export function takeMessage(room: ScriptedRoom, stanza: Element, owner: RoomOwner): Answer {
  const { from = '', type } = stanza.attrs;
  const own = room.occupantWith(from);
  const user = find(stanza, 'x', ns.mucUser);
  const decline = user && find(user, 'decline', ns.mucUser);
  const invite = user && find(user, 'invite', ns.mucUser);
  if (type === 'error') dropOut(room, own, owner);
  else if (decline) declineOn(room, from, decline, owner);
  else if (!own) return errorTo(stanza, 'cancel', 'not-acceptable', 'You are not in the room');
  else if (invite) inviteOn(room, own, invite, owner);
  else if (hasChild(stanza, 'x', ns.dataForms)) askModerators(room, stanza, owner);
  else return type === 'groupchat' ? speak(room, own, stanza) : whisperOn(room, own, stanza);
  return undefined;
}

/** XEP-0045 §18.1.2: who does not take what a room sends is not there. */
function dropOut(room: ScriptedRoom, own: ScriptedOccupant | undefined, { traits }: RoomOwner): void {
  const codes = traits.errorCode ? [333] : [];
  if (own) room.remove(own.nick, { codes, more: [el('status', {}, 'Kicked: service unavailable')] });
}

function speak(room: ScriptedRoom, own: ScriptedOccupant, stanza: Element): Answer {
  const subject = childText(stanza, 'subject', '');
  if (own.role === 'visitor') return errorTo(stanza, 'auth', 'forbidden', 'You may not speak here');
  const isSubject = subject !== undefined && !hasChild(stanza, 'body', '');
  if (isSubject && !room.config.changeSubject && own.role !== 'moderator') return errorTo(stanza, 'auth', 'forbidden');
  if (isSubject) room.setSubject(own.nick, subject, stanza.attrs);
  else if (room.reflects !== 'none') {
    const to = (one: ScriptedOccupant): boolean => room.reflects === 'all' || one !== own;
    const archived = room.config.archive && room.archives && elements(stanza).some((child) => kept.has(nameOf(child)));
    room.spoken(own.nick, stanza.attrs, stanza.children, { to, archived });
  }
  return undefined;
}

/** What an archive keeps; chat states alone are not. */
const kept = new Set(['body', 'apply-to', 'retract', 'reactions', 'displayed', 'store']);

function whisperOn(room: ScriptedRoom, own: ScriptedOccupant, stanza: Element): Answer {
  const nick = resourceOf(stanza.attrs.to);
  const target = room.occupants.get(nick);
  if (!target) return errorTo(stanza, 'cancel', 'item-not-found', 'Recipient not in room');
  room.pass(own.nick, nick, stanza);
  return undefined;
}

function inviteOn(room: ScriptedRoom, own: ScriptedOccupant, invite: Element, owner: RoomOwner): void {
  const to = invite.attrs.to ?? '';
  const reason = childText(invite, 'reason', ns.mucUser);
  if (room.config.membersOnly) room.affiliations.set(bareOf(to), 'member');
  const { password } = room.config;
  if (!owner.isOurs(to)) return;
  const from = `${room.jid}/${own.nick}`;
  room.invite(to, {
    from,
    ...(reason === undefined ? {} : { reason }),
    ...(password === undefined ? {} : { password }),
  });
}

function declineOn(room: ScriptedRoom, from: string, decline: Element, owner: RoomOwner): void {
  const to = decline.attrs.to ?? '';
  if (!owner.isOurs(to)) return;
  const said = el('decline', { from: bareOf(from) }, ...decline.children);
  owner.send(el('message', { from: room.jid, to }, el('x', { xmlns: ns.mucUser }, said)));
}

/** XEP-0045 §7.13: a request for voice goes to the moderators; their answer grants it. */
function askModerators(room: ScriptedRoom, stanza: Element, owner: RoomOwner): void {
  const form = find(stanza, 'x', ns.dataForms);
  const values = new Map(
    (form ? elements(form) : []).map((field) => [field.attrs.var ?? '', childText(field, 'value', ns.dataForms) ?? '']),
  );
  const own = room.occupantWith(stanza.attrs.from ?? '');
  if (!own) return;
  if (own.role === 'moderator') {
    const granted = ['1', 'true'].includes(values.get('muc#request_allow') ?? '');
    if (granted) room.setRole(values.get('muc#roomnick') ?? '', 'participant');
    return;
  }
  const asked = [
    ['FORM_TYPE', 'http://jabber.org/protocol/muc#request'],
    ['muc#role', values.get('muc#role') ?? 'participant'],
    ['muc#jid', own.jid],
    ['muc#roomnick', own.nick],
    ['muc#request_allow', 'false'],
  ].map(([name, value]) => el('field', { var: name }, el('value', {}, value)));
  for (const one of room.occupants.values()) {
    if (one.role !== 'moderator' || !owner.isOurs(one.jid)) continue;
    owner.send(
      el('message', { from: room.jid, to: one.jid }, el('x', { xmlns: ns.dataForms, type: 'form' }, ...asked)),
    );
  }
}
