/**
 * The core with every built-in extension, but without sockets and without a server: frames go in and out as text, the
 * test plays the link, and the clock stands still unless the test moves it.
 */
import { loadConfig } from '../../src/config.ts';
import { createDispatch } from '../../src/core/dispatch.ts';
import type { Inlet, Outlet } from '../../src/core/edge.ts';
import { type Upstream, VirtualServer } from '../../src/core/server.ts';
import type { Extension } from '../../src/extension.ts';
import { builtIn } from '../../src/extensions/index.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { StanzaError } from '../../src/protocol/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { RosterItem, Store } from '../../src/store/store.ts';
import type { PutFile } from '../../src/transfer.ts';
import { Guard, type Guarded } from '../../src/xmpp/guard.ts';
import type { Delivery, LinkState } from '../../src/xmpp/link.ts';
import type { Element } from '../../src/xmpp/stanza.ts';
import { isError, readError } from '../../src/xmpp/stanza-error.ts';
import type { AnyFrame, Connecting } from './json-client.ts';
import { parseStanzas } from './stanza-text.ts';

const domain = 'web.example.com';

/** A few turns of the event loop: whatever was only waiting for promises, for the store, or for the next turn, has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same object; the promises that its methods return are in `underWay` until they are settled. */
function watched<T extends object>(target: T, underWay: Set<Promise<unknown>>): T {
  return new Proxy(target, {
    get: (object, key) => {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === 'object' && value !== null) return watched(value, underWay);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, object, args);
        if (result instanceof Promise) {
          underWay.add(result);
          const done = () => underWay.delete(result);
          result.then(done, done);
        }
        return result;
      };
    },
  });
}

/** A delivery that waits for its fence. */
export interface Held {
  readonly stanza: Element;
  readonly deadline: number;
  cancelled: boolean;
  fence(): void;
  fail(error: StanzaError): void;
}

export class FakeLink implements Upstream {
  onStanza: (stanza: Element) => void = () => undefined;
  onState: (state: LinkState) => void = () => undefined;
  state: LinkState = { link: 'up', since: new Date('2026-01-01T09:00:00Z') };
  /** Everything that went out, in order; what the real link would refuse is refused. */
  readonly sent: Element[] = [];
  /** While true, deliveries wait in `held`. */
  holds = false;
  readonly held: Held[] = [];
  readonly #guard = new Guard(domain, { maxStanzaBytes: 262_144 });
  readonly #asked = new Map<string, { resolve: (answer: Element) => void; reject: (error: StanzaError) => void }>();

  send(stanza: Element): boolean {
    this.#guard.check(stanza);
    if (this.state.link === 'up') this.sent.push(stanza);
    return this.state.link === 'up';
  }

  check(stanza: Element): Guarded {
    return this.#guard.check(stanza);
  }

  deliver(stanza: Element, deadline: number): Delivery {
    this.#guard.check(stanza);
    this.sent.push(stanza);
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    done.catch(() => undefined);
    const held: Held = { stanza, deadline, cancelled: false, fence: resolve, fail: reject };
    if (this.holds) this.held.push(held);
    else resolve();
    const cancel = (): void => {
      held.cancelled = true;
    };
    return { done, cancel };
  }

  request(iq: Element): Promise<Element> {
    this.#guard.check(iq);
    this.sent.push(iq);
    return new Promise((resolve, reject) => this.#asked.set(iq.attrs.id ?? '', { resolve, reject }));
  }

  /** A stanza comes in: the answer to a request, or for the virtual server. */
  receive(stanza: Element): void {
    const { id = '', type } = stanza.attrs;
    const asked = type === 'result' || type === 'error' ? this.#asked.get(id) : undefined;
    if (!asked) this.onStanza(stanza);
    else if (isError(stanza)) asked.reject(readError(stanza));
    else asked.resolve(stanza);
  }

  /** The link is lost, or there again. */
  becomes(link: 'up' | 'down'): void {
    this.state = { link, since: new Date('2026-01-01T09:30:00Z') };
    this.onState(this.state);
  }
}

interface CoreOptions {
  readonly extensions?: readonly Extension[];
  readonly env?: Record<string, string>;
  /** That of a process before this one. */
  readonly store?: Store;
}

export class TestCore {
  readonly link = new FakeLink();
  readonly store: Store;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly server: VirtualServer;
  /** What was logged as a bug. */
  readonly bugs: Record<string, unknown>[] = [];
  time = Date.parse('2026-01-01T10:00:00.000Z');
  /** What the gateway's uploads meet; a test replaces it. */
  put: PutFile = () => {
    throw new Error('no upload service');
  };
  /** What the tokens of the next logins grant. */
  scopes: ReadonlySet<string> = new Set(['raw']);

  static async create(options: CoreOptions = {}): Promise<TestCore> {
    return new TestCore(options, options.store ?? (await openStore('memory:')));
  }

  private constructor(options: CoreOptions, store: Store) {
    this.store = watched(store, this.#underWay);
    const env = {
      STANZAWIRE_XMPP_DOMAIN: domain,
      STANZAWIRE_XMPP_SERVER: 'example.com',
      STANZAWIRE_XMPP_SECRET: 's3cret',
      STANZAWIRE_AUTH_JWT_SECRET: 'a secret of thirty-two bytes, or more',
      STANZAWIRE_STORE_URL: 'memory:',
      STANZAWIRE_ROOMS_SERVICE: 'rooms.example.com',
      STANZAWIRE_ACCOUNTS_REPORTS_TO: 'abuse@example.com',
      STANZAWIRE_UPLOADS_SERVICE: 'upload.example.com',
      ...options.env,
    };
    this.server = new VirtualServer({
      config: loadConfig({ env }),
      version: '1.2.3',
      link: this.link,
      store: this.store,
      auth: { method: () => 'jwt', authenticate: async (user = '') => ({ user, scopes: this.scopes }) },
      extensions: options.extensions ?? builtIn,
      log: createLogger('error', { write: (line: string) => this.bugs.push(JSON.parse(line)) }),
      metrics: createMetrics({ version: 'test' }),
      put: (put) => this.put(put),
      filesKey: new Uint8Array(32),
      now: () => this.time,
    });
  }

  /** Whatever was only waiting for promises and for the store has happened. */
  async settled(): Promise<void> {
    do await settled();
    while (this.#underWay.size > 0);
  }

  /** The account's contacts, put into the store before it is opened. */
  async contacts(user: string, ...items: (Partial<RosterItem> & { jid: string })[]): Promise<void> {
    await this.store.openAccount(`${user}@${domain}`, true);
    for (const item of items) {
      await this.store.saveRosterItem(`${user}@${domain}`, { groups: [], subscription: 'none', ...item });
    }
  }

  async login(user: string, connect: Connecting = {}): Promise<CoreClient> {
    const client = new CoreClient(this);
    client.send({ type: 'connect', id: 0, data: { token: user, ...connect } });
    await this.settled();
    return client;
  }

  /** Stanzas come in from XMPP; resolves when they have been handled. */
  async receive(xml: string): Promise<void> {
    for (const stanza of parseStanzas(xml)) this.link.receive(stanza);
    await this.settled();
  }
}

/** A client of core: what comes out for it is in `frames`. */
export class CoreClient {
  frames: AnyFrame[] = [];
  closedWith: number | undefined;
  readonly #core: TestCore;
  readonly #inlet: Inlet;
  #nextId = 1;

  constructor(core: TestCore) {
    this.#core = core;
    const outlet: Outlet = {
      frameBytes: core.server.limits.frame,
      write: (json) => this.frames.push(JSON.parse(json)),
      close: ({ code }) => {
        this.closedWith = code;
      },
    };
    this.#inlet = createDispatch(core.server)(outlet, { address: '192.0.2.1', socket: 1 });
  }

  send(frame: object): void {
    this.#inlet.text(JSON.stringify(frame));
  }

  /** A request; resolves when it has done what it can do now, to its answer if there is one. */
  async request(type: string, data: object = {}): Promise<AnyFrame | undefined> {
    const id = this.#nextId++;
    this.send({ type, id, data });
    await this.#core.settled();
    return this.answer(id);
  }

  answer(id: number): AnyFrame | undefined {
    return this.frames.find((frame) => frame.id === id);
  }

  /** All frames since the last call. */
  take(): AnyFrame[] {
    return this.frames.splice(0);
  }

  events(type?: string): AnyFrame[] {
    return this.frames.filter((frame) => frame.id === undefined && (type === undefined || frame.type === type));
  }

  close(): void {
    this.#inlet.closed(1000);
  }
}
