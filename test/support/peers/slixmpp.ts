/** An XMPP user on slixmpp, a second implementation beside ours: a typed door to slixmpp-peer.py. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Inbox } from './inbox.ts';
import type {
  DiscoInfo,
  Outgoing,
  PeerError,
  PeerEvent,
  PeerEvents,
  PeerRosterItem,
  SlixmppLogin,
} from './slixmpp-types.ts';

/** A call that failed; `condition` is the stanza error's, or `timeout`, or the name of a Python exception. */
export class PeerCallError extends Error {
  readonly condition: string;
  constructor(call: string, { condition, text }: PeerError) {
    super(`${call}: ${condition}${text ? `: ${text}` : ''}`);
    this.condition = condition;
  }
}

interface Reply {
  event: 'reply';
  ref: number;
  result?: unknown;
  error?: PeerError;
}

interface Call {
  name: string;
  resolve(result: unknown): void;
  reject(why: Error): void;
}

/** The script needs Debian's slixmpp, which other Pythons of a machine do not see. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('./slixmpp-peer.py', import.meta.url));

export class SlixmppPeer {
  /** The full JID that the server gave. */
  jid = '';
  readonly #child: ChildProcess;
  readonly #inbox = new Inbox<PeerEvent>();
  readonly #calls = new Map<number, Call>();
  readonly #ended: Promise<void>;
  #refs = 0;
  #complaint = '';

  static available(): boolean {
    return existsSync('/usr/lib/python3/dist-packages/slixmpp/__init__.py');
  }

  static async login(login: SlixmppLogin): Promise<SlixmppPeer> {
    const { server, user, resource, password = 'pw', presence = true, ...rest } = login;
    const peer = new SlixmppPeer();
    try {
      const jid = `${user}@${server.host}${resource === undefined ? '' : `/${resource}`}`;
      const where = { host: '127.0.0.1', port: server.c2sPort };
      peer.jid = (await peer.call<{ jid: string }>('login', { jid, password, ...where, ...rest })).jid;
      if (presence) {
        // RFC 6121 §2.2: only who has asked for the roster is told of subscriptions
        await peer.roster();
        await peer.presence();
        await peer.next('presence', ({ from }) => from === peer.jid);
      }
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  private constructor() {
    // PATH alone: variables of another Python would lead it astray. It ends at the end of its input, so with this process.
    const env = { PATH: '/usr/bin:/bin', PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(python, [script], { stdio: 'pipe', env });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
    child.stderr.on('data', (text) => {
      this.#complaint = `${this.#complaint}${String(text)}`.slice(-2000);
    });
    child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#complaint += error.message;
        resolve();
      });
      child.once('close', () => resolve());
    });
    void this.#ended.then(() => this.#end());
  }

  get bareJid(): string {
    return this.jid.split('/')[0] ?? '';
  }

  /** Takes the next event of that kind that matches; others stay for later calls. */
  async next<K extends keyof PeerEvents>(
    kind: K,
    matches: (event: PeerEvents[K]) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<PeerEvents[K]> {
    const ofKind = (event: PeerEvent): event is PeerEvents[K] => event.event === kind;
    const event = await this.#inbox.next((each) => ofKind(each) && matches(each), timeoutMs);
    if (!ofKind(event)) throw new Error(`not a ${kind}`);
    return event;
  }

  /** Takes everything that came (and matches) and was not awaited: `expect(peer.take('message')).toEqual([])`. */
  take<K extends keyof PeerEvents>(kind: K, matches: (event: PeerEvents[K]) => boolean = () => true): PeerEvents[K][] {
    const ofKind = (event: PeerEvent): event is PeerEvents[K] => event.event === kind;
    return this.#inbox.take((event) => ofKind(event) && matches(event)).filter(ofKind);
  }

  /** Sends a message, by default a chat message; answers its id. */
  async send(message: Outgoing): Promise<string> {
    return (await this.call<{ id: string }>('message', { ...message })).id;
  }

  /** Sends the text as it is. */
  async sendRaw(xml: string): Promise<void> {
    await this.call('raw', { xml });
  }

  async presence(
    options: { to?: string; type?: string; show?: string; status?: string; priority?: number } = {},
  ): Promise<void> {
    await this.call('presence', options);
  }
  subscribe(to: string): Promise<void> {
    return this.presence({ to, type: 'subscribe' });
  }
  subscribed(to: string): Promise<void> {
    return this.presence({ to, type: 'subscribed' });
  }
  unsubscribe(to: string): Promise<void> {
    return this.presence({ to, type: 'unsubscribe' });
  }
  unsubscribed(to: string): Promise<void> {
    return this.presence({ to, type: 'unsubscribed' });
  }
  probe(to: string): Promise<void> {
    return this.presence({ to, type: 'probe' });
  }

  discoInfo(jid: string, node?: string): Promise<DiscoInfo> {
    return this.call('discoInfo', { jid, node });
  }
  async discoItems(jid: string, node?: string): Promise<{ jid: string; node?: string; name?: string }[]> {
    const { items } = await this.call<{ items: { jid: string; node?: string; name?: string }[] }>('discoItems', {
      jid,
      node,
    });
    return items;
  }
  /** The seconds it took. */
  async ping(jid: string): Promise<number> {
    return (await this.call<{ seconds: number }>('ping', { jid })).seconds;
  }
  version(jid: string): Promise<{ name: string; version: string; os: string }> {
    return this.call('version', { jid });
  }
  async roster(): Promise<PeerRosterItem[]> {
    return (await this.call<{ items: PeerRosterItem[] }>('roster', {})).items;
  }
  async rosterRemove(jid: string): Promise<void> {
    await this.call('rosterRemove', { jid });
  }
  /** Sends an IQ; answers the whole result as XML. @throws PeerCallError for an error. */
  async iq(type: 'get' | 'set', to: string | undefined, payload: string): Promise<string> {
    return (await this.call<{ xml: string }>('iq', { type, to, payload })).xml;
  }

  /** Goes offline and ends the process. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 4000);
    this.call('close', {}).catch(() => undefined);
    this.#child.stdin?.end();
    await this.#ended;
    clearTimeout(timer);
  }

  /** Dies without a word to the server. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Calls the script; T is what it answers: the one place where its JSON gets its type. */
  call<T>(call: string, fields: object): Promise<T> {
    const ref = ++this.#refs;
    const result = new Promise<unknown>((resolve, reject) => this.#calls.set(ref, { name: call, resolve, reject }));
    this.#child.stdin?.write(`${JSON.stringify({ call, ref, ...fields })}\n`);
    return result as Promise<T>;
  }

  #read(line: string): void {
    const data = JSON.parse(line) as PeerEvent | Reply;
    if (data.event !== 'reply') {
      this.#inbox.push(data);
      return;
    }
    const call = this.#calls.get(data.ref);
    this.#calls.delete(data.ref);
    if (data.error) call?.reject(new PeerCallError(call.name, data.error));
    else call?.resolve(data.result);
  }

  #end(): void {
    this.#inbox.end(`the peer ended ${this.#complaint}`);
    for (const call of this.#calls.values()) {
      call.reject(new Error(`${call.name}: the peer ended ${this.#complaint}`));
    }
    this.#calls.clear();
  }
}
