/**
 * XEP-0191 Blocking Command 1.3, with the gateway as the server that blocks. What comes from the blocked, and what would
 * go to them, is stopped in core (router, server); here the list is kept, and what they and the sessions see of it.
 *   {"type":"block.add","data":{"jids":["eve@example.org"]}} → <presence to="eve@example.org" type="unavailable"/>
 */
import { type Account, extension, type Session, xep } from '../extension.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { RequestData } from '../protocol/frames.ts';
import { covers } from '../xmpp/blocking.ts';
import { type Jid, parse } from '../xmpp/jid.ts';
import { detach, type Element, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { bareTo, direct, known, presenceTo } from './availability.ts';
import { vanish } from './rfc6121-presence.ts';
import { isSeen, sees } from './subscription.ts';
import { leave } from './xep0045-muc/leave.ts';
import { left } from './xep0045-muc/membership.ts';
import { roomsOf } from './xep0045-muc/rooms.ts';
import { reportOf, send } from './xep0377-reports.ts';

const maxBlocked = 1000;

/** @throws StanzaError bad-request that names the field */
function addresses(account: Account, texts: readonly string[]): Jid[] {
  return texts.map((text, index) => {
    const jid = address(text, `jids.${index}`);
    if (jid.bare === account.jid.bare) throw badRequest(`jids.${index}`, 'an account does not block itself');
    return jid;
  });
}

async function block(session: Session, { jids, ...report }: RequestData<'block.add'>): Promise<undefined> {
  const { account } = session;
  const all = addresses(account, jids);
  const told = await reportOf(account, all, report);
  const before = new Set(account.blocked.values());
  const fresh = [...new Set(all.map(({ full }) => detach(full)))].filter((jid) => !before.has(jid));
  if (before.size + fresh.length > maxBlocked) {
    throw new StanzaError('policy-violation', `An account blocks at most ${maxBlocked} addresses`);
  }
  if (fresh.length > 0) await begin(session, new Set(fresh));
  if (told) send(account, told);
  return undefined;
}

/** The blocked see the account go, and it sees them go: before the block, which nothing passes. */
async function begin(session: Session, fresh: ReadonlySet<string>): Promise<void> {
  const { account } = session;
  await leaveRooms(account, fresh);
  hide(account, fresh);
  const jids = [...fresh];
  try {
    await account.blocked.save(jids, true);
  } catch (error) {
    account.gateway.pace(account.blocked, reveal(account, fresh));
    throw error;
  }
  account.push({ type: 'block', data: { jids, blocked: true } }, { except: session });
}

/** A room that is blocked is one to leave: it would put the account out, or never hear from it again. */
async function leaveRooms(account: Account, list: ReadonlySet<string>): Promise<void> {
  const rooms = [...roomsOf(account)].filter(({ jid }) => covers(list, parse(jid)));
  await Promise.all(
    rooms.map(async (room) => {
      await leave(room);
      left(room, { cause: 'left', rejoin: false, statusCodes: [] });
    }),
  );
}

function hide(account: Account, list: ReadonlySet<string>): void {
  for (const to of account.directed.values()) {
    if (covers(list, parse(to))) direct(account, to, undefined);
  }
  for (const { jid } of contacts(account, list)) {
    if (account.presence && sees(account.roster.get(jid))) account.gateway.send(unavailable(account, jid));
    vanish(account, jid);
  }
  for (const one of [...account.slot(known)].filter(({ from }) => covers(list, parse(from)))) {
    account.slot(known).note({ ...one, type: 'unavailable' });
    account.push({ type: 'presence', data: { from: one.from, user: one.user, type: 'unavailable' } });
    if (account.presence && sees(account.roster.get(one.user))) account.gateway.send(unavailable(account, one.from));
  }
}

function contacts(account: Account, list: ReadonlySet<string>) {
  return [...account.roster.values()].filter(({ jid }) => covers(list, parse(jid)));
}

function unavailable(account: Account, to: string): Element {
  return el('presence', { from: account.client.full, to, type: 'unavailable' });
}

/** Unblocked contacts see the account again, and are asked for their presence. */
function* reveal(account: Account, list: ReadonlySet<string>): Generator<Element> {
  for (const { jid } of contacts(account, list)) {
    const item = account.roster.get(jid);
    if (account.presence && sees(item)) yield presenceTo(account, jid);
    if (account.sessions.size > 0 && isSeen(item)) yield bareTo(account, jid, 'probe');
  }
}

async function unblock(session: Session, jids: readonly string[] | undefined): Promise<undefined> {
  const { account } = session;
  const before = new Set(account.blocked.values());
  const wanted: ReadonlySet<string> =
    jids === undefined ? before : new Set(addresses(account, jids).map(({ full }) => full));
  const gone: string[] = [...before].filter((jid) => wanted.has(jid));
  if (gone.length === 0) return undefined;
  await account.blocked.save(gone, false);
  account.push({ type: 'block', data: { jids: gone, blocked: false } }, { except: session });
  // Who is blocked all the same, as a resource or by the domain, is not written to.
  account.gateway.pace(account.blocked, reveal(account, new Set(gone)));
  return undefined;
}

function list({ blocked }: Account): string[] {
  return [...blocked.values()].toSorted();
}

export default extension({
  spec: xep('0191', '1.3'),
  requests: {
    'block.list': ({ account }) => ({ items: list(account) }),
    'block.add': block,
    'block.remove': (session, { jids }) => unblock(session, jids),
  },
  snapshots: { blocks: (account) => ({ blocks: list(account) }) },
});
