/**
 * XEP-0367 Message Attaching 0.3, for the sources of files (XEP-0447 §4.1): text with files is several stanzas and one
 * message. The sources come behind it, each in a stanza that those who do not know this show as a link. What tells of files
 * without sources waits for them, for a moment, and so does what comes behind it in the same chat.
 *   <attach-to xmlns="urn:xmpp:message-attaching:1" id="m1"/><sources xmlns="urn:xmpp:sfs:0" id="1">…</sources>
 */
import { type Account, extension, slot, xep } from '../extension.ts';
import type { Jid } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, find, nameOf, namespaceOf } from '../xmpp/stanza.ts';

/** They are sent together; a sender that is still uploading is not waited for. */
const patienceMs = 1000;
/** More than that does not wait. */
const mostBehind = 100;

/** What such a sources stanza has for which message. */
interface Attached {
  readonly to: string;
  readonly sources: Element;
}

function isFile(child: Element): boolean {
  return nameOf(child) === 'file-sharing' && namespaceOf(child) === ns.fileSharing;
}

function lacking(stanza: Element): Element[] {
  return elements(stanza).filter((child) => isFile(child) && !find(child, 'sources', ns.fileSharing));
}

/** Does it tell of files whose sources are still to come? */
export function isIncomplete(stanza: Element): boolean {
  return (
    stanza.children.some((child) => typeof child !== 'string' && nameOf(child) === 'file-sharing') &&
    lacking(stanza).length > 0
  );
}

export function attachedIn(stanza: Element): Attached | undefined {
  const to = find(stanza, 'attach-to', ns.attaching)?.attrs.id;
  const sources = to ? find(stanza, 'sources', ns.fileSharing) : undefined;
  return to && sources ? { to, sources } : undefined;
}

/** A copy whose files can be given sources: other accounts may have got the same children. */
export function ownCopy(stanza: Element): Element {
  const children = stanza.children.map((child) =>
    typeof child !== 'string' && isFile(child) ? el(child.name, child.attrs, ...child.children) : child,
  );
  const copy = el(stanza.name, stanza.attrs, ...children);
  copy.parent = stanza.parent;
  return copy;
}

/** Puts the sources where they belong; false where the message has no such file. */
export function attach(stanza: Element, { sources }: Attached): boolean {
  const { id, ...attrs } = sources.attrs;
  const file = lacking(stanza).find((one) => one.attrs.id === id);
  if (!file) return false;
  append(file, el(sources.name, attrs, ...sources.children));
  return true;
}

interface Behind {
  readonly stanza: Element;
  readonly settle: PromiseWithResolvers<unknown>;
}

/** One message that waits for its sources, and what has come behind it. */
export class Waiting {
  readonly #main: Behind;
  readonly #goesBy: (id: string) => boolean;
  readonly #deliver: (stanza: Element) => unknown;
  readonly #behind: Behind[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `goesBy`: is that an id of the message? `deliver` is called for it and for all that waited, once it waits no more. */
  constructor(main: Element, options: { goesBy: (id: string) => boolean; deliver: (stanza: Element) => unknown }) {
    this.#main = behind(main);
    this.#goesBy = options.goesBy;
    this.#deliver = options.deliver;
    this.#timer = setTimeout(() => this.release(), patienceMs);
  }

  /** Settles when the message is delivered. */
  get done(): Promise<unknown> {
    return this.#main.settle.promise;
  }

  /** What comes next in that chat. Settles when it is delivered. */
  add(stanza: Element): Promise<unknown> {
    const attached = attachedIn(stanza);
    const isPart =
      attached !== undefined && this.#goesBy(attached.to) && stanza.attrs.from === this.#main.stanza.attrs.from;
    if (isPart && attach(this.#main.stanza, attached)) {
      const { done } = this;
      if (lacking(this.#main.stanza).length === 0) this.release();
      return done;
    }
    const last = behind(stanza);
    this.#behind.push(last);
    if (this.#behind.length >= mostBehind) this.release();
    return last.settle.promise;
  }

  release(): void {
    clearTimeout(this.#timer);
    for (const { stanza, settle } of [this.#main, ...this.#behind.splice(0)]) {
      try {
        settle.resolve(this.#deliver(stanza));
      } catch (error) {
        settle.reject(error);
      }
    }
  }
}

function behind(stanza: Element): Behind {
  const settle = Promise.withResolvers<unknown>();
  // Who asked for it hears of it; nobody else needs to.
  settle.promise.catch(() => undefined);
  return { stanza, settle };
}

const lines = slot(() => new Map<string, Waiting>());
const waited = slot(() => new WeakSet<Element>());

/** Messages that are not of rooms; by the bare JID of their sender. */
function takes(account: Account, stanza: Element, from: Jid): boolean | Promise<unknown> {
  const { type } = stanza.attrs;
  if (nameOf(stanza) !== 'message' || type === 'groupchat' || type === 'error') return false;
  const waiting = account.slot(lines);
  const line = waiting.get(from.bare);
  if (line) return line.add(stanza);
  const { gateway } = account;
  if (!isIncomplete(stanza) || gateway.slot(waited).has(stanza)) return false;
  const own = ownCopy(stanza);
  gateway.slot(waited).add(own);
  const originId = find(stanza, 'origin-id', ns.stanzaIds)?.attrs.id;
  const opened = new Waiting(own, {
    goesBy: (id) => id === originId || id === stanza.attrs.id,
    deliver: (one) => {
      if (waiting.get(from.bare) === opened) waiting.delete(from.bare);
      return gateway.receive(one);
    },
  });
  waiting.set(from.bare, opened);
  return opened.done;
}

/** The messages of a page of an archive, whose sources are in the same page. */
export function assembled<T extends { readonly id: string; readonly stanza: Element }>(items: readonly T[]): T[] {
  const incomplete = new Map(items.flatMap((item) => (isIncomplete(item.stanza) ? [[item.id, item] as const] : [])));
  if (incomplete.size === 0) return [...items];
  return items.filter(({ stanza }) => {
    const attached = attachedIn(stanza);
    const main = attached && incomplete.get(attached.to);
    return !(main && main.stanza.attrs.from === stanza.attrs.from && attach(main.stanza, attached));
  });
}

export default extension({
  spec: xep('0367', '0.3'),
  features: { client: [ns.attaching] },
  takes,
  hooks: {
    // Nothing that has come is kept from the archive by what will not come.
    linkDown: ({ accounts }) => {
      for (const account of accounts) for (const one of account.slot(lines).values()) one.release();
    },
  },
});
