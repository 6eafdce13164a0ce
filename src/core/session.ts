/**
 * A session: one web client of an account, which outlives its socket. It numbers events and keeps them until the client
 * says that it has processed them, so that a resume replays all or nothing (PROTOCOL.md §5).
 */
import type { AnyEvent, Gateway, Session as SessionView, Want } from '../extension.ts';
import type { SessionNews } from '../notices.ts';
import type { Disconnect } from '../protocol/close.ts';
import type { Connect } from '../protocol/frames.ts';
import type { OwnPresence, OwnSession } from '../protocol/objects.ts';
import type { Account } from './account.ts';
import { Answers } from './answers.ts';
import type { Outlet } from './edge.ts';
import { type KeptEvent, OutgoingEvent, type Raw } from './event.ts';
import type { EventLog } from './event-log.ts';
import { LatestValues } from './latest.ts';
import { Streams, type TakeChunk } from './streams.ts';

export interface SessionOptions {
  readonly id: string;
  readonly account: Account;
  readonly connect: Connect;
  readonly scopes: ReadonlySet<string>;
  readonly log: EventLog;
  readonly now: number;
}

const nothing: ReadonlySet<string> = new Set();

export class Session implements SessionView {
  readonly id: string;
  readonly account: Account;
  readonly device: string | undefined;
  readonly client: string | undefined;
  readonly since: number;
  readonly answers = new Answers();
  wants: ReadonlySet<Want>;
  scopes: ReadonlySet<string>;
  presence: OwnPresence | false;
  presenceAt: number;
  /** What its client has not acknowledged. */
  readonly log: EventLog;
  #wantsRaw: Raw;
  #claims: ReadonlySet<string>;
  #acks: boolean;
  #binary: boolean;
  /** Made with the first one: few sessions have any. */
  #streams: Streams | undefined;
  #active = true;
  #outlet: Outlet | undefined;
  readonly #latest = new LatestValues();
  /** Events that wait for `ready`; undefined once it is written. */
  #held: OutgoingEvent[] | undefined = [];

  constructor({ id, account, connect, scopes, log, now }: SessionOptions) {
    this.id = id;
    this.account = account;
    this.device = connect.device;
    this.client = connect.client;
    this.since = now;
    this.scopes = scopes;
    this.wants = new Set(connect.want);
    this.presence = connect.presence ?? {};
    this.presenceAt = now;
    this.log = log;
    this.#wantsRaw = connect.raw ?? 'none';
    this.#claims = connect.iq ? new Set(connect.iq) : nothing;
    this.#acks = connect.features?.includes('ack') ?? false;
    this.#binary = connect.features?.includes('binary') ?? false;
  }

  get gateway(): Gateway {
    return this.account.gateway;
  }

  /** The number of the last numbered event. */
  get seq(): number {
    return this.log.seq;
  }

  get frameBytes(): number {
    return this.#outlet?.frameBytes ?? this.gateway.limits.frame;
  }

  get attached(): boolean {
    return this.#outlet !== undefined;
  }

  /** Has its `ready` been written? */
  get started(): boolean {
    return this.#held === undefined;
  }

  /** For those who are told of sessions. */
  get news(): SessionNews {
    return {
      account: this.account.jid.bare,
      session: this.id,
      since: this.since,
      ...(this.device === undefined ? {} : { device: this.device }),
      ...(this.client === undefined ? {} : { client: this.client }),
    };
  }

  get outlet(): Outlet | undefined {
    return this.#outlet;
  }

  /** What it is shown of stanzas: `auth.refresh` and a resume may take away what the token granted. */
  get raw(): Raw {
    return this.scopes.has('raw') ? this.#wantsRaw : 'none';
  }

  /** Like `raw`, only while its token grants it. */
  get claims(): ReadonlySet<string> {
    return this.scopes.has('raw') ? this.#claims : nothing;
  }

  claim(namespaces: readonly string[]): void {
    this.#claims = new Set(namespaces);
  }

  get binary(): boolean {
    return this.#binary;
  }

  openStream(kind: number, take: TakeChunk): number {
    this.#streams ??= new Streams();
    return this.#streams.open(kind, take);
  }

  closeStream(stream: number): void {
    this.#streams?.close(stream);
  }

  /** A binary frame has come; false where it is for no stream that is open. */
  chunk(frame: Uint8Array): boolean {
    return this.#streams?.take(frame) ?? false;
  }

  push(event: AnyEvent): void {
    this.pushEncoded(new OutgoingEvent(event, {}, this.account.gateway.translate));
  }

  pushEncoded(event: OutgoingEvent): void {
    if (this.#held) {
      // `ready` itself says how the link is.
      if (event.type !== 'state') this.#held.push(event);
      return;
    }
    if (event.type === 'stanza' && this.raw === 'none') return;
    if (event.class === 'numbered') this.#pushNumbered(event);
    else if (event.class === 'latest') this.#pushLatest(event);
    else if (this.#active || event.type !== 'typing') this.#outlet?.write(event.text(this.raw), event.class);
  }

  /** What of the log a client that has processed `seq` needs; undefined where it is not all there. */
  after(seq: number): number | undefined {
    return this.log.after(seq);
  }

  /** Attaches the socket of a new session, its `ready` written: from now on events flow. */
  start(outlet: Outlet): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#outlet = outlet;
    for (const event of held) this.pushEncoded(event);
  }

  /** Attaches the socket of a client that is back and has processed `seq`, its `ready` written: replays the rest. */
  resume(outlet: Outlet, seq: number, connect: Connect): void {
    this.#outlet = outlet;
    this.#active = true;
    this.#wantsRaw = connect.raw ?? this.#wantsRaw;
    if (connect.iq) this.claim(connect.iq);
    if (connect.features) this.#acks = connect.features.includes('ack');
    this.#binary = connect.features?.includes('binary') ?? false;
    this.acknowledge(seq);
    for (const { event, seq: number } of this.log) this.#write(event, event.text(this.raw, number));
    for (const event of this.#latest.values()) this.#outlet.write(event.text(this.raw), 'latest', event.key);
  }

  /** The socket has gone. */
  detach(): void {
    this.#outlet = undefined;
  }

  /** The client has processed everything up to that number; was that news? */
  acknowledge(seq: number): boolean {
    const isNews = this.log.acknowledge(seq, ({ archiveId }) => {
      if (this.#acks && archiveId !== undefined) this.account.processed(archiveId);
    });
    this.#latest.seen(seq);
    return isNews;
  }

  /** XEP-0352: while nobody looks, what is not a message is held back. */
  setActive(active: boolean): void {
    if (active && !this.#active && this.#outlet) {
      for (const event of this.#latest.values()) this.#outlet.write(event.text(this.raw), 'latest', event.key);
    }
    this.#active = active;
  }

  describe(asking: SessionView): OwnSession {
    return {
      session: this.id,
      ...(this.device === undefined ? {} : { device: this.device }),
      ...(this.client === undefined ? {} : { client: this.client }),
      current: asking === this,
      attached: this.attached,
      active: this.#active,
      since: new Date(this.since).toISOString(),
    };
  }

  close(why: Disconnect): void {
    this.#outlet?.close(why);
  }

  #pushNumbered(event: OutgoingEvent): void {
    const text = event.text(this.raw, this.log.next());
    this.log.keep(event.kept(this.raw), text.length);
    this.#write(event, text);
  }

  #write(event: KeptEvent, text: string): void {
    if (!this.#outlet) return;
    this.#outlet.write(text, 'numbered');
    // PROTOCOL.md §4: to a client without `ack`, written is processed.
    if (!this.#acks && event.archiveId !== undefined) this.account.processed(event.archiveId);
  }

  #pushLatest(event: OutgoingEvent): void {
    if (this.#latest.add(event.kept(this.raw), this.log.seq)) this.log.tear();
    if (this.#active) this.#outlet?.write(event.text(this.raw), 'latest', event.key);
  }
}
