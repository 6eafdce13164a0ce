/**
 * A new room, XEP-0045 §10.1: joined, and then either as the service has it (§10.1.2) or set up with the given values before
 * anybody else gets in (§10.1.3).
 *   {"type":"room.create","data":{"room":"new@rooms.example.com","nick":"alice","values":{"membersOnly":true}}}
 */
import type { Account, Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { FormValues } from '../../protocol/forms.ts';
import type { RequestData } from '../../protocol/frames.ts';
import { type Jid, parse } from '../../xmpp/jid.ts';
import { discoInfo } from '../discovery.ts';
import { cancellation } from '../xep0004-forms.ts';
import { askOwner } from './ask.ts';
import { configure } from './config.ts';
import { type Joined, join } from './join.ts';
import { leave } from './leave.ts';
import { forget } from './membership.ts';
import type { Part } from './part.ts';
import type { Room } from './room.ts';
import { roomAddress, roomsOf } from './rooms.ts';

/** COMPAT(ejabberd): a room that is coming to its end loses what it is asked. */
const patience = 5000;

function exists(room: Jid): StanzaError {
  return new StanzaError('conflict', 'There is such a room already', { field: 'room', by: room.bare });
}

/** Asked before, since a join would be seen by everybody there. A room that only its occupants know of does not answer. */
async function refuseExisting({ account }: Session, room: Jid): Promise<void> {
  const known = roomsOf(account).get(room.bare);
  if (known && known.state !== 'away') throw exists(room);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patience);
  });
  const isThere = await Promise.race([tells(account, room), silence]).finally(() => clearTimeout(timer));
  if (isThere) throw exists(room);
}

async function tells(account: Account, room: Jid): Promise<boolean> {
  try {
    await discoInfo(account, room);
    return true;
  } catch (error) {
    // Whatever keeps the room from telling: the join will say.
    if (error instanceof StanzaError && (error.details.by !== undefined || error.code === 'timeout')) return false;
    throw error;
  }
}

/** §10.1.3: a configuration that is given up takes the room with it. */
async function setUp({ account, jid }: Room, values: FormValues): Promise<void> {
  const room = parse(jid);
  try {
    await configure(account, room, values);
  } catch (error) {
    await askOwner(account, room, 'set', cancellation()).catch(() => undefined);
    throw error;
  }
}

async function create(session: Session, data: RequestData<'room.create'>): Promise<Joined> {
  const { account } = session;
  const { room: text, values = {}, ...wishes } = data;
  const jid = roomAddress(account, text);
  await refuseExisting(session, jid);
  const isPlain = Object.keys(values).length === 0;
  const joined = await join(session, jid, {
    ...wishes,
    ...(isPlain ? {} : { configure: (room: Room) => setUp(room, values) }),
  });
  if (joined.created) return joined;
  // Somebody else has made it meanwhile.
  const room = roomsOf(account).get(jid.bare);
  if (room) {
    await leave(room);
    forget(room);
  }
  throw exists(jid);
}

export const creation: Part = { requests: { 'room.create': create } };
