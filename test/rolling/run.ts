/**
 * A rolling restart under load: web clients on the client library, XMPP users, one store, and gateway processes that follow
 * one another on it, as Kubernetes replaces the pod of a StatefulSet. Contacts on slixmpp watch what they see of it.
 */
import { SoakGateway } from '../soak/gateway.ts';
import { seeded } from '../soak/random.ts';
import { until } from '../soak/until.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';
import { Book } from './book.ts';
import { type Crowd, Load } from './load.ts';
import { judge } from './verdict.ts';
import { WebClient } from './web-client.ts';

export interface RollingPlan {
  readonly server: string;
  /** Two of them are one account's. */
  readonly clients: number;
  /** Things done a second. */
  readonly rate: number;
  readonly restarts: number;
  /** Of load before, between and after the restarts. */
  readonly seconds: number;
  readonly drainSeconds: number;
  readonly seed: number;
}

export interface RollingResult {
  readonly counts: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
  /** A line for each restart. */
  readonly restarts: readonly string[];
}

const users = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'];
const group = 50;
const readyMs = 60_000;
const settleMs = 60_000;
/** Accounts that a contact sees, and that are in its room. */
const watched = 20;
const inRoom = 8;

export async function rollingRestart(plan: RollingPlan, tell: (what: string) => void): Promise<RollingResult> {
  const installed = testServers().find(({ name }) => name === plan.server);
  if (!installed) throw new Error(`there is no server ${plan.server}`);
  const server = await installed.start({ accounts: [...users, 'romeo'] });
  const gateway = await SoakGateway.start(server, {
    STANZAWIRE_DRAIN_TIME: `${plan.drainSeconds}s`,
    // Whoever has not come back by then is said to be gone.
    STANZAWIRE_SESSIONS_RESUME_WINDOW: '60s',
    STANZAWIRE_SESSIONS_MAX_EVENTS: '2000',
    STANZAWIRE_SESSIONS_HEARTBEAT: '25s',
    STANZAWIRE_LIMITS_SEND_TIMEOUT: '30s',
  });
  const stage = new Stage(plan, server, gateway, tell);
  try {
    await gateway.ready();
    return await stage.play();
  } finally {
    await stage.end();
    await gateway.stop();
    await server.stop();
  }
}

class Stage {
  readonly #plan: RollingPlan;
  readonly #server: XmppServer;
  readonly #gateway: SoakGateway;
  readonly #tell: (what: string) => void;
  readonly #book = new Book();
  readonly #bounced = new Set<string>();
  readonly #clients: WebClient[] = [];
  readonly #users: { client: C2sClient; got: Map<string, number> }[] = [];
  #romeo: SlixmppPeer | undefined;

  constructor(plan: RollingPlan, server: XmppServer, gateway: SoakGateway, tell: (what: string) => void) {
    this.#plan = plan;
    this.#server = server;
    this.#gateway = gateway;
    this.#tell = tell;
  }

  async play(): Promise<RollingResult> {
    const { rate, restarts, seconds, seed } = this.#plan;
    await this.#gather();
    const crowd: Crowd = { clients: this.#clients, users: this.#users, contactOf: (account) => this.#next(account) };
    const watch = await this.#watch();
    const load = new Load(crowd, this.#book, seeded(seed), rate);
    load.start();
    const lines: string[] = [];
    for (let round = 1; round <= restarts; round++) {
      await this.#wait(seconds);
      lines.push(await this.#restart(round));
      this.#tell(lines.at(-1) ?? '');
    }
    await this.#wait(seconds);
    await load.stop();
    this.#tell('the load is over');
    // What was acknowledged last may still be on its way to the screens.
    await until(() => judge(this.#book, crowd, this.#bounced).length === 0, settleMs, 'all seen').catch(
      () => undefined,
    );
    const violations = [...judge(this.#book, crowd, this.#bounced), ...(await watch()), ...this.#gateway.complaints];
    return { counts: this.#counts(), violations, restarts: lines };
  }

  async end(): Promise<void> {
    for (const { chat } of this.#clients) chat.close();
    for (const { client } of this.#users) client.abort();
    await this.#romeo?.close();
  }

  async #gather(): Promise<void> {
    for (const user of users) await this.#login(user);
    const total = this.#plan.clients;
    this.#tell(`${total} web clients come`);
    for (let first = 0; first < total; first += group) {
      const size = Math.min(group, total - first);
      const some = await Promise.all(Array.from({ length: size }, (_, i) => this.#web(first + i)));
      await Promise.all(some.map(({ chat }) => chat.ready));
      // One of each account has the other accounts' names to change later.
      for (const [i, { chat, account }] of some.entries()) {
        if (i % 2 === 0) await chat.request('contact.add', { jid: this.#next(account), name: 'first' });
      }
    }
  }

  async #web(index: number): Promise<WebClient> {
    const name = `w${Math.floor(index / 2)}`;
    const token = await this.#gateway.token(name);
    const account = `${name}@${this.#server.componentDomain}`;
    const client = new WebClient({ url: this.#gateway.url, token, account, approves: index % 2 === 0 });
    this.#clients.push(client);
    return client;
  }

  async #login(user: string): Promise<void> {
    const client = await C2sClient.login({ server: this.#server, user, resource: 'phone' });
    const got = new Map<string, number>();
    client.onStanza((stanza) => {
      const body = stanza.child('body')?.text;
      if (stanza.name !== 'message') return;
      if (stanza.attrs.type === 'error') this.#bounced.add(stanza.attrs.id ?? '');
      else if (body !== undefined) got.set(body, (got.get(body) ?? 0) + 1);
    });
    this.#users.push({ client, got });
  }

  /** The account after it, in a ring. */
  #next(account: string): string {
    const [name = '', domain = ''] = account.split('@');
    const accounts = Math.ceil(this.#plan.clients / 2);
    return `w${(Number(name.slice(1)) + 1) % accounts}@${domain}`;
  }

  /** romeo sees accounts, and is in a room with some; returns what tells whom he saw go. */
  async #watch(): Promise<() => Promise<string[]>> {
    const romeo = await SlixmppPeer.login({ server: this.#server, user: 'romeo' });
    this.#romeo = romeo;
    const firsts = this.#clients.filter((_, i) => i % 2 === 0);
    for (const { account } of firsts.slice(0, watched)) {
      await romeo.subscribe(account);
      await romeo.next(
        'presence',
        ({ from = '', type }) => from.startsWith(`${account}/`) && type === 'available',
        20_000,
      );
    }
    const room = `rolling@${this.#server.rooms}`;
    const [owner, ...others] = firsts.slice(0, inRoom);
    await owner?.chat.request('room.create', { room, nick: 'w0' });
    for (const [i, { chat }] of others.entries()) await chat.request('room.join', { room, nick: `w${i + 1}` });
    const his = await SlixmppRoom.join(romeo, room, 'romeo');
    romeo.take('presence');
    return async () => {
      // Everybody is still in the room, and hears what is said there.
      await his.say('still here');
      const heard = ({ screen }: WebClient): boolean => screen.bodies.get('still here') === 1;
      const all = firsts.slice(0, inRoom);
      await until(() => all.every(heard), settleMs, 'what is said in the room').catch(() => undefined);
      const deaf = all
        .filter((one) => !heard(one))
        .map(({ account }) => `${account} did not hear what was said in the room`);
      const gone = romeo.take('presence').filter(({ type }) => type !== 'available');
      return [...deaf, ...gone.map(({ from, type }) => `romeo saw ${from} become ${type}`)];
    };
  }

  async #restart(round: number): Promise<string> {
    const told = performance.now();
    await this.#gateway.end('SIGTERM');
    const ended = performance.now();
    await this.#gateway.run();
    await this.#gateway.ready();
    const ready = performance.now();
    await until(() => this.#clients.every(({ online }) => online), readyMs, 'everybody back');
    const back = performance.now();
    const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
    return `restart ${round}: drained and ended in ${seconds(told, ended)}, the next one ready ${seconds(ended, ready)} later, all ${this.#clients.length} clients back ${seconds(ready, back)} after that`;
  }

  #wait(seconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }

  #counts(): Map<string, number> {
    const counts = new Map(this.#book.counts);
    counts.set('XMPP → web: told to have failed, while no gateway was there', this.#bounced.size);
    for (const { closes } of this.#clients) {
      for (const [code, times] of closes) {
        const what = `sockets closed with ${code}`;
        counts.set(what, (counts.get(what) ?? 0) + times);
      }
    }
    return counts;
  }
}
