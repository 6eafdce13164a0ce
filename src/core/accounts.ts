/** The accounts of the domain: those in memory, those the store knows, and the making of one from a token's claim. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Claim } from '../auth/auth.ts';
import type { Disconnect } from '../protocol/close.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Store } from '../store/store.ts';
import { escapeLocal, type Jid, make, tryParse } from '../xmpp/jid.ts';
import type { Element } from '../xmpp/stanza.ts';
import { Account } from './account.ts';
import { AccountDisabled } from './endings.ts';
import { type Disabled, kinds, open } from './possessions.ts';
import { pushKind } from './pushes.ts';
import type { VirtualServer } from './server.ts';

/** An account without a session stays in memory so long, for repeats and bounces of what it sent last. */
const keepIdle = 10 * 60_000;

export class Accounts {
  readonly #server: VirtualServer;
  readonly #store: Store;
  readonly #accounts = new Map<string, Account>();
  /** Those in memory that block somebody, by bare JID: nobody else's stanzas are looked at for that (XEP-0191). */
  readonly #blocking = new Map<string, Account>();
  /** The same by the full JID that their stanzas come from: where a room sends what it has to say. */
  readonly #byClient = new Map<string, Account>();
  /** Loads under way, so that one account is never two objects. */
  readonly #loading = new Map<string, Promise<Account | undefined>>();

  constructor(server: VirtualServer, store: Store) {
    this.#server = server;
    this.#store = store;
  }

  [Symbol.iterator](): Iterator<Account> {
    return this.#accounts.values();
  }

  get size(): number {
    return this.#accounts.size;
  }

  /** What memory alone tells; 'unknown' = the store must be asked. */
  loaded(jid: Jid): Account | undefined | 'unknown' {
    if (jid.local === '') return undefined;
    return this.#accounts.get(jid.bare) ?? 'unknown';
  }

  /** An account in memory, by its full JID as text that is normalised. */
  client(full: string): Account | undefined {
    return this.#byClient.get(full);
  }

  /** The account, where there is one; `create` makes it. */
  load(jid: Jid, create = false): Promise<Account | undefined> {
    return this.#load(jid, create);
  }

  /** What sends as the domain itself: it keeps what it sent, as an account does, and receives nothing but errors. */
  async asDomain(): Promise<Account> {
    const account = await this.#load(make('', this.#server.domain), true);
    if (!account) throw new StanzaError('internal-server-error', 'The domain cannot send');
    return account;
  }

  /** Whose outgoing messages an error to that address is about. */
  sender(jid: Jid): Account | undefined {
    return this.#accounts.get(jid.bare);
  }

  /** Whether that account, in memory or not, is disabled. */
  async disabled(bare: string): Promise<Disabled | undefined> {
    return (await this.#store.records(bare, kinds.disabled)).get('') as Disabled | undefined;
  }

  /** JIDs of the accounts that are disabled, sorted. */
  allDisabled(): Promise<string[]> {
    return this.#store.accountsWith(kinds.disabled);
  }

  /** XEP-0191: has its sender blocked whom it is for? What the blocked are answered with is an error, and goes out. */
  blocks({ attrs: { from = '', type } }: Element, to: Jid): boolean {
    if (this.#blocking.size === 0 || type === 'error') return false;
    const slash = from.indexOf('/');
    return this.#blocking.get(slash < 0 ? from : from.slice(0, slash))?.blocked.has(to) ?? false;
  }

  /**
   * The account a claim names, made where it is new.
   * @throws StanzaError token-invalid for a user name that no JID can carry; forbidden where it is disabled
   */
  async open(claim: Claim): Promise<Account> {
    const local = escapeLocal(claim.user);
    if (local === undefined) {
      throw new StanzaError('token-invalid', 'The user name in the token cannot be part of a JID', { field: 'token' });
    }
    const account = await this.#load(make(local, this.#server.domain), true);
    if (!account) throw new StanzaError('internal-server-error', 'The account could not be opened');
    if (account.ending) throw new StanzaError('resource-constraint', 'The account is being removed');
    if (account.disabled) throw new AccountDisabled(account.disabled.reason);
    return account;
  }

  /**
   * Some time after the start: accounts that were online before it, and for which no session has come back. One after the
   * other, so that nobody waits for many of them. Never throws.
   */
  async sayGoodbyes(): Promise<void> {
    try {
      const before = await Promise.all([
        this.#store.accountsWith(kinds.online),
        this.#store.accountsWith(kinds.directed),
      ]);
      for (const bare of new Set(before.flat())) {
        const jid = tryParse(bare);
        const account = jid && (await this.load(jid));
        if (account?.sessions.size === 0) this.#server.run('deserted', account);
      }
    } catch (error) {
      this.#server.bug(error, 'contacts could not be told who has not come back');
    }
  }

  /** A browser belongs to whoever used it last: nobody else who did may show their messages there. */
  async takePush(owner: Account, id: string): Promise<void> {
    const all = await this.#store.accountsWith(pushKind(id));
    for (const bare of all.filter((one) => one !== owner.jid.bare)) {
      const jid = tryParse(bare);
      await (jid && (await this.load(jid)))?.pushes.remove(id);
    }
  }

  /**
   * Ends the account for good: its sessions, its contacts, its rooms, and what the store has of it. Who wants it meanwhile
   * waits; afterwards there is none, and the next login makes a new one.
   */
  async remove(account: Account, why: Disconnect): Promise<void> {
    account.ending = true;
    this.#server.sessions.closeAll(account, why);
    // Contacts are told in the next turn that it is unavailable.
    await new Promise<void>((resolve) => this.#server.soon(resolve));
    await this.#farewell(account);
    const { bare } = account.jid;
    const removed = this.#removed(account).finally(() => this.#loading.delete(bare));
    this.#loading.set(bare, removed);
    await removed;
    while (await this.#store.accounts.purge()) await turn();
  }

  /** Each says what it has to, and none waits longer than a few seconds for its answer. Never rejects. */
  async #farewell(account: Account): Promise<void> {
    const all = this.#server.registry.hooks('accountRemove').map(async (hook) => hook(account));
    for (const { status, ...why } of await Promise.allSettled(all)) {
      if (status === 'rejected') this.#server.bug(Object(why).reason, 'the hook accountRemove failed');
    }
  }

  async #removed(account: Account): Promise<undefined> {
    this.#forget(account);
    // Behind what extensions have saved now.
    await this.#store.accounts.remove(account.jid.bare);
    return undefined;
  }

  #forget(account: Account): void {
    this.#accounts.delete(account.jid.bare);
    this.#blocking.delete(account.jid.bare);
    this.#byClient.delete(account.client.full);
    this.#server.run('accountClose', account);
  }

  /** Forgets accounts that nobody uses any more. */
  sweep(): void {
    const limit = this.#server.now() - keepIdle;
    for (const account of this.#accounts.values()) {
      if (account.ending || account.sessions.size > 0 || account.owesPresence || account.idleSince > limit) continue;
      this.#forget(account);
    }
  }

  async #load(jid: Jid, create: boolean): Promise<Account | undefined> {
    const present = this.#accounts.get(jid.bare);
    if (present) return present;
    const under = this.#loading.get(jid.bare);
    if (under) {
      const account = await under;
      return account || !create ? account : this.#load(jid, create);
    }
    const loading = this.#fromStore(jid, create).finally(() => this.#loading.delete(jid.bare));
    this.#loading.set(jid.bare, loading);
    return loading;
  }

  async #fromStore(jid: Jid, create: boolean): Promise<Account | undefined> {
    const possessions = await open(this.#store, jid.bare, create);
    if (!possessions) return undefined;
    const account = new Account(this.#server, jid, this.#store, possessions);
    this.#accounts.set(jid.bare, account);
    this.#byClient.set(account.client.full, account);
    account.blocked.onChange = () => this.#noteBlocking(account);
    this.#noteBlocking(account);
    this.#server.run('accountOpen', account);
    return account;
  }

  #noteBlocking(account: Account): void {
    if (account.blocked.size === 0) this.#blocking.delete(account.jid.bare);
    else if (this.#accounts.get(account.jid.bare) === account) this.#blocking.set(account.jid.bare, account);
  }
}
