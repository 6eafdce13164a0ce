/**
 * One connection to the XMPP server, from TCP to its end (XEP-0114): @xmpp/component's transport, parser and handshake,
 * with watchdogs, TLS and guards around them and without its reconnect, IQ answers and serialiser.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import xmpp, { type Component } from '@xmpp/component';
import type { LinkLimits, LinkTiming } from './link-options.ts';
import { ns } from './namespaces.ts';
import { Reader } from './reader.ts';
import { childText, type Element, elements, find, nameOf, namespaceOf } from './stanza.ts';

/** Why a stream ended, in what phase. */
export interface Lost {
  /** A condition of RFC 6120 §4.9.3, or eof, io, refused, timeout, ping_timeout, shutdown. */
  reason: string;
  detail?: string;
  phase: Phase;
}

type Phase = 'connect' | 'header' | 'handshake' | 'online' | 'over';

export interface StreamOptions {
  service: string;
  domain: string;
  secret: () => string;
  timing: LinkTiming;
  limits: LinkLimits;
}

/** None of these is called after `lost`, which is called once. */
export interface StreamHandlers {
  online(): void;
  element(element: Element): void;
  /** A stanza that was nested too deep came in and was dropped. */
  tooDeep(): void;
  received(bytes: number): void;
  drained(): void;
  lost(lost: Lost): void;
}

export class Stream {
  readonly #options: StreamOptions;
  readonly #on: StreamHandlers;
  readonly #reader: Reader;
  readonly #socket: Socket;
  readonly #entity: Component;
  #phase: Phase = 'connect';
  #phaseEnds: number;
  #bytesRead = 0;
  #closing = false;
  /** What came in behind the answer to the handshake, before the library has taken note of it. */
  #early: Element[] | undefined;

  /** Connects at once. */
  constructor(options: StreamOptions, handlers: StreamHandlers) {
    this.#options = options;
    this.#on = handlers;
    this.#phaseEnds = performance.now() + options.timing.connect;
    this.#reader = new Reader(
      options.limits,
      (reason, detail) => this.#lose(reason, detail),
      (copy) => this.#element(copy),
    );
    this.#entity = this.#prepareEntity();
    this.#socket = this.#openSocket();
  }

  /** The watchdogs on connecting, header and handshake; to be called now and then. */
  check(now: number): void {
    if (this.#phase === 'online' || now < this.#phaseEnds) return;
    this.#lose('timeout', `the server did not answer (${this.#phase})`);
  }

  /** Bytes that the socket has not given to the system yet. */
  get buffered(): number {
    return this.#socket.writableLength;
  }

  /** Text that is well-formed, whole stanzas. */
  write(text: string): void {
    if (this.#phase === 'online' && !this.#closing) this.#socket.write(text);
  }

  /** Closes the stream in order; `lost` with the reason `shutdown` follows within `timing.close`. */
  close(): void {
    this.#closing = true;
    if (this.#phase !== 'online') {
      this.#lose('shutdown');
      return;
    }
    this.#socket.end('</stream:stream>');
    const timer = setTimeout(() => this.#lose('shutdown'), this.#options.timing.close);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  abort(reason: string, detail: string): void {
    this.#lose(reason, detail);
  }

  #openSocket(): Socket {
    const { hostname, port, protocol } = new URL(this.#options.service);
    const host = hostname.replace(/^\[|\]$/g, '');
    const address = { host, port: Number(port || 5347) };
    const secure = protocol === 'xmpps:';
    const servername = isIP(host) ? {} : { servername: host };
    const socket = secure ? connectTls({ ...address, ...servername }) : connectTcp(address);
    // A character split over two chunks would be damaged otherwise.
    socket.setEncoding('utf8').setNoDelay(true).setKeepAlive(true, 30_000);
    socket.on('error', (error) => this.#lose(socketReason(error, this.#phase), error.message));
    // Not only when the socket is closed: what waits in it for a server that has left would keep it open.
    socket.on('end', () => this.#lose('eof', 'the server closed the connection'));
    socket.on('close', () => this.#lose('eof', 'the connection was closed'));
    socket.on('drain', () => this.#phase === 'online' && this.#on.drained());
    socket.once(secure ? 'secureConnect' : 'connect', () => this.#openStream());
    this.#entity._attachSocket(socket);
    return socket;
  }

  #prepareEntity(): Component {
    const { service, domain, timing } = this.#options;
    const entity = xmpp.component({ service, domain, password: (authenticate) => this.#handshake(authenticate) });
    entity.reconnect.stop();
    // Its middleware answers IQs by itself and lets anyone answer a request who knows the id.
    entity.removeAllListeners('element');
    entity.timeout = timing.header + timing.handshake;
    entity.on('error', (error: Error) => this.#lose('undefined-condition', error.message));
    entity.on('online', () => this.#online());
    entity.on('close', () => this.#phase !== 'over' && this.#lose('eof', 'the server closed the stream'));
    entity._onData = (data) => this.#read(data);
    entity._onParserError = (error) => this.#lose('not-well-formed', error.message);
    entity._onElement = (element) => this.#element(element);
    return entity;
  }

  #openStream(): void {
    if (this.#phase !== 'connect') return;
    this.#enter('header', this.#options.timing.header);
    // Every failure reaches #lose by the entity's `error` as well.
    this.#entity.open({ domain: this.#options.domain }).catch(() => undefined);
  }

  async #handshake(authenticate: (secret: string) => Promise<void>): Promise<void> {
    if (this.#phase !== 'header') return;
    const header = this.#entity.parser?.root;
    if (!header || nameOf(header) !== 'stream') throw new Error('the answer is not an XMPP stream');
    this.#enter('handshake', this.#options.timing.handshake);
    // The library hashes Latin-1, the servers hash the bytes of their configuration: UTF-8.
    await authenticate(Buffer.from(this.#options.secret(), 'utf8').toString('latin1'));
  }

  #online(): void {
    if (this.#phase !== 'handshake') return;
    this.#enter('online', 0);
    this.#on.online();
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const element of early) this.#element(element);
  }

  #enter(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.#phaseEnds = performance.now() + ms;
  }

  #read(data: string | Buffer): void {
    if (this.#phase === 'over') return;
    this.#on.received(this.#socket.bytesRead - this.#bytesRead);
    this.#bytesRead = this.#socket.bytesRead;
    this.#reader.read(String(data), () => (this.#phase === 'over' ? null : this.#entity.parser));
  }

  #element(element: Element): void {
    if (this.#phase === 'over') return;
    const whole = this.#reader.took(element);
    if (nameOf(element) === 'error' && namespaceOf(element) === ns.stream) this.#streamError(element);
    else if (!whole) this.#on.tooDeep();
    else if (this.#phase === 'online') this.#on.element(element);
    else if (this.#early) this.#early.push(element);
    else {
      this.#early = [];
      // The answer to the handshake, as far as the library is concerned.
      this.#entity.emit('element', element);
    }
  }

  #streamError(element: Element): void {
    const condition = elements(element).find((child) => child.getNS() === ns.streamErrors && nameOf(child) !== 'text');
    const text = find(element, 'text', ns.streamErrors) && childText(element, 'text', ns.streamErrors);
    this.#lose(condition ? nameOf(condition) : 'undefined-condition', text);
  }

  #lose(reason: string, detail?: string): void {
    if (this.#phase === 'over') return;
    const phase = this.#phase;
    this.#phase = 'over';
    this.#socket?.destroy();
    // Ends what the library still waits for, and its timers.
    this.#entity.emit('error', new Error(reason));
    this.#on.lost({ reason: this.#closing ? 'shutdown' : reason, phase, ...(detail && { detail }) });
  }
}

function socketReason(error: Error & { code?: string }, phase: Phase): string {
  if (phase !== 'connect') return 'io';
  return error.code === 'ETIMEDOUT' ? 'timeout' : 'refused';
}
