/**
 * The body of a message as a client sees it: the one in the message's own language, without what is only there for those
 * who do not understand the rest of the message (XEP-0428).
 */
import { ns } from '../xmpp/namespaces.ts';
import { type Element, textOf } from '../xmpp/stanza.ts';
import { bodiesOf } from './bodies.ts';
import { cutOut, joined, pointsIn, type Range } from './code-points.ts';
import { oobIn } from './xep0066-oob.ts';
import { fallbacksFor, rangesOf } from './xep0428-fallback.ts';
import { filesIn } from './xep0447-file-sharing.ts';
import { isReply } from './xep0461-replies.ts';

export interface ShownBody {
  /** Absent where the message has no body. */
  readonly own?: Element;
  /** Absent where there is none, or nothing of it is to be shown. */
  readonly text?: string;
  /** What was cut out, in code points of the body on the wire. */
  readonly removed: readonly Range[];
}

const nothing: readonly Range[] = [];

export function shownBody(stanza: Element): ShownBody {
  const { own } = bodiesOf(stanza);
  if (!own) return { removed: nothing };
  const text = textOf(own);
  if (!mayHaveFallback(stanza)) return { own, text, removed: nothing };
  const length = pointsIn(text);
  const ofFiles = fileFallback(stanza, text, length);
  const ofReply = isReply(stanza) ? rangesOf(fallbacksFor(stanza, ns.reply), length) : [];
  const removed = joined([...ofReply, ...ofFiles]);
  if (removed.length === 0) return { own, text, removed };
  const { left } = cutOut(text, removed);
  // A file and no words is no text; an answer without words is an empty one.
  return left === '' && ofFiles.length > 0 ? { own, removed } : { own, text: left, removed };
}

/** XEP-0447 §3.1; and XEP-0066 as it is used: the body is the address and nothing else. */
function fileFallback(stanza: Element, text: string, length: number): Range[] {
  const files = filesIn(stanza);
  if (files.length === 0) return [];
  const said = rangesOf(fallbacksFor(stanza, ns.fileSharing), length);
  const isAddress = said.length === 0 && text !== '' && oobIn(stanza).some(({ url }) => url === text.trim());
  return isAddress ? [{ start: 0, end: length }] : said;
}

/** Most messages have neither; whether these are the right ones is looked at later. */
function mayHaveFallback(stanza: Element): boolean {
  for (const child of stanza.children) {
    if (typeof child !== 'string' && (child.name.endsWith('fallback') || child.name.endsWith('x'))) return true;
  }
  return false;
}
