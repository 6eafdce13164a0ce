/** One thing said in a room, on its way to one account: told to its sessions or only counted, and noted as heard. */
import type { EncodedEvent, Session } from '../../extension.ts';
import type { Element } from '../../xmpp/stanza.ts';
import { toTree } from '../../xmpp/tree.ts';
import { feedOf } from './feed.ts';
import { positionOf, positionsOf } from './position.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';
import { reflected } from './send.ts';

/** `count` = nobody was there to see it, it is only counted; what was said since somebody is there is told all the same. `show` = asked for, and no news. */
export type Manner = 'tell' | 'count' | 'show';

/** So much of a message is told to those who wake the account's user. */
const previewChars = 1000;

/** Did the account say it? By the occupant-id, where the room gives one. */
export function isOwn(room: Room, { nick, occupantId }: Said): boolean {
  const own = room.self?.occupantId;
  return own !== undefined && occupantId !== undefined ? own === occupantId : nick === room.nick;
}

/** `stanza` is this account's own copy, for sessions that want to see it. */
export function tell(room: Room, said: Said, manner: Manner, stanza?: Element): void {
  const { account } = room;
  const position = positionOf(room);
  const own = isOwn(room, said);
  // Whoever sent it from here has its answer, and is not told of it.
  const sender = own && said.kind !== 'typing' ? reflected(room, said) : undefined;
  if (manner !== 'count' || isSinceThen(room, said)) push(room, said, { own, sender, stanza });
  if (said.kind === 'message') {
    if (manner !== 'show' && !own) {
      position.unread++;
      if (said.mentions(room.nick, account.jid)) {
        position.mentions++;
        if (manner === 'tell') tellMention(room, said, position.unread);
      }
    }
    if (said.event?.source.type === 'message') position.last = said.event.source.data;
  }
  if (manner !== 'show' && (said.kind === 'message' || said.kind === 'action')) {
    position.pass(said);
    positionsOf(account).touched(room.jid, position);
  } else if (said.serial > 0) position.serial = said.serial;
}

function tellMention(room: Room, { id, time, archiveId, event }: Said, unread: number): void {
  if (event?.source.type !== 'message') return;
  const { from, body, spoiler } = event.source.data;
  const { name } = room.toObject();
  room.account.mentioned(room.jid, {
    id,
    from,
    time,
    unread,
    ...(archiveId === undefined ? {} : { archiveId }),
    ...(name === undefined ? {} : { name }),
    ...(body === undefined || spoiler !== undefined ? {} : { body: body.slice(0, previewChars) }),
  });
}

/** COMPAT(Prosody 0.12): stamps of whole seconds. That a client gets by history.get too, it knows by the id. */
function isSinceThen({ account }: Room, { time }: Said): boolean {
  const { attendedSince } = positionsOf(account);
  return Date.parse(time) >= (time.endsWith('.000Z') ? attendedSince - (attendedSince % 1000) : attendedSince);
}

interface Copy {
  readonly own: boolean;
  readonly sender: Session | undefined;
  readonly stanza: Element | undefined;
}

function push(room: Room, said: Said, { own, sender, stanza }: Copy): void {
  const { account } = room;
  const options = { ...(sender ? { except: sender } : {}), ...(stanza ? { stanza } : {}) };
  if (!said.event) {
    if (stanza && !own)
      account.inOrder(() => account.push({ type: 'stanza', data: { stanza: toTree(stanza) } }, { stanza }));
    return;
  }
  // One's own typing is no news to anybody.
  if (own && said.kind === 'typing') return;
  const event = own ? outgoing(room, said, said.event) : said.event;
  account.inOrder(() => account.push(event, options));
}

/** The event as the sender's other sessions see it. */
function outgoing({ account: { gateway } }: Room, said: Said, event: EncodedEvent): EncodedEvent {
  const { source } = event;
  if (source.type === 'message') {
    said.outgoing ??= gateway.encode({ type: 'message', data: { ...source.data, outgoing: true } });
  } else if (source.type === 'message.edited') {
    said.outgoing ??= gateway.encode({ type: 'message.edited', data: { ...source.data, outgoing: true } });
  }
  return said.outgoing ?? event;
}

/** Everything of the feed that the account has not heard. */
export function tellSince(room: Room, serial: number, manner: Manner): boolean {
  const missed = feedOf(room.account.gateway, room.shared).since(serial);
  if (!missed) return false;
  for (const said of missed) if (said.kind === 'message' || said.kind === 'action') tell(room, said, manner);
  const position = positionOf(room);
  position.serial = Math.max(position.serial ?? 0, feedOf(room.account.gateway, room.shared).end);
  return true;
}
