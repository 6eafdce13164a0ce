/**
 * Addresses of the public internet: what a stranger's URL may lead to. Names are looked up when the connection is made, and
 * the connection goes to what was looked at, so that a name cannot lead elsewhere a moment later.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IANA's special-purpose registries: none of these is somebody else's public service. */
const special: readonly (readonly [net: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Of IPv6 only this is given out (RFC 4291 §2.4); in it there are tunnels to IPv4 addresses, and documentation. */
const global = ['2000::', 3] as const;
const tunnels: readonly (readonly [net: string, bits: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

export type IsPublic = (address: string) => boolean;

export function publicCheck(): IsPublic {
  const [refused4, global6, refused6] = [new BlockList(), new BlockList(), new BlockList()];
  for (const [net, bits] of special) refused4.addSubnet(net, bits, 'ipv4');
  global6.addSubnet(...global, 'ipv6');
  for (const [net, bits] of tunnels) refused6.addSubnet(net, bits, 'ipv6');
  return (address) => {
    const family = isIP(address);
    if (family === 4) return !refused4.check(address, 'ipv4');
    return family === 6 && global6.check(address, 'ipv6') && !refused6.check(address, 'ipv6');
  };
}

/** It leads to a private network, or to this machine. */
export class NotPublic extends Error {
  override name = 'NotPublic';
}

/** Node's own lookup, but it fails where any of the addresses is not public. */
export function publicLookup(isPublic: IsPublic): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first] = found ?? [];
      if (error || !first) callback(error ?? new Error(`no address of ${hostname}`), '');
      else if (found.some(({ address }) => !isPublic(address))) callback(new NotPublic('not a public address'), '');
      else if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}
