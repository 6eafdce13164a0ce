/** What the crowd does by itself: it talks, and its clients lose their sockets, are reloaded, go away, log out. */
import type { Crowd, WebAccount } from './crowd.ts';
import type { Ledger, Way } from './ledger.ts';
import type { Random } from './random.ts';
import type { WebClient } from './web-client.ts';

export interface TrafficPlan {
  /** Messages a second. */
  readonly rate: number;
  /** How long a client is left alone, on average, in seconds. */
  readonly peace: number;
}

const tickMs = 20;
const ways: Record<Way, number> = { 'web → XMPP': 1, 'XMPP → web': 1, 'web → web': 1 };
/** Longer than the gateway keeps a session. */
const long = [7000, 10_000] as const;
const xmppPeace = 40;

const mischief: Record<string, { weight: number; of: (client: WebClient, random: Random) => void }> = {
  'short losses of the socket': { weight: 40, of: (client, random) => client.drop(random.between(0, 500)) },
  'long losses of the socket': { weight: 10, of: (client, random) => client.drop(random.between(...long)) },
  reloads: { weight: 15, of: (client) => client.reload() },
  'sockets overtaken': { weight: 15, of: (client) => client.overtake() },
  'sockets lost in a resume': {
    weight: 8,
    of: (client, random) => {
      client.reload();
      setTimeout(() => client.overtake(), random.between(0, 30));
    },
  },
  'log-outs': { weight: 12, of: (client, random) => client.logOut(random.between(0, 3000)) },
};
const weights = Object.fromEntries(Object.entries(mischief).map(([kind, { weight }]) => [kind, weight]));

export class Traffic {
  readonly #crowd: Crowd;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #plan: TrafficPlan;
  readonly #clients: { client: WebClient; account: WebAccount }[];
  readonly #leaving = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #due = { messages: 0, mischief: 0, leaving: 0 };

  constructor(crowd: Crowd, ledger: Ledger, random: Random, plan: TrafficPlan) {
    this.#crowd = crowd;
    this.#ledger = ledger;
    this.#random = random;
    this.#plan = plan;
    this.#clients = crowd.accounts.flatMap((account) => account.clients.map((client) => ({ client, account })));
  }

  start(): void {
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Resolves when everybody is on the way back. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#leaving);
  }

  #tick(): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    const due = this.#due;
    due.messages += seconds * this.#plan.rate;
    due.mischief += (seconds * this.#clients.length) / this.#plan.peace;
    due.leaving += (seconds * this.#crowd.users.length) / xmppPeace;
    for (; due.mischief >= 1; due.mischief--) this.#disturb();
    for (; due.leaving >= 1; due.leaving--) this.#leave();
    while (due.messages >= 1) due.messages -= this.#talk();
  }

  /** Some messages of one sender to one receiver; returns how many. */
  #talk(): number {
    const random = this.#random;
    const count = random.roll(5) === 0 ? 2 + random.roll(5) : 1;
    const way = random.weighted(ways);
    const say = way === 'XMPP → web' ? this.#fromXmpp() : this.#fromWeb(way);
    for (let i = 0; i < count; i++) say?.();
    return count;
  }

  #fromXmpp(): (() => void) | undefined {
    const { jid: to, contacts } = this.#random.pick(this.#crowd.accounts);
    const user = this.#random.pick(contacts);
    if (!user.online) return undefined;
    return () => user.say(this.#ledger.say('XMPP → web', user.jid, to, user.jid));
  }

  #fromWeb(way: Way): (() => void) | undefined {
    const { client, account } = this.#random.pick(this.#clients);
    const other = this.#random.pick<{ jid: string }>(way === 'web → XMPP' ? account.contacts : this.#crowd.accounts);
    if (!client.online || other.jid === account.jid) return undefined;
    return () => client.say(this.#ledger.say(way, account.jid, other.jid, client.name));
  }

  #disturb(): void {
    const { client } = this.#random.pick(this.#clients);
    const kind = this.#random.weighted(weights);
    if (!client.online) return;
    this.#ledger.count(kind);
    mischief[kind]?.of(client, this.#random);
  }

  #leave(): void {
    const left = this.#random.pick(this.#crowd.users).leave(this.#random.between(200, 3000));
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
  }
}
