/**
 * The virtual server: what the gateway is for its accounts. It holds the parts together and implements the view that
 * extensions have of it.
 */
import type { Authenticator } from '../auth/auth.ts';
import type { Config } from '../config.ts';
import type {
  Account as AccountView,
  Action,
  AnyEvent,
  ChatService,
  Extension,
  Gateway,
  Hooks,
  Ignored,
  Paced,
  Reading,
  Slot,
} from '../extension.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Carriers, Notices } from '../notices.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Store } from '../store/store.ts';
import type { Tracing } from '../tracing.ts';
import type { PutFile, UploadSettings } from '../transfer.ts';
import { blockedError } from '../xmpp/blocking.ts';
import type { Guarded } from '../xmpp/guard.ts';
import { type Jid, parse } from '../xmpp/jid.ts';
import type { Delivery, Link, LinkState } from '../xmpp/link.ts';
import type { Element } from '../xmpp/stanza.ts';
import { Accounts } from './accounts.ts';
import { blockedDelivery } from './blocked.ts';
import { OutgoingEvent } from './event.ts';
import { Pacer } from './pacer.ts';
import { Pending } from './pending.ts';
import { PublicFiles } from './public-files.ts';
import { Registry } from './registry.ts';
import { Router } from './router.ts';
import { Sessions } from './sessions.ts';
import { Translator } from './translate.ts';

/** What the virtual server needs of the link. */
export type Upstream = Pick<Link, 'onStanza' | 'onState' | 'state' | 'send' | 'check' | 'deliver' | 'request'>;

export interface ServerOptions extends Carriers {
  readonly config: Config;
  readonly version: string;
  readonly link: Upstream;
  readonly store: Store;
  readonly auth: Authenticator;
  readonly extensions: readonly Extension[];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly put: PutFile;
  /** What the addresses of public files are made with. */
  readonly filesKey: Uint8Array;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  readonly now?: () => number;
}

export class VirtualServer implements Gateway {
  readonly domain: string;
  readonly server: string;
  readonly version: string;
  readonly limits: Config['limits'];
  readonly startedAt: number;
  readonly uploads: UploadSettings;
  readonly put: PutFile;
  readonly files: PublicFiles;
  readonly push: Gateway['push'];
  readonly notices: Notices | undefined;
  readonly auth: Authenticator;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  readonly now: () => number;
  readonly registry: Registry;
  readonly translate: Translator;
  readonly pending = new Pending();
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly router: Router;
  /** While the process drains: sessions that end then are no news for contacts. */
  keepPresence = false;
  /** Read where it is used: a reload changes what is in it. */
  readonly config: Config;
  readonly #link: Upstream;
  readonly #pacer: Pacer;
  readonly #slots = new Map<Slot<unknown>, unknown>();

  constructor(options: ServerOptions) {
    const { config } = options;
    this.config = config;
    this.domain = config.xmpp.domain;
    this.server = config.xmpp.server;
    this.version = options.version;
    this.limits = config.limits;
    this.uploads = config.uploads;
    this.put = options.put;
    this.files = new PublicFiles(options.filesKey);
    this.push = options.push;
    this.notices = options.notices;
    this.auth = options.auth;
    this.log = options.log;
    this.metrics = options.metrics;
    this.tracing = options.tracing;
    this.now = options.now ?? (() => Date.now());
    this.startedAt = this.now();
    const extensions = options.extensions.filter(
      ({ answers: what }) => !what || config.accounts.answers.includes(what),
    );
    this.registry = new Registry(extensions);
    this.translate = new Translator(extensions);
    this.accounts = new Accounts(this, options.store);
    this.router = new Router(this);
    this.#link = options.link;
    this.#pacer = new Pacer(config.xmpp, (paced) => this.#carryOut(paced));
    this.#link.onStanza = (stanza) => this.router.incoming(stanza);
    this.#link.onState = (state) => this.#linkChanged(state);
    this.sessions = new Sessions(this, config.sessions, config.limits);
    this.metrics.sessions.from(() => this.sessions.attached, 'attached');
    this.metrics.sessions.from(() => this.sessions.detached, 'detached');
    this.metrics.sessionKept.from(() => this.sessions.keptBytes);
    this.metrics.accounts.from(() => this.accounts.size);
  }

  get resumeWindow(): number {
    return this.config.sessions.resumeWindow;
  }

  get roomService(): string | undefined {
    return this.config.rooms?.service;
  }

  get reportsTo(): string | undefined {
    return this.config.accounts.reportsTo;
  }

  get link(): 'up' | 'down' {
    return this.#link.state.link;
  }

  get extensions(): readonly Extension[] {
    return this.registry.extensions;
  }

  send(stanza: Element): boolean {
    const to = parse(stanza.attrs.to ?? '');
    if (this.accounts.blocks(stanza, to)) return false;
    if (!this.#isOurs(stanza, to)) return this.#link.send(stanza);
    this.router.incoming(stanza);
    return true;
  }

  /** The stanza as XML. What stays inside is held to the same rules. @throws StanzaError what the link refuses */
  check(stanza: Element): Guarded {
    return this.#link.check(stanza);
  }

  /** To an account of ours at once, else over the link and through the fence; `guarded` is what check() said of it. */
  deliver(stanza: Element, deadline: number, guarded?: Guarded): Delivery {
    const to = parse(stanza.attrs.to ?? '');
    if (this.accounts.blocks(stanza, to)) return blockedDelivery();
    if (!this.#isOurs(stanza, to)) return this.#link.deliver(stanza, deadline, guarded);
    const done = this.#local(stanza, to).then(() => undefined);
    return { done, cancel: () => undefined };
  }

  /** What the link refuses is counted there; presence is not worth a retry. */
  #carryOut(paced: Paced): void {
    try {
      if (typeof paced === 'function') paced();
      else this.send(paced);
    } catch (error) {
      if (!(error instanceof StanzaError)) this.bug(error, 'what was paced failed');
    }
  }

  pace(key: object, work: Iterator<Paced>): void {
    this.#pacer.run(key, work);
  }

  slot<T>(slot: Slot<T>): T {
    if (!this.#slots.has(slot)) this.#slots.set(slot, slot.make());
    return this.#slots.get(slot) as T;
  }

  encode(event: AnyEvent): OutgoingEvent {
    return new OutgoingEvent(event, { shared: true }, this.translate);
  }

  read(stanza: Element): Reading {
    const { object, content } = this.translate.message(stanza);
    const action = this.registry.action(stanza, content);
    return { fields: object, content, ...(action ? { action } : {}) };
  }

  ignored(type: Action['type'], why: Ignored, from: string): void {
    this.metrics.actionsIgnored.inc(type, why);
    this.log.debug({ event: 'action_ignored', type, why, from }, 'an action on a message does not count');
  }

  serving(account: AccountView, to: Jid): ChatService | undefined {
    return this.registry.serving(account, to);
  }

  async request(iq: Element): Promise<Element> {
    const to = parse(iq.attrs.to ?? '');
    if (this.accounts.blocks(iq, to)) throw blockedError();
    if (to.domain !== this.domain) return this.#link.request(iq, this.limits.sendTimeout);
    const answer = await this.#local(iq, to);
    if (!answer) throw new StanzaError('service-unavailable', 'Nobody here answers this', { by: to.full });
    return answer;
  }

  /** Does it stay inside? With `accounts.routeLocally` off, messages take the way through the server, which sends them back. */
  #isOurs(stanza: Element, to: Jid): boolean {
    if (to.domain !== this.domain) return false;
    return this.config.accounts.routeLocally || stanza.name !== 'message' || stanza.attrs.type === 'error';
  }

  async #local(stanza: Element, to: Jid): Promise<Element | undefined> {
    return this.router.local(stanza, parse(stanza.attrs.from ?? ''), to);
  }

  receive(stanza: Element): Promise<unknown> | undefined {
    return this.router.local(stanza, parse(stanza.attrs.from ?? ''), parse(stanza.attrs.to ?? ''));
  }

  soon(run: () => void): void {
    setImmediate(() => {
      try {
        run();
      } catch (error) {
        this.bug(error, 'what was put off failed');
      }
    });
  }

  run<H extends keyof Hooks>(name: H, ...args: Parameters<Hooks[H]>): void {
    if (name === 'sessionClose' && this.keepPresence) return;
    for (const hook of this.registry.hooks(name)) {
      try {
        const result = (hook as (...args: Parameters<Hooks[H]>) => unknown)(...args);
        if (result instanceof Promise) result.catch((error: unknown) => this.bug(error, `the hook ${name} failed`));
      } catch (error) {
        this.bug(error, `the hook ${name} failed`);
      }
    }
  }

  /** An address as JSON shows it: our own accounts appear bare, whatever they send from. */
  shown(jid: Jid): string {
    return jid.domain === this.domain ? jid.bare : jid.full;
  }

  /** What anybody may be told of an error; a bug is logged with its stack and reveals nothing. */
  toStanzaError(error: unknown): StanzaError {
    if (error instanceof StanzaError) return error;
    this.bug(error, 'a request or stanza failed');
    return new StanzaError('internal-server-error', 'This went wrong inside of the gateway; it has been logged');
  }

  bug(error: unknown, what: string): void {
    this.log.error({ event: 'bug', err: error }, what);
  }

  #linkChanged(state: LinkState): void {
    const { link, since, reason, retryAt } = state;
    const data = {
      link,
      since: since.toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(retryAt === undefined ? {} : { retryInMs: Math.max(0, retryAt.getTime() - this.now()) }),
    };
    const event = new OutgoingEvent({ type: 'state', data }, {}, this.translate);
    for (const session of this.sessions) session.pushEncoded(event);
    this.#pacer.clear();
    this.run(link === 'up' ? 'linkUp' : 'linkDown', this);
    for (const account of this.accounts) account.tellProcessed();
  }
}
