/** The fuzzing: hostile frames from web clients, then hostile stanzas from the XMPP side, on one gateway. */
import { type Element, nameOf } from '../../src/xmpp/stanza.ts';
import type { FuzzClient } from './client.ts';
import { makeOdd, makeRequest, targets } from './requests.ts';
import { type Hostile, makeStanza } from './stanzas.ts';
import { heapUsed, World } from './world.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly frames: number;
  readonly stanzas: number;
  readonly say?: (what: string) => void;
}

export interface FuzzReport {
  readonly problems: string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly targets: number;
  /** Bytes on the heap, all sessions over: after the first fifth, and at the end. */
  readonly heap: readonly [before: number, after: number];
}

const users = ['fuzz1', 'fuzz2', 'fuzz3'];
/** Requests at a time: so many clients with so many each. */
const clientsAtOnce = 6;
const window = 24;
/** One in so many frames is one that may end the session. */
const oddEvery = 150;
const closings = new Set([1000, 1003, 1007, 1009, 4000, 4001, 4002, 4005]);
const patienceMs = 15_000;
const round = 200;

export async function fuzz({ seed, frames, stanzas, say = () => undefined }: FuzzOptions): Promise<FuzzReport> {
  const world = await World.begin(seed);
  try {
    const shares = [0.2, 0.8];
    const heap: number[] = [];
    for (const share of shares) {
      await fuzzFrames(world, Math.round(frames * share), heap.length * Math.round(frames * 0.2), say);
      await fuzzStanzas(world, Math.round(stanzas * share), heap.length * Math.round(stanzas * 0.2), say);
      await quiet(world);
      heap.push(heapUsed());
    }
    const [before = 0, after = 0] = heap;
    return { problems: world.problems, counts: world.counts, targets: targets.length, heap: [before, after] };
  } finally {
    await world.end();
  }
}

/** Whatever had to be sent later has been sent, and the last sessions are over. */
async function quiet(world: World): Promise<void> {
  const client = await world.login('quiet');
  await client.request('ping', {});
  await client.close();
}

/** A place for a client: another one comes when it has gone. */
class Seat {
  readonly #world: World;
  readonly #index: number;
  #client: Promise<FuzzClient> | undefined;

  constructor(world: World, index: number) {
    this.#world = world;
    this.#index = index;
  }

  /** The client that sits there now. */
  async taken(): Promise<FuzzClient> {
    const sitting = await this.#client;
    if (sitting && sitting.closedWith === undefined) return sitting;
    if (sitting) this.#world.wrong(`a socket was closed with ${sitting.closedWith}`);
    const user = users[this.#index % users.length] ?? '';
    const raw = (['none', 'extra', 'full'] as const)[this.#index % 3];
    this.#client = this.#world.login(user, { raw, want: ['contacts', 'chats', 'rooms'], iq: ['urn:example:a'] });
    return this.#client;
  }

  async leave(): Promise<void> {
    await (await this.#client)?.close();
  }
}

async function fuzzFrames(world: World, total: number, first: number, say: (what: string) => void): Promise<void> {
  const seats = Array.from({ length: clientsAtOnce }, (_, i) => new Seat(world, i));
  for (const seat of seats) await seat.taken();
  let sent = 0;
  const work = async (seat: Seat): Promise<void> => {
    while (sent < total) {
      const number = first + sent++;
      if (number % 50_000 === 49_999) say(`${number + 1} frames`);
      if (number % oddEvery === 0) await odd(world, number);
      else await request(world, await seat.taken(), number);
    }
  };
  await Promise.all(seats.flatMap((seat) => Array.from({ length: window }, () => work(seat))));
  for (const seat of seats) await seat.leave();
}

async function request(world: World, client: FuzzClient, number: number): Promise<void> {
  const target = targets[number % targets.length];
  if (!target) return;
  const { type, data } = makeRequest(world.randomOf(number), target);
  const text = JSON.stringify(data);
  // Longer ones close the socket, which is looked at apart.
  if (text.length > 60_000 || Buffer.byteLength(text) > 60_000) return;
  const answer = await client.request(type, data, patienceMs);
  if (answer.type === 'nothing') world.wrong(`${type} got no answer: ${text.slice(0, 300)}`);
  else if (answer.type !== 'closed') world.check(answer);
}

/** A frame that may end the socket, on a socket of its own: it is answered, or the socket is closed as it should be. */
async function odd(world: World, number: number): Promise<void> {
  const client = await world.login('odd');
  const text = makeOdd(world.randomOf(number));
  client.send(text);
  const answer = await client.request('ping', {}, patienceMs);
  if (answer.type === 'nothing') world.wrong(`a ping behind an odd frame got no answer: ${text.slice(0, 300)}`);
  const code = answer.type === 'closed' ? await client.closed : await client.close();
  world.count(`odd frame, then ${answer.type === 'closed' ? `close ${code}` : answer.type}`);
  if (!closings.has(code)) world.wrong(`an odd frame closed the socket with ${code}: ${text.slice(0, 300)}`);
}

async function fuzzStanzas(world: World, total: number, first: number, say: (what: string) => void): Promise<void> {
  const seats = Array.from({ length: 3 }, (_, i) => new Seat(world, i));
  for (const seat of seats) await seat.taken();
  const owed = new Map<string, Hostile>();
  const silent = new Map<string, Hostile>();
  world.onStanza = (stanza) => heard(world, stanza, owed, silent);
  for (let sent = 0; sent < total; ) {
    for (let i = 0; i < round && sent < total; i++) {
      const number = first + sent++;
      const hostile = makeStanza(world.randomOf(number), `s${number}`);
      if (hostile.owed) owed.set(hostile.id, hostile);
      if (hostile.silent) silent.set(hostile.id, hostile);
      world.count(`stanza ${hostile.xml.slice(1, hostile.xml.indexOf(' '))}`);
      world.server.send(hostile.xml);
    }
    await settled(world);
    silent.clear();
    if (sent % 50_000 < round) say(`${sent} stanzas`);
    for (const seat of seats) await seat.taken();
  }
  // Those that a session was asked to answer wait for their time to be over.
  const deadline = performance.now() + patienceMs;
  while (owed.size > 0 && performance.now() < deadline) await settled(world);
  for (const { xml } of [...owed.values()].slice(0, 5)) world.wrong(`no answer to ${xml.slice(0, 500)}`);
  world.onStanza = () => undefined;
  for (const seat of seats) await seat.leave();
}

function heard(world: World, stanza: Element, owed: Map<string, Hostile>, silent: Map<string, Hostile>): void {
  const { id = '', type = '' } = stanza.attrs;
  const isAnswer = nameOf(stanza) === 'iq' && (type === 'result' || type === 'error');
  if (silent.has(id) && type === 'error') world.wrong(`an error is answered: ${silent.get(id)?.xml.slice(0, 500)}`);
  if (!isAnswer) return;
  if (!owed.delete(id) && /^s\d+$/.test(id)) world.count('answers to what need not be answered');
}

/** All that was sent has been taken: a query behind it is answered. */
async function settled(world: World): Promise<void> {
  const { server } = world;
  const id = crypto.randomUUID();
  const answered = server.next(({ attrs }) => attrs.id === id, patienceMs);
  server.send(`<iq type="get" from="example.com" to="${server.domain}" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await answered.catch(() => world.wrong('the gateway does not answer the server any more'));
}
