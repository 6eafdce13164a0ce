/** What others are told of an account without asking, and are asked to tell (XEP-0184 §8, XEP-0333 §8, XEP-0085 §5.6). */
import type { Account } from '../extension.ts';
import { childText, type Element } from '../xmpp/stanza.ts';

/** What the user wants to be told to others at all. */
export interface Telling {
  readonly sendReceipts: boolean;
  readonly sendMarkers: boolean;
  readonly sendTyping: boolean;
}

/** The name of the note that keeps it. */
export const tellingNote = 'telling';

export function tellingOf(account: Account): Telling {
  // What this extension saved.
  const saved = account.notes.get(tellingNote)?.value as Partial<Telling> | undefined;
  return { sendReceipts: true, sendMarkers: true, sendTyping: true, ...saved };
}

/** May this bare JID be told what became of its messages? Not while the account looks offline to it. */
export function mayTell(account: Account, bare: string): boolean {
  return bare !== account.jid.bare && account.isVisibleTo(bare) && account.mayLearn(bare);
}

/** Is it a message whose receiver is asked for receipts and markers? */
export function wantsAnswers(stanza: Element): boolean {
  const { type } = stanza.attrs;
  return (type === 'chat' || type === 'normal') && childText(stanza, 'body', '') !== undefined;
}
