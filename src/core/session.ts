/**
 * A session: one web client of an account, with its numbered log of events. It writes to the socket it is attached to,
 * which it knows only as an Outlet.
 */
import type { Account, Gateway, Session as SessionView, Want } from '../extension.ts';
import type { Disconnect } from '../protocol/close.ts';
import type { Connect, Event } from '../protocol/frames.ts';
import type { OwnPresence } from '../protocol/objects.ts';
import type { Outlet } from './dispatch.ts';
import type { OutgoingEvent, Raw } from './event.ts';

export interface SessionOptions {
  readonly id: string;
  readonly account: Account;
  readonly outlet: Outlet;
  readonly scopes: ReadonlySet<string>;
  readonly connect: Connect;
  /** Wraps an event for this session alone. */
  readonly encode: (event: Event) => OutgoingEvent;
}

export class Session implements SessionView {
  readonly id: string;
  readonly account: Account;
  /** Those of the token that counts now. */
  scopes: ReadonlySet<string>;
  readonly wants: ReadonlySet<Want>;
  presence: OwnPresence | false;
  presenceAt = 0;
  readonly #raw: Raw;
  readonly #outlet: Outlet;
  readonly #encode: (event: Event) => OutgoingEvent;
  #seq = 0;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.account = options.account;
    this.scopes = options.scopes;
    this.wants = new Set(options.connect.want);
    this.presence = options.connect.presence ?? {};

    this.#raw = options.connect.raw ?? 'none';
    this.#outlet = options.outlet;
    this.#encode = options.encode;
  }

  get gateway(): Gateway {
    return this.account.gateway;
  }

  /** The number of the last numbered event. */
  get seq(): number {
    return this.#seq;
  }

  push(event: Event): void {
    this.pushEncoded(this.#encode(event));
  }

  pushEncoded(event: OutgoingEvent): void {
    const raw = this.scopes.has('raw') ? this.#raw : 'none';
    if (event.type === 'stanza' && raw === 'none') return;
    const seq = event.class === 'numbered' ? ++this.#seq : undefined;
    this.#outlet.write(event.text(raw, seq), event.class, event.key);
  }

  close(why: Disconnect): void {
    this.#outlet.close(why);
  }
}
