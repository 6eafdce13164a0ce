/**
 * What may go out. The stream is shared: what XEP-0114, Prosody or ejabberd answer with a stream error — a wrong `from`,
 * an unknown top-level element, a malformed byte — would end it for every account, so it is refused here.
 */
import { StanzaError } from '../protocol/errors.ts';
import { parse } from './jid.ts';
import { paddingFor } from './padding.ts';
import { detach, type Element, elements, serialize } from './stanza.ts';

const types: Record<string, ReadonlySet<string | undefined>> = {
  // RFC 6121 §5.2.2
  message: new Set([undefined, 'chat', 'error', 'groupchat', 'headline', 'normal']),
  // RFC 6121 §4.7.1
  presence: new Set([
    undefined,
    'error',
    'probe',
    'subscribe',
    'subscribed',
    'unavailable',
    'unsubscribe',
    'unsubscribed',
  ]),
  // RFC 6120 §8.2.3
  iq: new Set(['get', 'set', 'result', 'error']),
};

export interface Guarded {
  text: string;
  bytes: number;
}

const cacheSize = 5000;

export class Guard {
  readonly #domain: string;
  readonly #limits: { readonly maxStanzaBytes: number };
  /** Addresses that passed. */
  readonly #senders = new Set<string>();
  readonly #receivers = new Set<string>();

  constructor(domain: string, limits: { readonly maxStanzaBytes: number }) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * The stanza as XML that every server takes.
   * @throws StanzaError bad-request, jid-malformed, too-large
   */
  check(stanza: Element): Guarded {
    const { name, attrs } = stanza;
    const allowed = Object.hasOwn(types, name) ? types[name] : undefined;
    if (!allowed) throw refused(`${name.slice(0, 64)} is not a stanza`);
    // Prosody: jabber:client is not routed, jabber:server ends the stream
    if (attrs.xmlns !== undefined) throw refused('A stanza has no xmlns of its own');
    if (!allowed.has(attrs.type)) throw refused(`${name} has no type ${String(attrs.type).slice(0, 64)}`);
    if (name === 'iq') checkIq(stanza);
    this.#checkFrom(attrs.from);
    this.#checkTo(attrs.to);
    const text = serialize(stanza);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#limits.maxStanzaBytes) {
      throw new StanzaError(
        'too-large',
        `The stanza has ${bytes} bytes, at most ${this.#limits.maxStanzaBytes} can be sent`,
      );
    }
    const behind = paddingFor(text, bytes);
    return { text: text + behind, bytes: bytes + behind.length };
  }

  #checkFrom(from: string | undefined): void {
    if (from === undefined) throw refused('A stanza needs a from');
    if (this.#senders.has(from)) return;
    const jid = parse(from);
    if (jid.full !== from) throw refused('The from is not normalised');
    if (jid.domain !== this.#domain) throw refused(`The from is not of ${this.#domain}`);
    remember(this.#senders, from);
  }

  #checkTo(to: string | undefined): void {
    if (to === undefined) throw refused('A stanza needs a to');
    if (this.#receivers.has(to)) return;
    parse(to);
    remember(this.#receivers, to);
  }
}

function checkIq(iq: Element): void {
  if (!iq.attrs.id) throw refused('An IQ needs an id');
  const children = elements(iq).length;
  const { type } = iq.attrs;
  // RFC 6120 §8.2.3; Prosody does not answer at all otherwise
  if ((type === 'get' || type === 'set') && children !== 1) throw refused(`An IQ ${type} has one child element`);
  if (type === 'result' && children > 1) throw refused('An IQ result has at most one child element');
}

function remember(cache: Set<string>, address: string): void {
  if (cache.size >= cacheSize) cache.clear();
  cache.add(detach(address));
}

function refused(message: string): StanzaError {
  return new StanzaError('bad-request', message);
}
