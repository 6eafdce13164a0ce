/** What others are told of an account without asking, and are asked to tell (XEP-0184 §8, XEP-0333 §8). */
import type { Account } from '../extension.ts';
import { childText, type Element } from '../xmpp/stanza.ts';

/** May this bare JID be told what became of its messages? Not while the account looks offline to it. */
export function mayTell(account: Account, bare: string): boolean {
  return bare !== account.jid.bare && account.isVisibleTo(bare) && account.mayLearn(bare);
}

/** Is it a message whose receiver is asked for receipts and markers? */
export function wantsAnswers(stanza: Element): boolean {
  const { type } = stanza.attrs;
  return (type === 'chat' || type === 'normal') && childText(stanza, 'body', '') !== undefined;
}
