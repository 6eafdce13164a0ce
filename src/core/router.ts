/**
 * Where an incoming stanza goes: RFC 6121 §8 as tables, and RFC 6120 §8.2.3 for IQs. The same path serves stanzas from the
 * link and from our own accounts; an error thrown on the way is one error answer, made in one place.
 */
import type { IqHandler, Place } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { MessageType } from '../protocol/objects.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';
import { detach, type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { errorReply, isError, readError } from '../xmpp/stanza-error.ts';
import { type Account, resource } from './account.ts';
import { receive } from './incoming.ts';
import type { VirtualServer } from './server.ts';

/** Whom a stanza is for. `away` = an account without a session, whose mail is kept; `elsewhere` = a resource that we do not have. */
type Target = Place | 'elsewhere' | 'away' | 'nobody';
type Rule = 'deliver' | 'refuse' | 'ignore';

/** RFC 6121 §8.5.1 (nobody), §8.5.2.1 (account), §8.5.2.2 (away), §8.5.3.1 (client), §8.5.3.2 (elsewhere). */
const messageRules: Record<Target, Record<MessageType, Rule>> = {
  client: { chat: 'deliver', normal: 'deliver', headline: 'deliver', groupchat: 'refuse' },
  account: { chat: 'deliver', normal: 'deliver', headline: 'deliver', groupchat: 'refuse' },
  elsewhere: { chat: 'deliver', normal: 'refuse', headline: 'refuse', groupchat: 'refuse' },
  away: { chat: 'deliver', normal: 'deliver', headline: 'ignore', groupchat: 'refuse' },
  domain: { chat: 'refuse', normal: 'refuse', headline: 'refuse', groupchat: 'refuse' },
  nobody: { chat: 'refuse', normal: 'refuse', headline: 'refuse', groupchat: 'refuse' },
};

function unavailable(): StanzaError {
  return new StanzaError('service-unavailable', 'Nobody here takes this');
}

export class Router {
  readonly #server: VirtualServer;
  /** By bare JID, the last of the stanzas that wait for an account which is being loaded: the next must not overtake it. */
  readonly #lines = new Map<string, Promise<unknown>>();

  #lastSender: { readonly text: string; readonly jid: Jid | undefined } | undefined;

  constructor(server: VirtualServer) {
    this.#server = server;
  }

  /** A stanza from the link, or from one of ours that waits for no answer. Never throws; what is refused is answered with an error, an error with nothing. */
  incoming(stanza: Element): void {
    const account = this.#server.accounts.client(stanza.attrs.to ?? '');
    const to = account ? account.client : tryParse(stanza.attrs.to ?? '');
    const from = this.#sender(stanza.attrs.from ?? '');
    if (!to || !from) this.#drop('malformed');
    else if (to.domain !== this.#server.domain) this.#drop('not-ours');
    else {
      const start = performance.now();
      // Answers come from there. COMPAT(ejabberd 23.01): it passes on what its users wrote.
      stanza.attrs.to = to.full;
      this.#answered(stanza, () => this.local(stanza, from, to, account));
      this.#server.metrics.forwardDuration.observe((performance.now() - start) / 1000, 'in');
    }
  }

  /**
   * Handles a stanza for one of ours, at once where the account is in memory; resolves to the answer of an IQ.
   * @throws StanzaError what would be the error answer
   */
  local(
    stanza: Element,
    from: Jid,
    to: Jid,
    loaded: Account | undefined | 'unknown' = this.#server.accounts.loaded(to),
  ): Promise<Element | undefined> | undefined {
    if (loaded === 'unknown' && isAvailability(stanza)) {
      // Who is not in memory has no session: the next one asks anew.
      this.#drop('no-session');
      return undefined;
    }
    if (loaded !== 'unknown' && !this.#lines.has(to.bare)) return this.#handle(stanza, from, to, loaded);
    return this.#loading(stanza, from, to);
  }

  /** The same object for all copies of what is said in a room, which come in a row. */
  #sender(text: string): Jid | undefined {
    if (text !== this.#lastSender?.text) this.#lastSender = { text: detach(text), jid: tryParse(detach(text)) };
    return this.#lastSender?.jid;
  }

  /** RFC 6120 §10.1: in order, also where the first has to wait for the store and the second would not. */
  async #loading(stanza: Element, from: Jid, to: Jid): Promise<Element | undefined> {
    const bare = detach(to.bare);
    const before = this.#lines.get(bare);
    const account = Promise.all([this.#server.accounts.load(to, this.#mayCreate(stanza)), before]);
    // Only the beginning is in order: an answer that takes long holds nobody up.
    const begun = account.then(([loaded]) => ({ answer: this.#handle(stanza, from, to, loaded) }));
    const line = Promise.allSettled([begun, before]);
    this.#lines.set(bare, line);
    void line.then(() => {
      if (this.#lines.get(bare) === line) this.#lines.delete(bare);
    });
    return (await begun).answer;
  }

  /** Runs a handler; its result or error becomes the answer to an IQ, its error the answer to anything but an error. */
  #answered(stanza: Element, handle: () => Promise<Element | undefined> | undefined): void {
    const fail = (error: unknown): void => {
      if (isError(stanza) || stanza.attrs.type === 'result') return;
      if (nameOf(stanza) === 'presence' && !(error instanceof StanzaError)) return;
      this.#refuse(stanza, this.#server.toStanzaError(error));
    };
    try {
      const result = handle();
      result?.then((answer) => void (answer && this.#server.send(answer))).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Nobody is behind this who could take an error. */
  #refuse(stanza: Element, error: StanzaError): void {
    try {
      this.#server.send(errorReply(stanza, error));
    } catch (bug) {
      this.#server.bug(bug, 'an error could not be sent');
    }
  }

  #handle(stanza: Element, from: Jid, to: Jid, account: Account | undefined): Promise<Element | undefined> | undefined {
    if (account && account.blocked.size > 0 && account.blocked.has(from))
      return this.#fromBlocked(stanza, from, account);
    switch (nameOf(stanza)) {
      case 'message':
        return this.#message(stanza, from, to, account);
      case 'presence':
        return this.#presence(stanza, from, to, account);
      case 'iq':
        return this.#iq(stanza, from, to, account);
      default:
        this.#drop('unhandled');
        return undefined;
    }
  }

  /**
   * XEP-0191, Blocked Contact Sends Stanza: messages and queries get an error, the rest nothing. Nothing either to a room that
   * the account is in: rooms put out whoever answers with an error.
   */
  #fromBlocked(stanza: Element, from: Jid, account: Account): undefined {
    this.#drop('blocked');
    const { type } = stanza.attrs;
    const isQuery = nameOf(stanza) === 'iq' && (type === 'get' || type === 'set');
    const isMessage = nameOf(stanza) === 'message' && type !== 'error';
    if (isQuery || (isMessage && !this.#server.serving(account, from))) throw unavailable();
  }

  /** Mail for an account that never connected makes it, where `accounts.unknown` says so. */
  #mayCreate(stanza: Element): boolean {
    const { type } = stanza.attrs;
    if (this.#server.config.accounts.unknown !== 'store') return false;
    return nameOf(stanza) === 'message' ? type !== 'error' && type !== 'headline' : type === 'subscribe';
  }

  #message(stanza: Element, from: Jid, to: Jid, account: Account | undefined): Promise<undefined> | undefined {
    const taken = this.#take(stanza, from, to, account);
    if (taken !== false) return taken;
    if (isError(stanza)) {
      // RFC 6120 §8.3.1: an error is never answered.
      const sender = account ?? this.#server.accounts.sender(to);
      return sender?.outbox.bounce(stanza.attrs.id ?? '', from.bare, readError(stanza)).then(() => undefined);
    }
    const type = messageType(stanza.attrs.type);
    const rule = messageRules[targetOf(to, account)][type];
    if (rule === 'refuse') throw unavailable();
    if (rule === 'ignore' || !account) {
      this.#drop('no-session');
      return undefined;
    }
    return receive({ server: this.#server, account, stanza, from, type });
  }

  /** False where no extension wants it. */
  #take(stanza: Element, from: Jid, to: Jid, account: Account | undefined): false | Promise<undefined> | undefined {
    if (!account || (to.resource !== '' && to.resource !== resource)) return false;
    const taken = this.#server.registry.take(account, stanza, from);
    if (typeof taken === 'boolean') return taken ? undefined : false;
    return taken.then(() => undefined);
  }

  #presence(stanza: Element, from: Jid, to: Jid, account: Account | undefined): Promise<undefined> | undefined {
    const taken = this.#take(stanza, from, to, account);
    if (taken !== false) return taken;
    if (!account && stanza.attrs.type === 'probe' && to.local !== '') {
      // RFC 6121 §4.3.2: as to a stranger, who is not to learn which accounts there are.
      this.#server.send(el('presence', { from: to.bare, to: from.bare, type: 'unsubscribed' }));
    }
    // RFC 6121 §8.5.1: other presence to nobody is ignored.
    if (!account) this.#drop('unknown-account');
    else this.#server.run('presenceIn', account, { type: stanza.attrs.type ?? 'available', from, stanza });
    return undefined;
  }

  async #iq(stanza: Element, from: Jid, to: Jid, account: Account | undefined): Promise<Element | undefined> {
    const { type, id } = stanza.attrs;
    // A result or error that nobody waits for any more.
    if (type !== 'get' && type !== 'set') return undefined;
    const [payload, ...more] = elements(stanza);
    if (!payload || more.length > 0) throw new StanzaError('bad-request', 'An IQ has exactly one child');
    const place = targetOf(to, account);
    if (place !== 'domain' && place !== 'account' && place !== 'client' && place !== 'away') throw unavailable();
    const handler = this.#server.registry.iq(type, nameOf(payload), namespaceOf(payload));
    const asked: Place = place === 'away' ? (to.resource === '' ? 'account' : 'client') : place;
    if (handler && !handler.places.includes(asked)) throw unavailable();
    // RFC 6121 §8.5.3.1 and XEP-0030 §8: a stranger gets the answer of an account that is not there.
    if (account && !isOpen(handler, account) && !account.mayLearn(from.bare)) throw unavailable();
    const isHere = place !== 'away' || handler?.away === true;
    if (asked === 'client' && !(isHere && account?.isVisibleTo(from.bare))) throw unavailable();
    const query = { gateway: this.#server, place: asked, from, payload, ...(account ? { account } : {}) };
    const answer = handler ? handler.handle(query) : this.#server.registry.otherQuery(query, type);
    if (!handler && !answer) throw unavailable();
    const result = await answer;
    return el('iq', { type: 'result', id, from: stanza.attrs.to, to: stanza.attrs.from }, result);
  }

  #drop(reason: string): void {
    this.#server.metrics.stanzasDropped.inc('in', reason);
  }
}

function targetOf(to: Jid, account: Account | undefined): Target {
  if (to.local === '') return to.resource === '' ? 'domain' : 'nobody';
  if (!account) return 'nobody';
  if (account.sessions.size === 0) return to.resource === '' || to.resource === resource ? 'away' : 'elsewhere';
  if (to.resource === '') return 'account';
  return to.resource === resource ? 'client' : 'elsewhere';
}

function isOpen(handler: IqHandler | undefined, account: Account): boolean {
  const open = handler?.open ?? false;
  return typeof open === 'function' ? open(account) : open;
}

function isAvailability(stanza: Element): boolean {
  const { type } = stanza.attrs;
  return nameOf(stanza) === 'presence' && (type === undefined || type === 'unavailable' || type === 'error');
}

/** RFC 6121 §5.2.2: a type that is not understood counts as normal. */
function messageType(type: string | undefined): MessageType {
  return type === 'chat' || type === 'groupchat' || type === 'headline' ? type : 'normal';
}
