/**
 * Who belongs to a room, and as what: its lists (XEP-0045 §9), affiliations (§9.1–§9.7, §10.3–§10.8) and roles (§8, §9.6).
 *   {"type":"room.role","data":{"room":"dev@rooms.example.com","nick":"eve","role":"none","reason":"calm down"}}
 *   → <query xmlns="http://jabber.org/protocol/muc#admin"><item nick="eve" role="none"><reason>calm down</reason></item></query>
 */
import type { Account } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import { type Affiliation, affiliations, type Member, type Role, roles } from '../../protocol/rooms.ts';
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { childText, type Element, el, elements, nameOf, namespaceOf } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { cut } from '../discovery.ts';
import { pageBytes } from '../page.ts';
import { askAdmin, optionalChild } from './ask.ts';
import type { Part } from './part.ts';
import { nickOf, roomAddress } from './rooms.ts';

type List = { affiliation: Affiliation } | { role: Role };

async function list(account: Account, room: Jid, which: List): Promise<Member[]> {
  const answer = await askAdmin(account, room, 'get', el('item', which));
  const items = answer && namespaceOf(answer) === ns.mucAdmin ? elements(answer) : [];
  return items.flatMap((item) => readMember(item, which));
}

function readMember(item: Element, which: List): Member[] {
  if (nameOf(item) !== 'item') return [];
  const jid = tryParse(item.attrs.jid ?? '');
  const { nick } = item.attrs;
  if (!jid && !nick) return [];
  const affiliation = affiliations.find((one) => one === item.attrs.affiliation);
  const role = roles.find((one) => one === item.attrs.role);
  const reason = childText(item, 'reason', ns.mucAdmin)?.trim();
  const shown = 'affiliation' in which ? jid?.bare : jid?.full;
  return [
    {
      ...(shown === undefined ? {} : { jid: shown }),
      ...(nick ? { nick } : {}),
      affiliation: 'affiliation' in which ? which.affiliation : (affiliation ?? 'none'),
      ...(role ? { role } : {}),
      ...(reason ? { reason } : {}),
    },
  ];
}

/** Everybody who belongs to the room: what of the three lists the account may see. @throws StanzaError where it is none */
async function belonging(account: Account, room: Jid): Promise<Member[]> {
  const all = (['owner', 'admin', 'member'] as const).map((affiliation) => list(account, room, { affiliation }));
  const answers = await Promise.allSettled(all);
  const seen = answers.filter((one) => one.status === 'fulfilled');
  const refused = answers.find((one) => one.status === 'rejected');
  if (refused && (seen.length === 0 || !isRefusal(refused.reason))) throw refused.reason;
  return seen.flatMap(({ value }) => value);
}

function isRefusal(error: unknown): boolean {
  return error instanceof StanzaError && !error.retry;
}

function keyOf({ jid = '', nick = '' }: Member): string {
  return jid || nick;
}

function byKey(a: Member, b: Member): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  return one < other ? -1 : Number(one > other);
}

export const member: Part = {
  requests: {
    'room.members': async ({ account, gateway }, { room: text, affiliation, role, max, after }) => {
      const room = roomAddress(account, text);
      if (affiliation !== undefined && role !== undefined) throw badRequest('role', 'affiliation or role, not both');
      const which = affiliation !== undefined ? { affiliation } : role !== undefined ? { role } : undefined;
      const all = await (which ? list(account, room, which) : belonging(account, room));
      const { historyMax } = gateway.limits;
      return cut(all.toSorted(byKey), keyOf, after, Math.min(max ?? historyMax, historyMax), pageBytes(gateway.limits));
    },
    'room.affiliation': async ({ account }, { room: text, jid: who, affiliation, nick, reason }) => {
      const room = roomAddress(account, text);
      // A whole domain can be banned (§9.1), and so can be made anything else.
      const jid = address(who, 'jid');
      if (jid.bare === room.bare) throw badRequest('jid', 'jid is the address of a user, not of an occupant');
      const item = { jid: jid.bare, affiliation, ...(nick === undefined ? {} : { nick: nickOf(nick) }) };
      await askAdmin(account, room, 'set', el('item', item, optionalChild('reason', reason)));
      return undefined;
    },
    'room.role': async ({ account }, { room, nick, role, reason }) => {
      const item = { nick: nickOf(nick), role };
      await askAdmin(account, roomAddress(account, room), 'set', el('item', item, optionalChild('reason', reason)));
      return undefined;
    },
  },
};
