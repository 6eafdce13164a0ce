/**
 * Messages from rooms (XEP-0045 §7.4, §7.5, §8.1): what everybody hears, what somebody in the room says to the account alone,
 * errors of what the account said, and what an archive was asked for.
 */
import { type Account, type Extension, slot } from '../../extension.ts';
import { type Jid, parse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, find, nameOf } from '../../xmpp/stanza.ts';
import { conditionOf, isError, readError } from '../../xmpp/stanza-error.ts';
import { isIncomplete, ownCopy, Waiting } from '../xep0367-attaching.ts';
import { doubt } from '../xep0410-self-ping.ts';
import { archiveOf } from './archive.ts';
import { roomChat } from './chat.ts';
import { feedOf } from './feed.ts';
import type { Part } from './part.ts';
import { positionOf, positionsOf } from './position.ts';
import { leftNick, occupantChat, privateMessage } from './private.ts';
import type { Room } from './room.ts';
import { roomsOf } from './rooms.ts';
import { type Said, stanzaIdOf, subjectIn } from './said.ts';
import { attachParts, refused } from './send.ts';
import { knownRoom } from './shared-room.ts';
import { tell } from './tell.ts';

const takes: NonNullable<Extension['takes']> = (account, stanza, from) => {
  if (nameOf(stanza) === 'presence') {
    noteLeave(account, stanza, from);
    return false;
  }
  if (hearCopy(account, stanza, from)) return true;
  if (archiveOf(account).take(stanza, from, account.client.full)) return true;
  const room = roomsOf(account).get(from.bare);
  if (!room) return false;
  if (isError(stanza)) return takeError(room, stanza, from);
  if (stanza.attrs.type === 'groupchat') return hearInTurn(room, stanza, from);
  return from.resource !== '' && stanza.attrs.type !== 'headline' ? privateMessage(room, stanza, from) : false;
};

/** Whoever has the nick next is somebody else (XEP-0308 §5). */
function noteLeave(account: Account, stanza: Element, from: Jid): void {
  if (stanza.attrs.type !== 'unavailable' || from.resource === '') return;
  const room = roomsOf(account).get(from.bare);
  if (!room) return;
  feedOf(account.gateway, room.shared).spoken.left(from.resource);
  leftNick(account, from);
}

/** Messages that wait for the sources of their files, by room. */
const lines = slot(() => new Map<string, Waiting>());

/** Text with files comes as several stanzas; what is behind it keeps its place. */
function hearInTurn(room: Room, stanza: Element, from: Jid): boolean | Promise<unknown> {
  const { account, jid } = room;
  const waiting = account.slot(lines);
  const line = waiting.get(jid);
  if (line) return line.add(stanza);
  if (!isIncomplete(stanza)) return hear(room, stanza, from);
  const stanzaId = stanzaIdOf(stanza, feedOf(account.gateway, room.shared).traits);
  // XEP-0367 §4.1: without an id of the room nothing can be attached to it.
  if (stanzaId === undefined || room.state !== 'joined') return hear(room, stanza, from);
  attachParts(room, stanza, stanzaId);
  const own = ownCopy(stanza);
  const opened = new Waiting(own, {
    goesBy: (id) => id === stanzaId,
    deliver: (one) => {
      if (waiting.get(jid) === opened) waiting.delete(jid);
      const sender = parse(one.attrs.from ?? '');
      return one === own ? hear(room, one, sender) : hearInTurn(room, one, sender);
    },
  });
  waiting.set(jid, opened);
  return opened.done;
}

/** What another account of the gateway has heard: nothing of it need be read again. */
function hearCopy(account: Account, stanza: Element, from: Jid): boolean {
  const shared = knownRoom(account.gateway, from.bare);
  const said = shared?.feed?.copyOf(stanza);
  const room = said && shared?.user(account);
  // What waits for its files comes first.
  return room?.state === 'joined' && !account.slot(lines).has(room.jid) && hearSaid(room, said, stanza);
}

function hear(room: Room, stanza: Element, from: Jid): boolean {
  if (room.state !== 'joined') return false;
  const { account, shared } = room;
  const position = positionOf(room);
  const subject = subjectIn(stanza);
  if (subject !== undefined) {
    room.heardAt = account.gateway.now();
    subjectIs(room, subject, from.resource);
    position.fresh = false;
    return true;
  }
  const said = feedOf(account.gateway, shared).hear(stanza, from, position.serial ?? 0);
  return hearSaid(room, said, stanza);
}

function hearSaid(room: Room, said: Said | undefined, stanza: Element): true {
  const position = positionOf(room);
  room.heardAt = room.account.gateway.now();
  // While what was missed is read, the feed keeps it.
  if (!said || !position.live || said.serial <= (position.serial ?? 0)) return true;
  // §7.2.13: history for a newcomer is no news.
  const isOld = position.fresh && find(stanza, 'delay', ns.delay)?.attrs.from === room.jid;
  tell(room, said, isOld ? 'show' : 'tell', stanza);
  return true;
}

/** §7.2.15, §8.1: each account is told once; what the answer of its join said is no news. */
function subjectIs(room: Room, subject: string, by: string): void {
  const { shared } = room;
  const position = positionOf(room);
  shared.subject = subject === '' ? undefined : subject;
  shared.subjectBy = subject === '' || by === '' ? undefined : by;
  const known = `${by}\n${subject}`;
  const isFirst = position.subject === undefined;
  if (position.subject === known) return;
  position.subject = known;
  if (!isFirst || subject !== '') room.push();
}

/** §7.4, §7.5: the room, or the one it was for, does not take a message. */
function takeError(room: Room, stanza: Element, from: Jid): boolean | Promise<unknown> {
  const { account } = room;
  // COMPAT(ejabberd 24.12): of another occupant that could not be reached, the speaker is told in that one's name.
  if (from.resource !== '') return account.bounced(stanza.attrs.id ?? '', from.full, readError(stanza));
  if (refused(account, room, stanza)) {
    // The room does not know the account: whether that is so is asked, and what follows from it is done.
    if (conditionOf(stanza) === 'not-acceptable' && room.state === 'joined') doubt(room);
    return true;
  }
  return false;
}

/** What is not stored of an account's rooms. */
function save(account: Account): Promise<void> {
  return positionsOf(account)
    .saveAll()
    .catch(() => undefined);
}

export const messages: Part = {
  takes,
  serves: (account, to) => {
    const room = roomsOf(account).get(to.bare);
    if (!room) return undefined;
    return to.resource === '' ? roomChat(room) : occupantChat(room, to);
  },
  hooks: {
    accountOpen: (account) => void positionsOf(account),
    sessionOpen: ({ account, gateway }) => {
      if (account.sessions.size === 1) positionsOf(account).attendedSince = gateway.now();
    },
    accountClose: (account) => void save(account),
    sessionClose: ({ account }) => {
      if (account.sessions.size > 0) return;
      // Whoever comes next has not seen what is said meanwhile.
      for (const [, position] of positionsOf(account)) position.told = false;
      void save(account);
    },
    linkDown: (gateway) => {
      for (const account of gateway.accounts) {
        for (const [, position] of positionsOf(account)) position.live = false;
        void save(account);
      }
    },
  },
};
