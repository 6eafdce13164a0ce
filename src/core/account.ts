/**
 * An account: one bare JID of the gateway's domain, seen by XMPP as one resource, however many sessions are open.
 */
import type {
  Account as AccountView,
  AnyEvent,
  ChatKey,
  Draft,
  EncodedEvent,
  PushOptions,
  Records,
  Session as SessionView,
  Slot,
  StoredPush,
} from '../extension.ts';
import type { Mention } from '../notices.ts';
import type { StanzaError } from '../protocol/errors.ts';
import type { Event, RequestResult } from '../protocol/frames.ts';
import type { OwnPresence } from '../protocol/objects.ts';
import type { Archive, Item, NewItem } from '../store/archive.ts';
import type { RoomMembership, RosterItem, Store } from '../store/store.ts';
import { type Jid, make, tryParse } from '../xmpp/jid.ts';
import { detach, type Element } from '../xmpp/stanza.ts';
import type { Blocked } from './blocked.ts';
import { OutgoingEvent } from './event.ts';
import { receive } from './incoming.ts';
import { AccountRecords, type Kept } from './kept.ts';
import { appendMissed, missedBy } from './missed.ts';
import { Outbox } from './outbox.ts';
import type { Disabled, Possessions } from './possessions.ts';
import type { VirtualServer } from './server.ts';
import type { Session } from './session.ts';

/** The resource that every account's stanzas come from: a stable one survives restarts unseen (XEP-0045 rooms too). */
export const resource = 'web';

/** PROTOCOL.md §3: chat > online > dnd > away > xa. */
const rank = { chat: 5, online: 4, dnd: 3, away: 2, xa: 1 } as const;

/** Whom it has written to: the oldest are forgotten. */
const maxPeers = 1000;
/** While the link is down, so many processed items are remembered. */
const maxProcessed = 10_000;

export class Account implements AccountView {
  readonly gateway: VirtualServer;
  readonly jid: Jid;
  readonly client: Jid;
  readonly roster: Kept<RosterItem>;
  readonly archive: Archive;
  readonly memberships: Kept<RoomMembership>;
  readonly bookmarks: Possessions['bookmarks'];
  readonly invites: Possessions['invites'];
  readonly records: Records;
  readonly blocked: Blocked;
  readonly notes: Possessions['notes'];
  readonly subscriptions: Possessions['subscriptions'];
  readonly pushes: Kept<StoredPush>;
  readonly sessions = new Set<Session>();
  readonly outbox: Outbox;
  readonly directed: Kept<string>;
  /** Bare JIDs the account has written to, for what they may learn of it. */
  readonly peers: Kept<string>;
  /** Has an item while contacts think it is online, also after a restart. */
  readonly #online: Kept<string>;
  readonly #disabled: Kept<Disabled>;
  #announced: OwnPresence | undefined;
  readonly #slots = new Map<Slot<unknown>, unknown>();
  owesPresence = false;
  /** When its last session ended, epoch ms. */
  idleSince: number;
  /** The last of what is being archived, or waits for that; what must not overtake it waits for it. Never rejects. */
  #recording: Promise<unknown> | undefined;
  /** Items of the archive that sessions have processed and no extension has heard of. */
  readonly #processed = new Set<string>();

  constructor(gateway: VirtualServer, jid: Jid, store: Store, possessions: Possessions) {
    this.gateway = gateway;
    this.jid = jid;
    // The domain has no client.
    this.client = jid.local === '' ? jid : make(jid.local, jid.domain, resource);
    this.archive = store.archive;
    this.records = new AccountRecords(store, jid.bare);
    this.roster = possessions.roster;
    this.memberships = possessions.memberships;
    this.bookmarks = possessions.bookmarks;
    this.invites = possessions.invites;
    this.blocked = possessions.blocked;
    this.notes = possessions.notes;
    this.subscriptions = possessions.subscriptions;
    this.pushes = possessions.pushes;
    this.directed = possessions.directed;
    this.peers = possessions.peers;
    this.#online = possessions.online;
    this.#disabled = possessions.disabled;
    this.#announced = this.#online.size > 0 ? {} : undefined;
    this.outbox = new Outbox(this);
    this.idleSince = gateway.now();
  }

  /** Nobody may connect as it. */
  get disabled(): Disabled | undefined {
    return this.#disabled.get('');
  }

  /** At once; resolves when it is stored. */
  disable(disabled: Disabled): Promise<void> {
    return this.#disabled.save(disabled);
  }

  enable(): Promise<void> {
    return this.#disabled.remove('');
  }

  /** It ends for good: nobody may connect as it any more. */
  ending = false;

  get announced(): OwnPresence | undefined {
    return this.#announced;
  }

  set announced(presence: OwnPresence | undefined) {
    if (!presence !== !this.#announced) {
      const noted = presence ? this.#online.save('') : this.#online.remove('');
      // What could not be noted is only missed after a restart.
      noted.catch(() => undefined);
    }
    this.#announced = presence;
  }

  get presence(): OwnPresence | undefined {
    let best: Session | undefined;
    for (const session of this.sessions) {
      if (session.presence !== false && (best === undefined || isBetter(session, best))) best = session;
    }
    return best === undefined || best.presence === false ? undefined : best.presence;
  }

  push(event: AnyEvent | EncodedEvent, options: PushOptions = {}): void {
    if (this.sessions.size === 0) return;
    const shared = event instanceof OutgoingEvent ? event : undefined;
    const source = 'source' in event ? event.source : event;
    let own: OutgoingEvent | undefined;
    for (const session of this.sessions) {
      if (session === options.except) continue;
      if (shared && (session.raw === 'none' || options.stanza === undefined)) {
        session.pushEncoded(shared);
        continue;
      }
      // What is shared shows nobody's stanza.
      own ??= new OutgoingEvent(source, { ...options, shared: shared !== undefined }, this.gateway.translate);
      session.pushEncoded(own);
    }
  }

  /** Has a session of it a socket? */
  get attended(): boolean {
    for (const session of this.sessions) if (session.attached) return true;
    return false;
  }

  record(item: NewItem, options: PushOptions = {}): Promise<void> {
    const { notices } = this.gateway;
    const isMissed = notices !== undefined && item.unread === true && !this.attended;
    return this.recorded(
      isMissed ? appendMissed(this, notices, item) : this.archive.append(this.jid.bare, item),
      options,
    );
  }

  mentioned(chat: string, mention: Mention): void {
    const { notices } = this.gateway;
    if (notices !== undefined && !this.attended) notices.mentioned(missedBy(this, chat), mention);
  }

  /** Pushes items once they are stored; `options` are those of the first. */
  recorded(stored: Promise<Item[]>, options: PushOptions = {}): Promise<void> {
    // Also where its turn comes before it is stored, or its failure before its turn.
    stored.catch(() => undefined);
    const turn = this.#recording ? this.#recording.then(() => stored) : stored;
    const done = turn.then((items) => {
      for (const [i, item] of items.entries()) {
        this.push(eventOf(item), i === 0 ? options : {});
        this.gateway.run('archived', this, item);
      }
    });
    this.#line(done);
    return done;
  }

  /** Runs behind what is being archived and before what is archived later, so that nothing overtakes a message. */
  inOrder(run: () => void): void {
    const bug = (error: unknown): void => this.gateway.bug(error, 'an event failed');
    if (this.#recording) this.#line(this.#recording.then(run).catch(bug));
    else run();
  }

  #line(last: Promise<unknown>): void {
    const settled = last.catch(() => undefined);
    this.#recording = settled;
    void settled.then(() => {
      if (this.#recording === settled) this.#recording = undefined;
    });
  }

  wrote(bare: string): void {
    if (this.peers.get(bare) !== undefined) return;
    const [oldest] = this.peers.size >= maxPeers ? this.peers.values() : [];
    // What could not be noted is only missed after a restart.
    Promise.all([oldest === undefined ? undefined : this.peers.remove(oldest), this.peers.save(detach(bare))]).catch(
      () => undefined,
    );
  }

  processed(archiveId: string): void {
    if (this.#processed.size === 0) setImmediate(() => this.tellProcessed());
    if (this.#processed.size < maxProcessed) this.#processed.add(archiveId);
  }

  /** Tells the extensions, once a tick; what they send for it waits for the link. */
  tellProcessed(): void {
    if (this.#processed.size === 0 || this.gateway.link === 'down') return;
    const all = [...this.#processed];
    this.#processed.clear();
    this.gateway.run('processed', this, all);
  }

  async subscribePush(push: StoredPush): Promise<void> {
    await this.pushes.save(push);
    await this.gateway.accounts.takePush(this, push.id);
  }

  slot<T>(slot: Slot<T>): T {
    if (!this.#slots.has(slot)) this.#slots.set(slot, slot.make());
    return this.#slots.get(slot) as T;
  }

  mayLearn(bare: string): boolean {
    if (bare === this.jid.bare || this.peers.get(bare) !== undefined || this.#isShownTo(bare)) return true;
    if (this.#isServed(bare)) return true;
    const subscription = this.roster.get(bare)?.subscription;
    return subscription === 'from' || subscription === 'both';
  }

  isVisibleTo(bare: string): boolean {
    return this.presence !== undefined || this.#isShownTo(bare) || this.#isServed(bare);
  }

  #isServed(bare: string): boolean {
    const jid = tryParse(bare);
    return jid !== undefined && this.gateway.serving(this, jid) !== undefined;
  }

  /** Directed presence goes to bare and full JIDs. */
  #isShownTo(bare: string): boolean {
    if (this.directed.size === 0) return false;
    return this.directed.get(bare) !== undefined || [...this.directed.values()].some((to) => to.startsWith(`${bare}/`));
  }

  receive(stanza: Element, from: Jid, key: ChatKey): Promise<undefined> | undefined {
    const { type } = stanza.attrs;
    return receive({
      server: this.gateway,
      account: this,
      stanza,
      from,
      type: type === 'chat' || type === 'headline' ? type : 'normal',
      key,
    });
  }

  bounced(id: string, chat: string, error: StanzaError): Promise<void> {
    return this.outbox.bounce(id, chat, error);
  }

  sent(id: string): Promise<void> {
    return this.outbox.settled(id);
  }

  deliver(session: SessionView, draft: Draft): Promise<RequestResult<'message.send'>> {
    return this.outbox.send(session, draft);
  }
}

function isBetter(one: Session, other: Session): boolean {
  const a = rank[showOf(one)];
  const b = rank[showOf(other)];
  return a > b || (a === b && one.presenceAt > other.presenceAt);
}

function showOf({ presence }: Session): keyof typeof rank {
  return presence === false ? 'xa' : (presence.show ?? 'online');
}

/** What was archived as an event is one: its data went in as the event's. */
function eventOf({ type, data }: Item): Event {
  return { type, data } as unknown as Event;
}
