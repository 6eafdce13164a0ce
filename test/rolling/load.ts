/** The load of a rolling restart: messages in all directions, reactions, changes of the contact list; it never pauses. */
import { ClientError } from '../../src/client/error.ts';
import type { Random } from '../soak/random.ts';
import type { C2sClient } from '../support/peers/c2s.ts';
import type { Book, Said } from './book.ts';
import type { WebClient } from './web-client.ts';

export interface Crowd {
  /** Two clients of each account. */
  readonly clients: readonly WebClient[];
  /** On XMPP, and what each has got: body → how often. */
  readonly users: readonly { readonly client: C2sClient; readonly got: Map<string, number> }[];
  /** The contact that each account has, and calls by other names. */
  contactOf(account: string): string;
}

const tickMs = 20;

export class Load {
  readonly #crowd: Crowd;
  readonly #book: Book;
  readonly #random: Random;
  readonly #rate: number;
  readonly #under = new Set<Promise<void>>();
  /** Accounts whose contact is being renamed: two at once would have no order. */
  readonly #renaming = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #due = 0;

  constructor(crowd: Crowd, book: Book, random: Random, rate: number) {
    this.#crowd = crowd;
    this.#book = book;
    this.#random = random;
    this.#rate = rate;
  }

  start(): void {
    this.#last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#due += ((now - this.#last) / 1000) * this.#rate;
      this.#last = now;
      for (; this.#due >= 1; this.#due--) this.#act();
    }, tickMs);
  }

  /** Resolves when everything has been answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#under);
  }

  #act(): void {
    const kind = this.#random.weighted({ web: 4, out: 3, in: 3, reaction: 2, name: 2 });
    const client = this.#random.pick(this.#crowd.clients);
    const { account } = client;
    const other = this.#random.pick(this.#crowd.clients).account;
    if (kind === 'in') this.#fromXmpp(account);
    else if (kind === 'out') this.#send('web → XMPP', client, this.#random.pick(this.#crowd.users).client.bareJid);
    else if (kind === 'web' && other !== account) this.#send('web → web', client, other);
    else if (kind === 'reaction') this.#react();
    else if (kind === 'name') this.#rename(client);
  }

  #fromXmpp(to: string): void {
    const { client } = this.#random.pick(this.#crowd.users);
    const key = this.#book.key();
    this.#book.said.push({ key, way: 'XMPP → web', from: client.bareJid, to, id: key });
    this.#book.count('XMPP → web: said');
    client.message(to, key, key);
  }

  #send(way: Said['way'], { chat, account }: WebClient, to: string): void {
    const key = this.#book.key();
    this.#do(way, async () => {
      const { id } = await chat.send({ to, body: key });
      this.#book.said.push({ key, way, from: account, to, id });
    });
  }

  /** To one of the messages from web users, as the one who got it. */
  #react(): void {
    const messages = this.#book.said.slice(-200).filter(({ way }) => way === 'web → web');
    if (messages.length === 0) return;
    const { id, from, to } = this.#random.pick(messages);
    const client = this.#crowd.clients.find(({ account }) => account === to);
    const reaction = this.#random.pick(['👋', '🐢', '🎈', '🍀', '🔔']);
    const key = `${to} ${from} ${id}`;
    if (!client || this.#book.reactions.has(key)) return;
    this.#book.reactions.set(key, '');
    this.#do('reactions', async () => {
      await client.chat.request('message.react', { to: from, id, reactions: [reaction] });
      this.#book.reactions.set(key, reaction);
    });
  }

  #rename({ chat, account }: WebClient): void {
    if (this.#renaming.has(account)) return;
    this.#renaming.add(account);
    const [jid, name] = [this.#crowd.contactOf(account), this.#book.key()];
    this.#do('changes of a contact list', async () => {
      await chat.request('contact.set', { jid, name });
      this.#book.names.set(`${account} ${jid}`, name);
      this.#renaming.delete(account);
    });
  }

  #do(what: string, work: () => Promise<void>): void {
    this.#book.count(`${what}: asked`);
    const done = work().then(
      () => this.#book.count(`${what}: acknowledged`),
      (error: unknown) => {
        const { code, message } = error instanceof ClientError ? error : { code: 'bug', message: String(error) };
        this.#book.refused.push(`${what}: ${code} ${message}`);
      },
    );
    this.#under.add(done);
    void done.finally(() => this.#under.delete(done));
  }
}
