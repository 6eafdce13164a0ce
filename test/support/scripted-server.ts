/**
 * An XMPP server for tests, of which the component port is all there is (XEP-0114). It obeys like Prosody — also in
 * ending the stream for what a component must not send, which it notes in `violations` — and misbehaves on command.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { type Element, el, find, serialize } from '../../src/xmpp/stanza.ts';
import { Peer, type PeerOwner, type Welcome } from './scripted-peer.ts';

export type { Welcome } from './scripted-peer.ts';

export interface ScriptedServerOptions {
  domain?: string;
  /** The domain that answers pings. */
  server?: string;
  secret?: string;
  tls?: TlsOptions;
  /** For every stanza but pings to the server. */
  onStanza?: (stanza: Element, server: ScriptedServer) => void;
  /** Keeps nothing of what comes in: for more than memory holds. */
  forgets?: boolean;
}

interface Waiter {
  wants: (stanza: Element) => boolean;
  resolve: (stanza: Element) => void;
}

export class ScriptedServer implements PeerOwner {
  readonly domain: string;
  readonly server: string;
  readonly secret: string;
  welcome: Welcome = 'ok';
  answersPings = true;
  /** Every stanza but pings to the server, and those pings, in order, over all connections. */
  readonly received: Element[] = [];
  readonly pings: Element[] = [];
  /** The text that came in, one entry a connection. */
  readonly raw: string[] = [];
  /** What a component must never send. Empty at the end of a good test. */
  readonly violations: string[] = [];
  connections = 0;
  onStanza: (stanza: Element, server: ScriptedServer) => void;

  readonly #tls: TlsOptions | undefined;
  readonly #forgets: boolean;
  #listener: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  #peer: Peer | undefined;
  #unread: Element[] = [];
  #waiters: Waiter[] = [];
  #watchers: (() => void)[] = [];

  private constructor(options: ScriptedServerOptions) {
    this.domain = options.domain ?? 'web.example.com';
    this.server = options.server ?? 'example.com';
    this.secret = options.secret ?? 's3cret';
    this.onStanza = options.onStanza ?? (() => undefined);
    this.#tls = options.tls;
    this.#forgets = options.forgets ?? false;
  }

  static async start(options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(options);
    await server.listen();
    return server;
  }

  get service(): string {
    return `${this.#tls ? 'xmpps' : 'xmpp'}://127.0.0.1:${this.#port}`;
  }

  /** Listens, again on the same port after stop(). */
  async listen(): Promise<void> {
    const accept = (socket: Socket) => {
      this.connections++;
      // Or what is said in two writes comes 40 ms apart.
      socket.setNoDelay(true);
      this.#peer = new Peer(socket, this, this.raw.push('') - 1);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      this.changed();
    };
    this.#listener = this.#tls ? createTlsServer(this.#tls, accept) : createServer(accept);
    const listener = this.#listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = listener.address();
    if (address && typeof address === 'object') this.#port = address.port;
  }

  async stop(): Promise<void> {
    this.drop('fin');
    for (const socket of this.#sockets) if (socket.isPaused()) socket.destroy();
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener) await new Promise((resolve) => listener.close(resolve));
  }

  /** The first stanza that fits and was not given out yet; waits for it. */
  next(wants: (stanza: Element) => boolean = () => true, ms = 3000): Promise<Element> {
    const at = this.#unread.findIndex(wants);
    if (at >= 0) return Promise.resolve(this.#unread.splice(at, 1)[0] ?? el('nothing'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the server did not get the stanza it waits for')), ms);
      const done = (stanza: Element) => {
        clearTimeout(timer);
        resolve(stanza);
      };
      this.#waiters.push({ wants, resolve: done });
    });
  }

  /** Waits until something holds; looked at whenever anything comes in, and at every connection made or lost. */
  until(holds: (server: ScriptedServer) => boolean, ms = 3000): Promise<void> {
    if (holds(this)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never came true: ${String(holds)}`)), ms);
      const watch = () => {
        if (!holds(this)) return;
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((each) => each !== watch);
        resolve();
      };
      this.#watchers.push(watch);
    });
  }

  /** An element, or any text or bytes at all. */
  send(what: Element | string | Uint8Array): void {
    this.#peer?.send(typeof what === 'string' || what instanceof Uint8Array ? what : serialize(what));
  }

  /** A byte at a time, each in a write of its own. */
  async trickle(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) await this.#peer?.sendAlone(Uint8Array.of(byte));
  }

  /** Answers a ping that was left unanswered. */
  pong(ping: Element | undefined, attrs: Record<string, string> = {}): void {
    const { id, from, to } = ping?.attrs ?? {};
    this.send(el('iq', { type: 'result', id, from: to, to: from, ...attrs }));
  }

  streamError(condition: string): void {
    this.#peer?.fail(condition);
  }

  /** Stops reading; the connection stays. */
  pause(): void {
    this.#peer?.socket.pause();
  }

  resume(): void {
    this.#peer?.socket.resume();
  }

  drop(how: 'fin' | 'rst'): void {
    const socket = this.#peer?.socket;
    this.#peer = undefined;
    if (how === 'rst') socket?.resetAndDestroy();
    else socket?.destroySoon();
  }

  /** For Peer. */
  heard(index: number, text: string): void {
    if (!this.#forgets) this.raw[index] += text;
  }

  changed(): void {
    for (const watch of this.#watchers) watch();
  }

  took(stanza: Element): void {
    const { type, to } = stanza.attrs;
    if (type === 'get' && to === this.server && find(stanza, 'ping', 'urn:xmpp:ping')) {
      if (!this.#forgets) this.pings.push(stanza);
      if (this.answersPings) this.pong(stanza);
      return;
    }
    if (!this.#forgets) this.received.push(stanza);
    const waiter = this.#waiters.findIndex(({ wants }) => wants(stanza));
    if (waiter >= 0) this.#waiters.splice(waiter, 1)[0]?.resolve(stanza);
    else if (!this.#forgets) this.#unread.push(stanza);
    this.onStanza(stanza, this);
  }
}
