/**
 * Messages to rooms (PROTOCOL.md §6): `ok` comes with the room's reflection, which gives the room's id and the order. A
 * message is never sent again blindly, for every occupant would see it twice: what has no reflection is looked for in the
 * room's archive first.
 */
import { randomUUID } from 'node:crypto';
import { type Account, type Session, slot } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import type { Message } from '../../protocol/objects.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, el, find, serialize } from '../../xmpp/stanza.ts';
import { isError, readError } from '../../xmpp/stanza-error.ts';
import { mustBeAttended } from '../attended.ts';
import { type Split, split } from '../file-parts.ts';
import { messageOf } from '../message-content.ts';
import { digestOf, quoteOf } from '../sending.ts';
import { feedOf } from './feed.ts';
import { lookFor } from './look.ts';
import { positionOf } from './position.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';

type Sent = RequestResult<'message.send'>;

/** A message that is under way in this process. */
interface Attempt {
  readonly id: string;
  readonly digest: string;
  /** The message it acts on, where its answer names that and not itself. */
  readonly about?: string;
  readonly room: Room;
  /** Who asked first, and need not be told what it sent. */
  readonly session: Session;
  readonly stanza: Element;
  /** Where it takes several stanzas: what goes out instead, and what has yet to follow it. */
  readonly split: Split | undefined;
  partsSent: boolean;
  readonly at: number;
  /** Written, and nobody knows whether the room has it. */
  doubtful: boolean;
  written: boolean;
  /** It is noted, and not in the room from an earlier attempt. */
  ready: boolean;
  /** Whether an earlier attempt brought it into the room is not known. */
  uncertain: boolean;
  readonly outcome: PromiseWithResolvers<Sent>;
}

const sends = slot(() => ({ underWay: new Map<string, Attempt>() }));

export function sendToRoom(session: Session, room: Room, data: RequestData<'message.send'>): Promise<Sent> {
  const { id = randomUUID(), type, to: _, ...content } = data;
  if (type !== undefined && type !== 'groupchat')
    throw badRequest('type', 'what is sent to a room is of type groupchat');
  const message = messageOf(content);
  if (Object.keys(message).every((key) => besideContent.has(key))) {
    throw badRequest('body', 'the subject of a room is set with room.subject');
  }
  const { account, gateway } = session;
  return sayToRoom(session, room, { id, digest: digestOf(room.jid, content) }, () => {
    const stanza = el('message', { from: account.client.full, to: room.jid, id, type: 'groupchat' });
    gateway.translate.writeMessage(stanza, { ...completed(room, message), originId: id });
    gateway.run('messageOut', account, stanza);
    return stanza;
  });
}

/** `about` = it acts on that message; else it is one. The stanza has `id` as its id attribute and its origin-id. */
export function sayToRoom(
  session: Session,
  room: Room,
  { id, digest, about }: Pick<Attempt, 'id' | 'digest' | 'about'>,
  write: () => Element,
): Promise<Sent> {
  const { account, gateway } = session;
  mustBeAttended(account);
  const { underWay } = account.slot(sends);
  const known = underWay.get(id);
  if (known && known.digest !== digest) throw conflict();
  if (known) return known.outcome.promise;
  const stanza = write();
  serialize(stanza);
  const outcome = Promise.withResolvers<Sent>();
  const attempt: Attempt = {
    id,
    digest,
    ...(about === undefined ? {} : { about }),
    room,
    session,
    stanza,
    // XEP-0367 §4.1: what follows names the room's id.
    split: room.shared.has(ns.stanzaIds) ? split(stanza) : undefined,
    partsSent: false,
    at: gateway.now(),
    doubtful: false,
    written: false,
    ready: false,
    uncertain: false,
    outcome,
  };
  underWay.set(id, attempt);
  outcome.promise.catch(() => undefined);
  const timer = setTimeout(() => void expire(attempt), gateway.limits.sendTimeout);
  void outcome.promise
    .finally(() => {
      clearTimeout(timer);
      underWay.delete(id);
    })
    .catch(() => undefined);
  void run(attempt).catch((error: unknown) => {
    if (attempt.written || attempt.uncertain || !(error instanceof StanzaError)) outcome.reject(error);
    else fail(attempt, error);
  });
  return outcome.promise;
}

/** Without anything else these make no message for a room. */
const besideContent: ReadonlySet<string> = new Set(['subject', 'lang', 'thread', 'parentThread', 'hints', 'reply']);

/**
 * With what the room's feed knows of the message that is answered.
 * @throws StanzaError feature-not-implemented: in this room nothing can be answered (XEP-0461 §4.1)
 */
function completed(room: Room, message: Partial<Message>): Partial<Message> {
  const { reply, body } = message;
  if (!reply) return message;
  const { shared, account, jid } = room;
  if (shared.info && !shared.has(ns.stanzaIds)) {
    throw new StanzaError('feature-not-implemented', 'The room gives its messages no ids', { field: 'reply', by: jid });
  }
  const data = feedOf(account.gateway, shared).find(reply.id)?.event?.source.data;
  if (!data || !('from' in data)) return message;
  const quote = body === undefined ? undefined : quoteOf({ ...data });
  return { ...message, reply: { to: String(data.from), ...(quote === undefined ? {} : { quote }), ...reply } };
}

async function run(attempt: Attempt): Promise<void> {
  const { id, digest, room, at } = attempt;
  const { account } = room;
  const known = await account.archive.beginSend(account.jid.bare, { id, chat: room.jid, digest, at });
  if (known && known.digest !== digest && known.state !== 'failed') throw conflict();
  if (known?.state === 'sent' && known.result) {
    attempt.outcome.resolve(known.result as Sent);
    return;
  }
  attempt.uncertain = known?.state === 'pending';
  await inRoom(room);
  // An earlier attempt wrote it, maybe: then the room's archive knows.
  if (attempt.uncertain && known) {
    if (!feedOf(account.gateway, room.shared).traits.archive) throw unconfirmed(false);
    const found = await lookFor(room, attempt.id, known.at);
    if (found) {
      settle(attempt, found);
      return;
    }
    attempt.uncertain = false;
  }
  attempt.ready = true;
  await inRoom(room);
  write(attempt);
}

/** Resolves when the account is in the room and has heard what it missed. */
async function inRoom(room: Room): Promise<void> {
  const { gateway } = room.account;
  // While it is not there, though it will be again, the message waits; `expire` ends that.
  const comesBack = gateway.link === 'down' || room.retry !== undefined;
  if (room.state !== 'joined' && !comesBack) await room.whenJoined();
  await positionOf(room).caughtUp;
}

/** Once; where the account is not in the room any more, `resume` does it. @throws StanzaError what the link refuses */
function write(attempt: Attempt): void {
  const { room } = attempt;
  const stanza = attempt.split?.main ?? attempt.stanza;
  if (attempt.written || room.state !== 'joined' || !positionOf(room).live) return;
  attempt.written = room.account.gateway.send(stanza);
}

/** What is written and not answered has an uncertain fate from now on: the room was lost. */
export function doubt(room: Room): void {
  for (const attempt of attemptsIn(room)) if (attempt.written) attempt.doubtful = true;
}

/** The account is in the room and has heard what it missed: what waits is sent, what was not among that is sent again. */
export function resume(room: Room): void {
  const { archive } = feedOf(room.account.gateway, room.shared).traits;
  for (const attempt of attemptsIn(room)) {
    if (!attempt.ready) continue;
    if (attempt.doubtful && !archive) {
      attempt.outcome.reject(unconfirmed(false));
      continue;
    }
    if (attempt.doubtful) attempt.written = attempt.doubtful = false;
    try {
      write(attempt);
    } catch (error) {
      attempt.outcome.reject(error);
    }
  }
}

/** The room is gone for good: nothing of what waits will be sent. */
export function giveUp(room: Room, error: StanzaError): void {
  for (const attempt of attemptsIn(room)) fail(attempt, error);
}

function attemptsIn(room: Room): Attempt[] {
  const { underWay } = room.account.slot(sends);
  return [...underWay.values()].filter((attempt) => attempt.room === room);
}

/** XEP-0045 §7.4, XEP-0359: the reflection has the origin-id; the id attribute counts where the room keeps it. */
export function reflected(room: Room, said: Said): Session | undefined {
  const { underWay } = room.account.slot(sends);
  if (underWay.size === 0) return undefined;
  const { stableIds } = feedOf(room.account.gateway, room.shared).traits;
  const attempt = underWay.get(said.originId ?? (stableIds ? said.idAttribute : undefined) ?? '');
  if (attempt?.room !== room) return undefined;
  settle(attempt, said);
  return attempt.session;
}

/** The room has given the message its id: now the rest of it can follow. */
export function attachParts(room: Room, stanza: Element, stanzaId: string): void {
  const originId = find(stanza, 'origin-id', ns.stanzaIds)?.attrs.id;
  const attempt = room.account.slot(sends).underWay.get(originId ?? '');
  if (attempt?.room === room) sendParts(attempt, stanzaId);
}

function sendParts(attempt: Attempt, stanzaId: string): void {
  const { split: several, partsSent, room } = attempt;
  if (!several || partsSent) return;
  attempt.partsSent = true;
  for (const part of several.parts(stanzaId)) room.account.gateway.send(part);
}

/** A message of ours has come back from the room. */
export function refused(account: Account, room: Room, stanza: Element): boolean {
  const attempt = account.slot(sends).underWay.get(stanza.attrs.id ?? '');
  if (!isError(stanza) || attempt?.room !== room) return false;
  fail(attempt, readError(stanza));
  return true;
}

function settle(attempt: Attempt, said: Said): void {
  const { id, about, room, outcome } = attempt;
  const { account } = room;
  sendParts(attempt, said.stanzaId ?? said.id);
  const result: Sent = {
    id: about ?? said.id,
    originId: id,
    chat: room.jid,
    type: 'groupchat',
    time: said.time,
    ...(said.archiveId === undefined ? {} : { archiveId: said.archiveId }),
  };
  // What cannot be noted now is looked for in the archive, should the id be used again.
  account.archive.settleSend(account.jid.bare, id, result).catch(() => undefined);
  outcome.resolve(result);
}

function fail({ id, room, outcome }: Attempt, error: StanzaError): void {
  const { account } = room;
  // The next one with this id is a new message.
  void account.archive.failSend(account.jid.bare, id, room.jid).catch(() => undefined);
  outcome.reject(error);
}

/** Its time is over: never written, or written and not reflected. */
async function expire(attempt: Attempt): Promise<void> {
  const { room, outcome } = attempt;
  const { gateway } = room.account;
  if (!attempt.written) {
    const code = gateway.link === 'down' ? 'link-down' : 'timeout';
    const error = new StanzaError(code, 'The room could not be reached in time', { by: room.jid });
    if (attempt.uncertain) outcome.reject(error);
    else fail(attempt, error);
    return;
  }
  const { archive } = feedOf(gateway, room.shared).traits;
  const found = archive ? await lookFor(room, attempt.id, attempt.at).catch(() => undefined) : undefined;
  if (found) settle(attempt, found);
  else outcome.reject(unconfirmed(archive));
}

/** With an archive a repeat is safe: it looks there first. */
function unconfirmed(retry: boolean): StanzaError {
  return new StanzaError('unconfirmed', 'Whether the room has the message is not known', { retry });
}

function conflict(): StanzaError {
  return new StanzaError('conflict', 'This id was used for another message', { field: 'id' });
}
