/**
 * A lean XMPP client (RFC 6120: SASL PLAIN, resource binding) over clear TCP. Made for many stanzas: whoever reads
 * them with `onStanza` gets 20,000 a second and more; a test awaits single ones with `next`.
 */
import { connect, type Socket } from 'node:net';
import { Inbox } from './inbox.ts';
import { escapeXml, streamReader, type XmlNode } from './xml.ts';

export interface C2sLogin {
  server: { host: string; c2sPort: number };
  user: string;
  /** Default: the server chooses. */
  resource?: string;
  password?: string;
  /** Asks for the roster, sends initial presence, and waits until the server has shown it. Default: true. */
  presence?: boolean;
}

const nsSasl = 'urn:ietf:params:xml:ns:xmpp-sasl';
const nsBind = 'urn:ietf:params:xml:ns:xmpp-bind';
const nsSession = 'urn:ietf:params:xml:ns:xmpp-session';

export class C2sClient {
  /** The full JID that the server gave. */
  jid = '';
  /** Resolves with the reason when the connection is gone. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #host: string;
  readonly #inbox = new Inbox<XmlNode>(String);
  #read: (text: string) => void = () => undefined;
  #onStanza: ((stanza: XmlNode) => void) | undefined;
  #outgoing: string[] = [];
  #reason = 'the server closed the connection';
  #ids = 0;

  static async login(login: C2sLogin): Promise<C2sClient> {
    const socket = connect({ port: login.server.c2sPort, host: '127.0.0.1', noDelay: true });
    const client = new C2sClient(socket, login.server.host);
    try {
      await client.#negotiate(login);
      return client;
    } catch (error) {
      client.abort();
      throw error;
    }
  }

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => {
      this.#reason = error.message;
    });
    // Not once(): that rejects where an error comes first.
    this.closed = new Promise((resolve) => socket.on('close', () => resolve(this.#reason)));
    void this.closed.then((reason) => this.#inbox.end(reason));
  }

  get bareJid(): string {
    return this.jid.split('/')[0] ?? '';
  }

  /** From now on every stanza goes to the function, the waiting ones first, and `next` gets none. */
  onStanza(take: (stanza: XmlNode) => void): void {
    for (const stanza of this.#inbox.take()) take(stanza);
    this.#onStanza = take;
  }

  /** Takes the next stanza that matches; stanzas before it stay for later calls. */
  next(matches?: (stanza: XmlNode) => boolean, timeoutMs?: number): Promise<XmlNode> {
    return this.#inbox.next(matches, timeoutMs);
  }

  /** The next message with a body. */
  nextMessage(matches: (message: XmlNode) => boolean = () => true, timeoutMs?: number): Promise<XmlNode> {
    return this.next((each) => each.name === 'message' && each.child('body') !== undefined && matches(each), timeoutMs);
  }

  /** Takes all that came and was not awaited. */
  take(matches?: (stanza: XmlNode) => boolean): XmlNode[] {
    return this.#inbox.take(matches);
  }

  /** Queues one or more stanzas as text, which is sent as it is; what one tick queues is one write. */
  send(xml: string): void {
    if (this.#outgoing.push(xml) > 1) return;
    setImmediate(() => {
      const text = this.#outgoing.join('');
      this.#outgoing = [];
      if (this.#socket.writable) this.#socket.write(text);
    });
  }

  /** Bytes that the server has not taken yet; a load generator pauses when they grow. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  message(to: string, body: string, id = this.newId()): string {
    this.send(
      `<message to="${escapeXml(to)}" id="${escapeXml(id)}" type="chat"><body>${escapeXml(body)}</body></message>`,
    );
    return id;
  }

  /** Sends an IQ and takes its answer, result or error. */
  iq(type: 'get' | 'set', to: string, payload: string, timeoutMs?: number): Promise<XmlNode> {
    const id = this.newId();
    const address = to === '' ? '' : ` to="${escapeXml(to)}"`;
    this.send(`<iq type="${type}" id="${id}"${address}>${payload}</iq>`);
    return this.next(
      (each) => each.name === 'iq' && each.attrs.id === id && /^(result|error)$/.test(each.attrs.type ?? ''),
      timeoutMs,
    );
  }

  newId(): string {
    this.#ids += 1;
    return `c2s-${this.#ids}`;
  }

  /** Ends the stream and waits for the server to close the connection. */
  async close(): Promise<void> {
    this.send('</stream:stream>');
    const timer = setTimeout(() => this.abort(), 2000);
    await this.closed;
    clearTimeout(timer);
  }

  /** Drops the connection without a word. */
  abort(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    try {
      this.#read(text);
    } catch (error) {
      this.#reason = `the server sent what is not XML: ${String(error)}`;
      this.abort();
    }
  }

  async #negotiate({ user, resource, password = 'pw', presence = true }: C2sLogin): Promise<void> {
    this.#openStream();
    await this.next((each) => each.name === 'features');
    const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
    this.send(`<auth xmlns="${nsSasl}" mechanism="PLAIN">${plain}</auth>`);
    const outcome = await this.next((each) => each.xmlns === nsSasl);
    if (outcome.name !== 'success') throw new Error(`login of ${user} refused: ${String(outcome)}`);
    this.#openStream();
    const features = await this.next((each) => each.name === 'features');
    const wish = resource === undefined ? '' : `<resource>${escapeXml(resource)}</resource>`;
    const bound = await this.iq('set', '', `<bind xmlns="${nsBind}">${wish}</bind>`);
    this.jid = bound.child('bind')?.child('jid')?.text ?? '';
    if (this.jid === '') throw new Error(`no resource for ${user}: ${String(bound)}`);
    const session = features.child('session', nsSession);
    if (session && !session.child('optional')) await this.iq('set', '', `<session xmlns="${nsSession}"/>`);
    if (!presence) return;
    // RFC 6121 §2.2: only who has asked for the roster is told of subscriptions
    await this.iq('get', '', '<query xmlns="jabber:iq:roster"/>');
    this.send('<presence/>');
    await this.next((each) => each.name === 'presence' && each.attrs.from === this.jid);
  }

  #openStream(): void {
    this.#read = streamReader({
      open: () => undefined,
      stanza: (stanza) => this.#accept(stanza),
      close: () => {
        this.#socket.end();
      },
    });
    const header = `<?xml version="1.0"?><stream:stream to="${this.#host}" version="1.0" xmlns="jabber:client"`;
    this.send(`${header} xmlns:stream="http://etherx.jabber.org/streams">`);
  }

  #accept(stanza: XmlNode): void {
    if (stanza.tag === 'stream:error') this.#reason = stanza.toString();
    else if (this.#onStanza) this.#onStanza(stanza);
    else this.#inbox.push(stanza);
  }
}
