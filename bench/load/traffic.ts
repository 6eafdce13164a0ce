/** The ways that are measured: between web users, XMPP users, and the bare component in the gateway's place. */
import type { BareComponent } from './component.ts';
import type { Traffic } from './loops.ts';
import type { WebUser } from './web-user.ts';
import type { XmppUser } from './xmpp-user.ts';

export interface Users {
  readonly web: readonly WebUser[];
  readonly xmpp: readonly XmppUser[];
}

export interface Crowd extends Users {
  readonly bare: BareComponent;
}

export type Way = 'web → XMPP' | 'XMPP → web' | 'web → web';

/** Through the gateway, between that many pairs: message n is the pair n modulo pairs. */
export function throughGateway({ web, xmpp }: Users, way: Way, pairs: number): Traffic {
  if (way === 'XMPP → web') return { paced: 'by arrival', send: each(xmpp, (index) => web[index]?.jid ?? '', pairs) };
  const to = way === 'web → XMPP' ? xmpp : [...web.slice(1), ...web.slice(0, 1)];
  return { paced: 'by answer', send: each(web, (index) => to[index]?.jid ?? '', pairs) };
}

/** The same load without the gateway; undefined where there is nothing to compare with. */
export function throughBare({ xmpp, bare }: Crowd, way: Way, pairs: number): Traffic | undefined {
  if (way === 'web → web') return undefined;
  if (way === 'XMPP → web') return { paced: 'by arrival', send: each(xmpp, (index) => bare.user(index), pairs) };
  const from = (number: number) => bare.user(number % pairs);
  const to = (number: number) => xmpp[number % pairs]?.jid ?? '';
  return { paced: 'by answer', send: (numbers) => bare.send(numbers, from, to) };
}

type Sender = { send(to: string, numbers: readonly number[]): void };

function each(senders: readonly Sender[], to: (index: number) => string, pairs: number): Traffic['send'] {
  return (numbers) => {
    const shares: number[][] = Array.from({ length: pairs }, () => []);
    for (const number of numbers) shares[number % pairs]?.push(number);
    for (const [index, share] of shares.entries()) {
      if (share.length > 0) senders[index]?.send(to(index), share);
    }
  };
}
