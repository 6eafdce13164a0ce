/** What is fuzzed: a whole gateway on a scripted XMPP server, and a record of everything that must not be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLogger } from '../../src/log.ts';
import { type EventType, events } from '../../src/protocol/frames.ts';
import { ErrorObject } from '../../src/protocol/objects.ts';
import { type Check, compile } from '../../src/protocol/parse.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import type { Element } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { AnyFrame } from '../support/json-client.ts';
import { Random } from '../support/random.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { FuzzClient } from './client.ts';
import { makeAnswer } from './stanzas.ts';

/** A session is over as soon as its socket is: what it held must be gone. */
const settings = {
  STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s',
  STANZAWIRE_SESSIONS_PER_ACCOUNT: '1000',
  STANZAWIRE_LIMITS_RATE: '1000000',
  STANZAWIRE_LIMITS_BURST: '1000000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '100000',
  STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s',
  STANZAWIRE_LIMITS_OUTBOUND: '64MiB',
  STANZAWIRE_SESSIONS_HEARTBEAT: '60s',
  STANZAWIRE_XMPP_PACE: '100000',
};

const checks = new Map<string, Check<typeof ErrorObject>>(
  Object.entries(events).map(([type, { data }]) => [type, compile(data) as Check<typeof ErrorObject>]),
);
const checkError = compile(ErrorObject);

export class World {
  readonly server: ScriptedServer;
  readonly gateway: TestGateway;
  readonly #seed: number;
  /** What the XMPP side does: in the order in which it is asked. */
  readonly #random: Random;
  /** What must not be, each kind once, with how often. */
  readonly #wrong = new Map<string, number>();
  readonly counts = new Map<string, number>();
  /** A stanza that the gateway sent. */
  onStanza: (stanza: Element) => void = () => undefined;
  readonly #folder: string;
  #events = 0;

  static async begin(seed: number): Promise<World> {
    const server = await ScriptedServer.start({ forgets: true });
    const folder = mkdtempSync(join(tmpdir(), 'stanzawire-fuzz-'));
    const holder: { world?: World } = {};
    const log = createLogger('error', { write: (line: string) => holder.world?.wrong(`logged: ${logged(line)}`) });
    // Outside of the heap, whose size is looked at.
    const env = { ...settings, STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'fuzz.db')}` };
    const gateway = await TestGateway.start(upstreamOf(server), env, log);
    const world = new World(server, gateway, seed, folder);
    holder.world = world;
    const first = await world.login('waits');
    const deadline = performance.now() + 5000;
    while ((await first.request('disco.info', {})).error?.code === 'link-down' && performance.now() < deadline);
    await first.close();
    return world;
  }

  private constructor(server: ScriptedServer, gateway: TestGateway, seed: number, folder: string) {
    this.server = server;
    this.gateway = gateway;
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#folder = folder;
    server.onStanza = (stanza) => {
      this.onStanza(stanza);
      this.#react(stanza);
    };
  }

  /** For one input: the same in each run of that seed, whatever comes in between. */
  randomOf(number: number): Random {
    return new Random(Math.imul(this.#seed, 0x9e37_79b1) + Math.imul(number, 0x85eb_ca6b));
  }

  async login(user: string, connect: object = {}): Promise<FuzzClient> {
    const token = await this.gateway.token(user, { scopes: ['raw'] });
    return FuzzClient.open({
      url: this.gateway.url,
      connect: { token, features: ['ack', 'batch', 'binary'], ...connect },
      onEvent: (frame) => this.check(frame),
    });
  }

  /** Every frame that comes out is as the protocol says: a share of the events is looked at in full. */
  check(frame: AnyFrame): void {
    this.count(frame.error ? `error ${frame.error.code}` : `frame ${frame.type}`);
    try {
      if (frame.error) checkError(frame.error);
      else if (this.#events++ % 7 === 0) checks.get(frame.type as EventType)?.(frame.data ?? {});
    } catch (error) {
      this.wrong(`not as the schema says: ${frame.type}: ${String(error)}`);
    }
    if (frame.error?.code === 'internal-server-error' && !frame.error.by) this.wrong('an internal error');
  }

  wrong(what: string): void {
    const seen = this.#wrong.get(what) ?? 0;
    if (seen > 0 || this.#wrong.size < 100) this.#wrong.set(what, seen + 1);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** What is wrong by now; the link must have been up all along. */
  get problems(): string[] {
    const { violations, connections } = this.server;
    return [
      ...[...this.#wrong].map(([what, times]) => `${times} × ${what}`),
      ...violations.map((what) => `the server ended the stream: ${what}`),
      ...(connections === 1 ? [] : [`${connections} connections to the server`]),
    ];
  }

  async end(): Promise<void> {
    await this.gateway.stop();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The XMPP side: rooms let in or do not, services answer something, people's servers sometimes bounce. */
  #react({ name, attrs, children }: Element): void {
    const { server } = this;
    const random = this.#random;
    const stanza = { name, attrs, children };
    const { id = '', from = '', to = '', type } = attrs;
    if (name === 'iq' && (type === 'get' || type === 'set')) {
      const answer = makeAnswer(random, attrs);
      if (answer !== undefined) server.send(answer);
    } else if (name === 'presence' && to.includes('@rooms.') && to.includes('/')) this.#roomAnswers(stanza);
    else if (name === 'message' && type === 'groupchat' && random.chance(0.5)) {
      server.send(
        `<message type="groupchat" from="${escaped(to)}/fuzz" to="${escaped(from)}" id="${escaped(id)}"><body>x</body></message>`,
      );
    } else if (name === 'message' && type !== 'error' && random.chance(0.1)) {
      server.send(
        `<message type="error" from="${escaped(to)}" to="${escaped(from)}" id="${escaped(id)}"><error type="cancel"><service-unavailable xmlns="${ns.stanzaErrors}"/></error></message>`,
      );
    }
  }

  #roomAnswers({ attrs }: Pick<Element, 'attrs'>): void {
    const { from = '', to = '', type, id } = attrs;
    const head = `from="${escaped(to)}" to="${escaped(from)}"${id === undefined ? '' : ` id="${escaped(id)}"`}`;
    const item = '<item affiliation="member" role="participant"/><status code="110"/>';
    if (type === 'unavailable') {
      this.server.send(`<presence type="unavailable" ${head}><x xmlns="${ns.mucUser}">${item}</x></presence>`);
    } else if (this.#random.chance(0.5)) {
      this.server.send(`<presence ${head}><x xmlns="${ns.mucUser}">${item}</x></presence>`);
      this.server.send(
        `<message type="groupchat" from="${escaped(to.split('/')[0] ?? '')}" to="${escaped(from)}"><subject/></message>`,
      );
    } else {
      this.server.send(
        `<presence type="error" ${head}><error type="auth"><forbidden xmlns="${ns.stanzaErrors}"/></error></presence>`,
      );
    }
  }
}

function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A line of the log in a form that does not differ from time to time. */
function logged(line: string): string {
  const { event, msg, err } = JSON.parse(line);
  return [
    event,
    msg,
    String(err?.stack ?? err?.message ?? '')
      .split('\n')
      .slice(0, 6)
      .join(' | '),
  ].join(': ');
}

/** Bytes on the heap, garbage gone. */
export function heapUsed(): number {
  setFlagsFromString('--expose_gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
