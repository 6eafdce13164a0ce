/**
 * The life of an account's outgoing 1:1 messages (PROTOCOL.md §6): pending → sent at the fence, or failed at a bounce; a
 * repeated id joins or returns the first attempt. Kept in memory, bounded per account.
 */
import { hash } from 'node:crypto';
import type { Draft, Session } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { RequestResult } from '../protocol/frames.ts';
import { detach, serialize } from '../xmpp/stanza.ts';
import type { Account } from './account.ts';

type Sent = RequestResult<'message.send'>;

interface Entry {
  /** Of the content: a repeated id with another one is a conflict. */
  readonly digest: string;
  readonly chat: string;
  readonly at: number;
  state: 'pending' | 'sent' | 'failed';
  /** Let go when it is over: it holds the stanza, which is some thirty times as large as what has to be kept. */
  attempt: Attempt | undefined;
  /** The answer, once it is sent. */
  sent: Sent | undefined;
}

interface Attempt {
  readonly outcome: Promise<Sent>;
  /** Ends it with an error. */
  fail(error: StanzaError): void;
}

const maxAge = 24 * 3600_000;
const maxEntries = 2000;
const maxPeers = 1000;

export class Outbox {
  readonly #account: Account;
  readonly #entries = new Map<string, Entry>();
  /** Bare JIDs the account has written to, for what they may learn of it. */
  readonly #peers = new Set<string>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** Is nothing kept that a repeat or a bounce could ask for? */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  hasWrittenTo(bare: string): boolean {
    return this.#peers.has(bare);
  }

  /**
   * Resolves when the XMPP server (or the account it is for) has taken the message.
   * @throws StanzaError a bounce, `link-down`, `unconfirmed`, or `conflict` for an id used with other content
   */
  send(session: Session, draft: Draft): Promise<Sent> {
    const digest = hash('sha1', serialize(draft.stanza));
    const known = this.#entries.get(draft.id);
    if (known && known.state !== 'failed') {
      if (known.digest === digest && known.attempt) return known.attempt.outcome;
      if (known.digest === digest && known.sent) return Promise.resolve(known.sent);
      const error = new StanzaError('conflict', 'This id was used for another message', { field: 'id' });
      return Promise.reject(error);
    }
    const { entry, attempt } = this.#start(draft, digest);
    this.#peer(draft.to.bare);
    this.#entries.delete(draft.id);
    this.#entries.set(draft.id, entry);
    this.#prune();
    return this.#finish(session, draft, entry, attempt);
  }

  /** An error stanza that came back: it ends the pending attempt, or tells the sessions that a sent message failed. */
  bounce(id: string, fromBare: string, error: StanzaError): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.chat !== fromBare || entry.state === 'failed') return;
    if (entry.state === 'pending') {
      entry.attempt?.fail(error);
      return;
    }
    entry.state = 'failed';
    const data = { chat: entry.chat, id, error: error.toObject() };
    this.#account.push({ type: 'message.failed', data });
  }

  #start(draft: Draft, digest: string): { entry: Entry; attempt: Attempt } {
    const server = this.#account.gateway;
    const at = server.now();
    const chat = detach(draft.to.bare);
    const delivery = server.deliver(draft.stanza, at + server.limits.sendTimeout);
    const { promise: bounced, reject } = Promise.withResolvers<never>();
    let refused: StanzaError | undefined;
    const attempt: Attempt = {
      outcome: Promise.race([delivery.done, bounced]).then(() => {
        // A bounce that came in the same chunk as the fence's answer is still in time to be the answer.
        if (refused) throw refused;
        entry.state = 'sent';
        entry.sent = { id: draft.id, chat, type: draft.type, time: new Date(at).toISOString() };
        return entry.sent;
      }),
      fail: (error) => {
        refused = error;
        delivery.cancel();
        reject(error);
      },
    };
    const entry: Entry = { digest, chat, at, state: 'pending', attempt, sent: undefined };
    return { entry, attempt };
  }

  async #finish(session: Session, draft: Draft, entry: Entry, { outcome }: Attempt): Promise<Sent> {
    try {
      const sent = await outcome;
      // A message to oneself is an event of its own for every session.
      if (this.#account.sessions.size > 1 && entry.chat !== this.#account.jid.bare)
        this.#tellOthers(session, draft, sent);
      return sent;
    } catch (error) {
      entry.state = 'failed';
      throw error;
    } finally {
      entry.attempt = undefined;
    }
  }

  /** XEP-0280's purpose, inside the account: every session sees what another one sent. */
  #tellOthers(session: Session, draft: Draft, sent: Sent): void {
    const data = {
      ...this.#account.gateway.translate.readMessage(draft.stanza),
      ...sent,
      outgoing: true,
      from: this.#account.jid.bare,
      to: this.#account.gateway.shown(draft.to),
    };
    this.#account.push({ type: 'message', data }, { except: session, stanza: draft.stanza });
  }

  #peer(bare: string): void {
    if (this.#peers.has(bare)) return;
    if (this.#peers.size >= maxPeers) for (const oldest of this.#peers.keys().take(1)) this.#peers.delete(oldest);
    this.#peers.add(detach(bare));
  }

  #prune(): void {
    const limit = this.#account.gateway.now() - maxAge;
    for (const [id, entry] of this.#entries) {
      if (entry.at > limit && this.#entries.size <= maxEntries) return;
      if (entry.state === 'pending') return;
      this.#entries.delete(id);
    }
  }
}
