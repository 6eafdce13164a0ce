/** A node of the accounts' PEP service (XEP-0163): each has one item at most, made from what the account says of itself. */
import type { Account } from '../extension.ts';
import type { Element } from '../xmpp/stanza.ts';

export interface PepItem {
  readonly id: string;
  readonly payload: Element;
}

export interface PepNode {
  readonly name: string;
  /** What who wants to be told of changes gets; undefined where there is nothing to tell yet. */
  readonly item: (account: Account) => PepItem | undefined | Promise<PepItem | undefined>;
  /** Nobody is told of it: it is fetched. */
  readonly quiet?: boolean;
}
