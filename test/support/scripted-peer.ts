/** One connection of the scripted server: the stream, the handshake, and what ends it. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { SaxesParser } from 'saxes';
import { append, type Element, el, textOf } from '../../src/xmpp/stanza.ts';

/** What the next connections meet: no answer at all, a header and then nothing, or a refusal with that condition. */
export type Welcome = 'ok' | 'silent' | 'header-only' | { refuse: string; text?: string } | { raw: string };

/** What a connection needs of its server. */
export interface PeerOwner {
  readonly domain: string;
  readonly secret: string;
  readonly welcome: Welcome;
  readonly violations: string[];
  heard(index: number, text: string): void;
  /** Something came in or went. */
  changed(): void;
  took(stanza: Element): void;
}

const streamNs = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'";

export class Peer {
  readonly socket: Socket;
  readonly #server: PeerOwner;
  readonly #index: number;
  readonly #id = 'stream-1';
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  readonly #open: Element[] = [];
  #state: 'header' | 'handshake' | 'ready' | 'over' = 'header';
  #depth = 0;

  constructor(socket: Socket, server: PeerOwner, index: number) {
    this.socket = socket;
    this.#server = server;
    this.#index = index;
    socket.on('error', () => undefined);
    socket.on('close', () => server.changed());
    socket.on('data', (data) => this.#read(data));
    this.#parser.on('error', (error) => this.#violates('not-well-formed', error.message));
    this.#parser.on('opentag', ({ name, attributes }) => {
      const attrs = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value.value)]));
      this.#opened(el(name, attrs));
    });
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
    this.#parser.on('closetag', () => this.#closed());
    if (typeof server.welcome === 'object' && 'raw' in server.welcome) this.send(server.welcome.raw);
  }

  send(data: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(data);
  }

  /** Writes once what was written before has gone, so that it makes a segment of its own. */
  async sendAlone(data: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(data, () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  fail(condition: string, text?: string): void {
    const xmlns = 'urn:ietf:params:xml:ns:xmpp-streams';
    const said = text ? `<text xmlns='${xmlns}'>${text}</text>` : '';
    this.send(`<stream:error><${condition} xmlns='${xmlns}'/>${said}</stream:error></stream:stream>`);
    this.#state = 'over';
    this.socket.end();
  }

  #read(data: Uint8Array): void {
    if (this.#state === 'over' || this.#server.welcome === 'silent') return;
    try {
      const text = this.#utf8.decode(data, { stream: true });
      this.#server.heard(this.#index, text);
      this.#parser.write(text);
    } catch (error) {
      this.#violates('not-well-formed', String(error));
    }
    this.#server.changed();
  }

  #opened(element: Element): void {
    this.#depth++;
    if (this.#depth === 1) {
      this.#header(element);
      return;
    }
    const parent = this.#open.at(-1);
    if (parent) append(parent, element);
    this.#open.push(element);
  }

  #text(text: string): void {
    const parent = this.#open.at(-1);
    if (parent) append(parent, text);
  }

  #closed(): void {
    this.#depth--;
    const element = this.#open.pop();
    if (this.#depth === 0) {
      this.#state = 'over';
      this.send('</stream:stream>');
      this.socket.end();
    } else if (this.#depth === 1 && element && this.#state === 'handshake') this.#handshake(element);
    else if (this.#depth === 1 && element && this.#state === 'ready') this.#stanza(element);
  }

  #header({ attrs }: Element): void {
    const { welcome, domain } = this.#server;
    this.send(`<?xml version='1.0'?><stream:stream ${streamNs} id='${this.#id}' from='${domain}'>`);
    this.#state = 'handshake';
    if (attrs.to !== domain) this.fail('host-unknown');
    else if (typeof welcome === 'object' && 'refuse' in welcome) this.fail(welcome.refuse, welcome.text);
  }

  #handshake(element: Element): void {
    if (this.#server.welcome === 'header-only') return;
    const hash = createHash('sha1').update(`${this.#id}${this.#server.secret}`, 'utf8').digest('hex');
    if (element.name !== 'handshake' || textOf(element) !== hash) {
      this.fail('not-authorized', 'Given token does not match calculated token');
      return;
    }
    this.#state = 'ready';
    this.send('<handshake/>');
  }

  /** What Prosody 0.12 and ejabberd 23.01 end the stream for. */
  #stanza(stanza: Element): void {
    const { name, attrs } = stanza;
    const [from = '', to = ''] = [attrs.from, attrs.to];
    const domain = from.slice(from.indexOf('@') + 1).split('/')[0];
    if (!['message', 'presence', 'iq'].includes(name) || attrs.xmlns) this.#violates('unsupported-stanza-type', name);
    else if (domain !== this.#server.domain || /^@|\/$/.test(from)) this.#violates('invalid-from', from);
    else if (to === '') this.#violates('improper-addressing', 'no to');
    else if (depthOf(stanza) > 64) this.#violates('policy-violation', 'too deep');
    else this.#server.took(stanza);
  }

  #violates(condition: string, detail: string): void {
    if (this.#state === 'over') return;
    this.#server.violations.push(`${condition}: ${detail}`);
    this.fail(condition);
  }
}

function depthOf(element: Element): number {
  return 1 + Math.max(0, ...element.children.map((child) => (typeof child === 'string' ? 0 : depthOf(child))));
}
