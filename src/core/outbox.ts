/**
 * The life of an account's outgoing 1:1 messages (PROTOCOL.md §6): noted as pending, written, at the fence archived and
 * `sent`; or failed at a bounce. A repeated id joins the attempt under way, or gets the first answer again.
 */
import { hash } from 'node:crypto';
import type { Draft, Session } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { RequestResult } from '../protocol/frames.ts';
import type { NewItem } from '../store/archive.ts';
import type { Guarded } from '../xmpp/guard.ts';
import type { Delivery } from '../xmpp/link.ts';
import { detach } from '../xmpp/stanza.ts';
import type { Account } from './account.ts';

type Sent = RequestResult<'message.send'>;

/** A message that is under way in this process. */
interface Attempt {
  readonly digest: string;
  readonly chat: string;
  readonly at: number;
  readonly draft: Draft;
  /** Who asked first, and need not be told what it sent. */
  readonly session: Session;
  readonly outcome: Promise<Sent>;
  delivery?: Delivery;
  /** The bounce that came before the fence. */
  refused?: StanzaError;
  refuse: (error: StanzaError) => void;
}

export class Outbox {
  readonly #account: Account;
  readonly #attempts = new Map<string, Attempt>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** Is nothing under way? */
  get isEmpty(): boolean {
    return this.#attempts.size === 0;
  }

  /**
   * Resolves when the XMPP server (or the account it is for) has taken the message, and it is archived.
   * @throws StanzaError at once what the link refuses; later a bounce, `link-down`, `unconfirmed`, `resource-constraint`
   * (the store), or `conflict` for an id that was used with other content
   */
  send(session: Session, draft: Draft): Promise<Sent> {
    const guarded = (draft.parts ?? [draft.stanza]).map((one) => this.#account.gateway.check(one));
    const digest = draft.digest ?? hash('sha1', guarded.map(({ text }) => text).join(''));
    const underWay = this.#attempts.get(draft.id);
    if (underWay) return underWay.digest === digest ? underWay.outcome : Promise.reject(conflict());
    const { promise: refusal, reject } = Promise.withResolvers<never>();
    refusal.catch(() => undefined);
    const outcome = Promise.resolve().then(() => this.#run(attempt, guarded, refusal));
    const attempt: Attempt = {
      digest,
      chat: detach(draft.chat ?? draft.to.bare),
      at: this.#account.gateway.now(),
      draft,
      session,
      outcome,
      refuse: reject,
    };
    this.#attempts.set(draft.id, attempt);
    return outcome;
  }

  /** Settles with the attempt under way, if there is one. */
  async settled(id: string): Promise<void> {
    await this.#attempts.get(id)?.outcome.catch(() => undefined);
  }

  /** An error stanza that came back: it ends the attempt under way, or tells the sessions that a sent message failed. */
  async bounce(id: string, chat: string, error: StanzaError): Promise<void> {
    const attempt = this.#attempts.get(id);
    if (attempt) {
      if (attempt.chat !== chat) return;
      attempt.refused ??= error;
      attempt.delivery?.cancel();
      attempt.refuse(error);
      return;
    }
    const { archive, jid, gateway } = this.#account;
    if (!(await archive.failSend(jid.bare, id, chat))) return;
    const data = { error: error.toObject() };
    const target = { id, author: jid.bare };
    const now = gateway.now();
    const item = { type: 'message.failed', chat, author: chat, outgoing: false, now, target } as const;
    await this.#account.record({ ...item, data: { chat, ...data } });
  }

  async #run(attempt: Attempt, guarded: readonly Guarded[], refusal: Promise<never>): Promise<Sent> {
    const { archive, jid } = this.#account;
    const { id } = attempt.draft;
    const { digest, chat, at } = attempt;
    try {
      const known = isKept(attempt.draft) ? await archive.beginSend(jid.bare, { id, chat, digest, at }) : undefined;
      if (known && known.state !== 'failed') {
        if (known.digest !== digest) throw conflict();
        if (known.state === 'sent') return known.result as Sent;
      }
      return await this.#write(attempt, guarded, refusal);
    } finally {
      this.#attempts.delete(id);
    }
  }

  async #write(attempt: Attempt, guarded: readonly Guarded[], refusal: Promise<never>): Promise<Sent> {
    const { gateway, archive, jid } = this.#account;
    const { draft, at } = attempt;
    // A note to oneself is there when it is archived.
    if (attempt.chat === jid.bare) return this.#finish(attempt);
    try {
      const deadline = at + gateway.limits.sendTimeout;
      attempt.delivery = together(
        (draft.parts ?? [draft.stanza]).map((one, i) => gateway.deliver(one, deadline, guarded[i])),
      );
      // Only now: what the link has no room for is written to nobody.
      this.#account.wrote(draft.to.bare);
      await Promise.race([attempt.delivery.done, refusal]);
      // A bounce that came in the same chunk as the fence's answer is still in time to be the answer.
      if (attempt.refused) throw attempt.refused;
    } catch (error) {
      if (isKept(draft)) await archive.failSend(jid.bare, draft.id, attempt.chat);
      throw error;
    }
    return this.#finish(attempt);
  }

  async #finish({ draft, chat, at, session }: Attempt): Promise<Sent> {
    const { archive, jid } = this.#account;
    const result = { id: draft.id, chat, type: draft.type, time: new Date(at).toISOString() };
    const item = this.#itemOf(draft, result);
    const stored = isKept(draft)
      ? archive.finishSend(jid.bare, draft.id, item, result)
      : archive.append(jid.bare, item);
    // XEP-0280's purpose, inside the account: every session sees what another one sent.
    await this.#account.recorded(stored, { except: session, stanza: draft.stanza });
    const [own] = await stored;
    return own ? { ...result, id: String(own.data.id), archiveId: own.archiveId } : result;
  }

  #itemOf({ id, to, stanza, action }: Draft, result: Sent): NewItem {
    const { gateway, jid } = this.#account;
    const { chat, time } = result;
    const about = { chat, author: jid.bare, outgoing: true, now: gateway.now() };
    if (action && action.type !== 'message.edited') {
      return {
        ...about,
        type: action.type,
        target: action.target,
        data: { chat, from: jid.bare, time, ...action.data },
      };
    }
    const fields = gateway.translate.readMessage(stanza);
    return {
      ...about,
      ...(action ? { type: action.type, target: action.target } : { type: 'message' }),
      ids: [id],
      data: { ...fields, ...result, outgoing: true, from: jid.bare, to: gateway.shown(to) },
      ...(fields.body === undefined ? {} : { text: fields.body }),
      ...(fields.reply ? { reply: fields.reply.id } : {}),
    };
  }
}

/** Is it content, whose repeat must not be sent again and whose bounce is told? The rest may be said twice. */
function isKept({ action }: Draft): boolean {
  return action === undefined || action.type === 'message.edited';
}

/** Stanzas that arrive, or not, as one. */
function together(deliveries: readonly Delivery[]): Delivery {
  const [only, second] = deliveries;
  if (only && !second) return only;
  return {
    done: Promise.all(deliveries.map(({ done }) => done)).then(() => undefined),
    cancel: () => {
      for (const one of deliveries) one.cancel();
    },
  };
}

function conflict(): StanzaError {
  return new StanzaError('conflict', 'This id was used for another message', { field: 'id' });
}
