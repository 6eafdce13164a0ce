/** The bodies of a message, and the languages they are in (RFC 6121 §5.2.3). */
import { type Element, nameOf, namespaceOf } from '../xmpp/stanza.ts';

/** BCP 47, as far as the wire's schema takes it. */
export const languageTag = /^(?=.{1,35}$)[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;

export function languageOf({ attrs }: Element): string | undefined {
  const tag = attrs['xml:lang'];
  return tag !== undefined && languageTag.test(tag) ? tag : undefined;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

const none: readonly Element[] = [];

/** RFC 6121 §5.2.3: the one to show, which is in the message's own language where there is one, and those in others. */
export function bodiesOf(stanza: Element): { own: Element | undefined; others: readonly Element[] } {
  const all: Element[] = [];
  for (const child of stanza.children) {
    if (typeof child !== 'string' && nameOf(child) === 'body' && namespaceOf(child) === '') all.push(child);
  }
  if (all.length < 2) return { own: all[0], others: none };
  const own =
    all.find((child) => !languageOf(child)) ??
    all.find((child) => isSame(languageOf(child), languageOf(stanza))) ??
    all[0];
  return { own, others: all.filter((child) => child !== own) };
}

/** The text that a part of it can be fallback (XEP-0428): the only one, for its ranges are those of one text. */
export function soleBody(stanza: Element): Element | undefined {
  const { own, others } = bodiesOf(stanza);
  return others.length === 0 ? own : undefined;
}
