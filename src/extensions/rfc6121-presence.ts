/**
 * RFC 6121 §4, presence: what the account's contacts see of it, and what it sees of them.
 *   {"show":"away","status":"lunch"} ↔ <presence><show>away</show><status>lunch</status></presence>
 */
import { type Account, extension, type PresenceIn, rfc } from '../extension.ts';
import { childText } from '../fields.ts';
import { badRequest } from '../protocol/errors.ts';
import type { OwnPresence, Presence, Show } from '../protocol/objects.ts';
import { blockedError } from '../xmpp/blocking.ts';
import { address } from './address.ts';
import { mustBeAttended } from './attended.ts';
import { answerProbe, changed, deserted, direct, forget, known, linkDown, linkUp } from './availability.ts';
import { isSeen } from './subscription.ts';

const shows: readonly string[] = ['chat', 'away', 'xa', 'dnd'] satisfies Show[];
const show = childText('show', '');

/** What a request says of the own availability; undefined = none. @throws StanzaError bad-request */
function asked({ type, show, status, idleSince }: OwnPresence & { type?: 'available' | 'unavailable' }) {
  if (type === 'unavailable') return undefined;
  const since = idleSince === undefined ? undefined : Date.parse(idleSince);
  if (Number.isNaN(since)) throw badRequest('idleSince', 'idleSince is not a time as in RFC 3339');
  return {
    ...(show === undefined ? {} : { show }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { idleSince: new Date(since).toISOString() }),
  };
}

function received(account: Account, { from, stanza }: PresenceIn, type: Presence['type']): void {
  const ours = from.domain === account.gateway.domain;
  const fields = account.gateway.translate.readPresence(stanza);
  const presence = { from: ours ? from.bare : from.full, user: from.bare, type, ...fields };
  const one = account.slot(known);
  // §4.5.3: whoever is gone as a whole is gone with each resource.
  if (type === 'unavailable' && from.resource === '') vanish(account, from.bare, from.bare);
  else if (type === 'unavailable' || isSeen(account.roster.get(from.bare))) one.note(presence);
  account.inOrder(() => account.push({ type: 'presence', data: presence }, { stanza }));
}

/** Nothing is known of a contact any more; sessions are told, but for one address. */
export function vanish(account: Account, user: string, except?: string): void {
  for (const from of account.slot(known).forget(user)) {
    if (from !== except) account.push({ type: 'presence', data: { from, user, type: 'unavailable' } });
  }
}

/** §4.6: an address that answers with an error does not see the account, nor is it seen. */
function failed(account: Account, { from }: PresenceIn): void {
  forget(account, from.full);
  const presence = account.slot(known);
  const isKnown = presence.of(from.bare).some((one) => from.resource === '' || one.from === from.full);
  if (!isKnown) return;
  if (from.resource === '') vanish(account, from.bare, from.bare);
  else presence.note({ from: from.full, user: from.bare, type: 'unavailable' });
  account.push({ type: 'presence', data: { from: from.full, user: from.bare, type: 'unavailable' } });
}

export default extension({
  spec: rfc(6121, '4'),
  presence: {
    show: {
      ...show,
      read: (stanza) => {
        const value = show.read(stanza);
        return shows.includes(value ?? '') ? (value as Show) : undefined;
      },
    },
    status: childText('status', ''),
  },
  requests: {
    'presence.set': (session, data) => {
      session.presence = asked(data) ?? false;
      session.presenceAt = Date.now();
      changed(session.account);
      return undefined;
    },
    'presence.send': ({ account }, { to, extra, ...data }) => {
      mustBeAttended(account);
      const jid = address(to, 'to');
      if (account.blocked.has(jid)) throw blockedError();
      direct(account, jid.full, asked(data), extra);
      return undefined;
    },
  },
  hooks: {
    presenceIn: (account, presence) => {
      const { type, from } = presence;
      if (type === 'probe') answerProbe(account, from);
      else if (type === 'error') failed(account, presence);
      else if (type === 'available' || type === 'unavailable') received(account, presence, type);
    },
    // A session that comes later has not heard what the others have.
    sessionOpen: (session) => {
      const { account } = session;
      for (const data of account.slot(known)) session.push({ type: 'presence', data });
      changed(account);
    },
    sessionClose: ({ account }) => changed(account),
    deserted,
    linkDown: (gateway) => {
      for (const account of gateway.accounts) linkDown(account);
    },
    linkUp: (gateway) => {
      for (const account of gateway.accounts) linkUp(account);
    },
  },
});
