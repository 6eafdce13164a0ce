/**
 * Whose handshake is it? The peer's, unless that is a proxy of the operator's: then the address that the last of those
 * proxies saw, which it has written at the end of `X-Forwarded-For`. What stands further left may be made up.
 */
import type { IncomingMessage } from 'node:http';
import { type Networks, networks, plainAddress, privateNetworks } from '../networks.ts';

export interface Client {
  readonly address: string;
  /** Is it one client, or one household, so that limits for an address make sense? */
  readonly counted: boolean;
  /** Did somebody who is no proxy of ours send `X-Forwarded-For`? Perhaps a proxy that is not listed. */
  readonly unlistedProxy: boolean;
}

export type ClientAddress = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => Client;

/** So many proxies may stand in a row; what is left of them is not looked at. */
const maxHops = 32;

/** Of `http.public.trustedProxies`, also after a reload has put another list in its place. */
export function clientAddress(config: { readonly trustedProxies: readonly string[] }): ClientAddress {
  let of = config.trustedProxies;
  let read = createClientAddress(of);
  return (request) => {
    if (of !== config.trustedProxies) {
      of = config.trustedProxies;
      read = createClientAddress(of);
    }
    return read(request);
  };
}

/** Of one list. */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = networks(trustedProxies);
  const inside = networks(privateNetworks);
  return ({ socket, headers }) => {
    const peer = plainAddress(socket.remoteAddress ?? '') ?? '';
    const forwarded = headers['x-forwarded-for'];
    const chain = typeof forwarded === 'string' ? forwarded : '';
    const address = trusted.has(peer) ? behind(peer, chain, trusted) : peer;
    // Where no proxy is listed, a peer in a private network is most likely one, with all users behind it.
    const counted = trusted.size > 0 ? !trusted.has(address) : !inside.has(peer);
    return { address, counted, unlistedProxy: chain !== '' && !trusted.has(peer) };
  };
}

/** From the right: the first address that is no proxy of ours, or the last one that can be read. */
function behind(peer: string, chain: string, trusted: Networks): string {
  let found = peer;
  const hops = chain.split(',').slice(-maxHops);
  for (let i = hops.length - 1; i >= 0 && trusted.has(found); i--) {
    const hop = hopAddress(hops[i]?.trim() ?? '');
    if (hop === undefined) break;
    found = hop;
  }
  return found;
}

/** Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function hopAddress(text: string): string | undefined {
  return plainAddress(/^(?:\[([^\]]+)\]|(\d[\d.]+))(?::\d{1,5})?$/.exec(text)?.slice(1).find(Boolean) ?? text);
}
