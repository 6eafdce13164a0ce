/**
 * XEP-0012 Last Activity 2.0: how long the gateway runs, a user has been idle, or an account away. Only who may learn of the
 * account is told (§7: a presence leak otherwise), and only of what it was shown.
 *   <query xmlns="jabber:iq:last"/> → <query xmlns="jabber:iq:last" seconds="903"/>
 */
import { type Account, extension, type Query, slot, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { ns } from '../xmpp/namespaces.ts';
import { type Element, el } from '../xmpp/stanza.ts';

/** When contacts last saw the account go, epoch ms. */
const noteName = 'lastSeen';

const shown = slot(() => ({ before: false }));

function seconds(gateway: Query['gateway'], since: number, status?: string): Element {
  const passed = Math.max(0, Math.floor((gateway.now() - since) / 1000));
  return el('query', { xmlns: ns.last, seconds: String(passed) }, status);
}

function answer({ gateway, place, account }: Query): Element {
  if (!account) return seconds(gateway, gateway.startedAt);
  // §4: a resource tells how long it has been idle; §3: an account that is there has been away for no time.
  if (place === 'client') return seconds(gateway, Date.parse(account.presence?.idleSince ?? '') || gateway.now());
  if (account.presence) return seconds(gateway, gateway.now());
  const since = account.notes.get(noteName)?.value;
  // Never seen: as an account that is not there.
  if (typeof since !== 'number') throw new StanzaError('service-unavailable', 'Nobody here takes this');
  return seconds(gateway, since);
}

/** What could not be noted is only told wrong. */
function note(account: Account): void {
  const state = account.slot(shown);
  const isShown = account.announced !== undefined;
  if (state.before && !isShown) {
    account.notes.save({ name: noteName, value: account.gateway.now() }).catch(() => undefined);
  }
  state.before = isShown;
}

export default extension({
  spec: xep('0012', '2.0'),
  answers: 'lastActivity',
  features: { domain: [ns.last], account: [ns.last], client: [ns.last] },
  iq: [{ type: 'get', name: 'query', xmlns: ns.last, places: ['domain', 'account', 'client'], handle: answer }],
  hooks: {
    // After a restart: it was online before.
    accountOpen: (account) => {
      account.slot(shown).before = account.announced !== undefined;
    },
    availability: note,
    deserted: note,
  },
});
