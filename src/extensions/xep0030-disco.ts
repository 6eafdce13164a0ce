/**
 * XEP-0030 Service Discovery 2.5.0: what the domain, an account and its one resource say of themselves, and what a client
 * asks of others.
 *   <query xmlns="http://jabber.org/protocol/disco#info"/> → identities and features, by place
 *   {"type":"disco.info","data":{"jid":"rooms.example.com"}} → <query xmlns="http://jabber.org/protocol/disco#info"/>
 */
import { extension, type Gateway, type Place, part, type Query, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { ns } from '../xmpp/namespaces.ts';
import { el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { discoInfo, discoItems } from './discovery.ts';

export const identityName = 'Stanzawire';

/** Never `gateway/*`: clients would treat the domain as a transport to log in to. */
export const identities: Record<Place, readonly (readonly [category: string, type: string])[]> = {
  domain: [['server', 'im']],
  account: [
    ['account', 'registered'],
    ['pubsub', 'pep'],
  ],
  client: [['client', 'web']],
};

const places: readonly Place[] = ['domain', 'account', 'client'];

/** What every extension announces there, each once, sorted. */
export function featuresOf(gateway: Gateway, place: Place): string[] {
  const features = new Set(gateway.extensions.flatMap((one) => one.features?.[place] ?? []));
  return [...features].toSorted();
}

function info({ gateway, place, payload }: Query) {
  const { node } = payload.attrs;
  const nodes = gateway.extensions.flatMap((one) => (place === 'client' ? (one.nodes?.(gateway) ?? []) : []));
  if (!nodes.includes(node ?? '')) noNode(node);
  return el(
    'query',
    { xmlns: ns.discoInfo, node: node || undefined },
    ...identities[place].map(([category, type]) => el('identity', { category, type, name: identityName })),
    ...featuresOf(gateway, place).map((name) => el('feature', { var: name })),
  );
}

/** §3.2: a node that does not exist. */
function noNode(node: string | undefined): void {
  if (node !== undefined && node !== '') throw new StanzaError('item-not-found', 'There is no such node');
}

export default extension({
  spec: xep('0030', '2.5.0'),
  also: [part('0128', 'Service Discovery Extensions')],
  requests: {
    'disco.info': ({ account, gateway }, { jid = gateway.server, node }) =>
      discoInfo(account, address(jid, 'jid'), node),
    'disco.items': ({ account, gateway }, { jid = gateway.server, ...query }) =>
      discoItems(account, address(jid, 'jid'), query),
  },
  features: {
    domain: [ns.discoInfo, ns.discoItems],
    account: [ns.discoInfo, ns.discoItems],
    client: [ns.discoInfo, ns.discoItems],
  },
  iq: [
    { type: 'get', name: 'query', xmlns: ns.discoInfo, places, handle: info },
    {
      type: 'get',
      name: 'query',
      xmlns: ns.discoItems,
      places,
      handle: ({ payload }) => {
        noNode(payload.attrs.node);
        // §4.1: accounts are not listed, and nothing else is here.
        return el('query', { xmlns: ns.discoItems });
      },
    },
  ],
});
