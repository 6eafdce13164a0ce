/**
 * The bare component: XEP-0114 by hand, the measure of what the server can do without the gateway. It writes the same
 * stanzas as the gateway does, with the same kind of fence.
 */
import { createHash } from 'node:crypto';
import { body, messageId } from './content.ts';
import type { Load } from './loops.ts';
import { digits, numbersBehind, Wire } from './wire.ts';

export interface ComponentOf {
  readonly host: string;
  readonly secret: string;
  readonly componentPorts: ReadonlyMap<string, number>;
}

const fenceMark = 'bench-fence-';

export class BareComponent {
  readonly domain: string;
  readonly wire: Wire;
  readonly #host: string;
  #load: Load | undefined;
  /** Numbers that the outstanding ping covers, and those after it. */
  #covered: number[] = [];
  #fresh: number[] = [];
  #fences = 0;

  static async connect(server: ComponentOf, domain: string): Promise<BareComponent> {
    const wire = await Wire.open(server.componentPorts.get(domain) ?? 0);
    const namespaces = 'xmlns="jabber:component:accept" xmlns:stream="http://etherx.jabber.org/streams"';
    const header = await wire.ask(
      `<?xml version="1.0"?><stream:stream ${namespaces} to="${domain}">`,
      /<stream:[^>]*>/,
    );
    const id = /\bid=['"]([^'"]+)/.exec(header)?.[1] ?? '';
    const digest = createHash('sha1').update(`${id}${server.secret}`).digest('hex');
    await wire.ask(`<handshake>${digest}</handshake>`, /<handshake/);
    return new BareComponent(domain, server.host, wire);
  }

  private constructor(domain: string, host: string, wire: Wire) {
    this.domain = domain;
    this.#host = host;
    this.wire = wire;
  }

  /** The address that user number `index` sends from and is written to. */
  user(index: number): string {
    return `web${index}@${this.domain}`;
  }

  /** Reports fences and messages to the load. */
  listen(load: Load): void {
    this.#load = load;
    const messages = numbersBehind('<body>', (number) => load.arrived(number));
    const fences = numbersBehind(fenceMark, () => this.#taken());
    this.wire.listen(
      (chunk) => {
        messages(chunk);
        fences(chunk);
      },
      (why) => load.failed(why),
    );
  }

  /** Sends message `number` from and to whoever the functions name. */
  send(numbers: readonly number[], from: (number: number) => string, to: (number: number) => string): void {
    let text = '';
    for (const number of numbers) {
      const id = messageId(number);
      text +=
        `<message from="${from(number)}/web" to="${to(number)}" id="${id}" type="chat"><body>${body(number)}</body>` +
        `<origin-id xmlns="urn:xmpp:sid:0" id="${id}"/><active xmlns="http://jabber.org/protocol/chatstates"/>` +
        '<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>';
      this.#fresh.push(number);
    }
    this.wire.write(text + this.#fence());
  }

  /** A ping, unless one is outstanding: the next covers all that was written meanwhile. */
  #fence(): string {
    if (this.#covered.length > 0 || this.#fresh.length === 0) return '';
    this.#covered = this.#fresh;
    this.#fresh = [];
    const id = `${fenceMark}${String(++this.#fences).padStart(digits, '0')}`;
    return `<iq type="get" id="${id}" from="${this.domain}" to="${this.#host}"><ping xmlns="urn:xmpp:ping"/></iq>`;
  }

  #taken(): void {
    const covered = this.#covered;
    this.#covered = [];
    for (const number of covered) this.#load?.confirmed(number);
    const next = this.#fence();
    if (next !== '') this.wire.write(next);
  }
}
