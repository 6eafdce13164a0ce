/**
 * An XMPP user, without stream management: logs in again whenever the connection is gone, never says a thing twice, asks
 * for receipts (XEP-0184) and gives them. What it gets is told apart by (from, origin-id).
 */
import { C2sClient } from '../support/peers/c2s.ts';
import type { XmlNode } from '../support/peers/xml.ts';
import type { XmppServer } from '../support/servers/index.ts';
import type { Ledger, Said } from './ledger.ts';
import { until } from './until.ts';

const receipts = 'urn:xmpp:receipts';
const retryMs = 200;
const answerMs = 20_000;

export class XmppUser {
  readonly jid: string;
  /** Keys of what it got, in order of their first arrival, with when that was and how often they came. */
  readonly got = new Map<string, { readonly at: number; times: number }>();
  /** When it was away, as pairs of times; the last may be open. */
  readonly away: { from: number; to: number }[] = [];
  readonly #server: XmppServer;
  readonly #user: string;
  readonly #ledger: Ledger;
  readonly #subscribed = new Set<string>();
  /** Ids of the stanzas that brought receipts. */
  readonly #receipts = new Set<string>();
  #client: C2sClient | undefined;
  #stopped = false;
  #ends = 0;
  #lastEnd = '';

  constructor(server: XmppServer, user: string, ledger: Ledger) {
    this.#server = server;
    this.#user = user;
    this.#ledger = ledger;
    this.jid = `${user}@${server.host}`;
  }

  get online(): boolean {
    return this.#client !== undefined;
  }

  /** Resolves when it is logged in, however long that takes. */
  async start(): Promise<void> {
    while (!this.#stopped && !this.#client) {
      try {
        await this.#login();
      } catch {
        this.#ledger.count('XMPP logins refused');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Asks to see the presence of a web user, and waits until it may. */
  async subscribe(to: string): Promise<void> {
    this.#client?.send(`<presence to="${to}" type="subscribe"/>`);
    await until(() => this.#subscribed.has(to), answerMs, `the subscription of ${this.jid} to ${to}`);
  }

  say({ key, to }: Said): void {
    const id = `id="${key}"`;
    const asks = `<origin-id xmlns="urn:xmpp:sid:0" ${id}/><request xmlns="${receipts}"/>`;
    this.#client?.send(`<message to="${to}" ${id} type="chat"><body>${key}</body>${asks}</message>`);
  }

  /** Logs out and in again: what comes meanwhile is kept by the server. */
  async leave(backAfterMs: number): Promise<void> {
    const client = this.#client;
    if (!client) return;
    this.#client = undefined;
    this.#ledger.count('XMPP users that left for a while');
    const absence = this.#absent();
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, backAfterMs));
    await this.start();
    absence.to = performance.now();
  }

  /** Until a message to itself has come back: all that was on its way to it is here. */
  async settle(): Promise<void> {
    const end = `end-${++this.#ends}`;
    this.#client?.message(this.#client.jid, end, end);
    await until(() => this.#lastEnd === end, answerMs, `the end of what comes to ${this.jid}`);
  }

  stop(): void {
    this.#stopped = true;
    this.#client?.abort();
  }

  async #login(): Promise<void> {
    const client = await C2sClient.login({ server: this.#server, user: this.#user, resource: 'phone' });
    this.#client = client;
    client.onStanza((stanza) => this.#take(stanza, client));
    void client.closed.then(() => this.#lost(client));
  }

  async #lost(client: C2sClient): Promise<void> {
    if (this.#client !== client || this.#stopped) return;
    this.#client = undefined;
    this.#ledger.count('XMPP connections lost');
    const absence = this.#absent();
    await this.start();
    absence.to = performance.now();
  }

  #absent(): { from: number; to: number } {
    const absence = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.away.push(absence);
    return absence;
  }

  #take(stanza: XmlNode, client: C2sClient): void {
    const { name, attrs } = stanza;
    const from = attrs.from?.split('/')[0] ?? '';
    if (name === 'presence' && attrs.type === 'subscribed') this.#subscribed.add(from);
    if (name === 'message') this.#message(stanza, from, client);
  }

  #message(stanza: XmlNode, from: string, client: C2sClient): void {
    const { id = '', type } = stanza.attrs;
    const receipt = stanza.child('received', receipts)?.attrs.id;
    const key = stanza.child('body')?.text;
    if (type === 'error') this.#ledger.failed(id, `bounced: ${stanza.child('error')?.elements[0]?.name}`);
    else if (receipt !== undefined) this.#acknowledged(receipt, id);
    else if (key?.startsWith('end-')) this.#lastEnd = key;
    else if (key !== undefined) {
      const arrived = this.got.get(key) ?? { at: performance.now(), times: 0 };
      const times = ++arrived.times;
      this.got.set(key, arrived);
      this.#ledger.note(key, `arrived at ${this.jid}${times > 1 ? ` (${times} times now)` : ''}`);
      if (stanza.child('origin-id')?.attrs.id !== key) this.#ledger.violation(`${key} has another origin-id`);
      if (!stanza.child('request', receipts)) return;
      client.send(`<message to="${from}" type="chat"><received xmlns="${receipts}" id="${id}"/></message>`);
    }
  }

  /** A server that was killed may bring what it kept for somebody who was away once more: with the same id. */
  #acknowledged(key: string, id: string): void {
    if (this.#receipts.has(id)) {
      this.#ledger.count('copies of receipts that XMPP users told apart by id');
      return;
    }
    this.#receipts.add(id);
    const said = this.#ledger.said.get(key);
    if (said) said.receipts++;
    this.#ledger.note(key, 'receipt');
    this.#ledger.acknowledged(key);
  }
}
