/**
 * What can end between web users and their rooms: the link, the server, the gateway. Whoever was in a room is back in
 * it, and has heard what an XMPP user there has heard: everything, once, in that order.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SoakGateway } from '../soak/gateway.ts';
import { Cuttable } from '../support/cuttable.ts';
import { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const limits = {
  STANZAWIRE_LIMITS_RATE: '100000',
  STANZAWIRE_LIMITS_BURST: '100000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '1000',
  // the client here has no ear for pings
  STANZAWIRE_SESSIONS_HEARTBEAT: '1h',
  STANZAWIRE_SESSIONS_MAX_EVENTS: '2000',
  STANZAWIRE_SESSIONS_RESUME_WINDOW: '60s',
};
const waitMs = 20_000;

onEveryServer('rooms in bad times', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user on slixmpp', () => {
    let network: Cuttable;
    let gateway: SoakGateway;
    let alice: WebUser;
    let bob: WebUser;
    let romeo: SlixmppPeer;
    let his: SlixmppRoom;
    let room = '';

    beforeAll(async () => {
      network = await Cuttable.to(server().componentPort);
      gateway = await SoakGateway.start(server(), {
        ...limits,
        STANZAWIRE_XMPP_SERVICE: `xmpp://127.0.0.1:${network.port}`,
      });
      await gateway.ready();
      [alice, bob] = [new WebUser('alice', gateway), new WebUser('bob', gateway)];
      await Promise.all([alice.connect(), bob.connect()]);
      room = `dev@${server().rooms}`;
      const values = { 'muc#roomconfig_persistentroom': true };
      await alice.client.request('room.create', { room, nick: 'Alice', values }, waitMs);
      await bob.client.request('room.join', { room, nick: 'Bob' }, waitMs);
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      await exchange('at first');
    }, 60_000);
    afterAll(async () => {
      await romeo.close();
      await gateway.stop();
      network.close();
      expect(gateway.complaints).toEqual([]);
    });

    /** Everybody says something, and everybody hears it. */
    async function exchange(when: string): Promise<void> {
      await his.say(`${when}, Romeo`);
      await alice.client.request('message.send', { to: room, type: 'groupchat', body: `${when}, Alice` }, waitMs);
      await bob.client.request('message.send', { to: room, type: 'groupchat', body: `${when}, Bob` }, waitMs);
      for (const who of ['Alice', 'Bob']) await his.next(({ body }) => body === `${when}, ${who}`, waitMs);
      for (const one of [alice, bob]) await one.heard(`${when}, Romeo`);
      await alice.heard(`${when}, Bob`);
      await bob.heard(`${when}, Alice`);
    }

    /** What it has heard of others is what the room's archive has of them. */
    async function expectAllHeard(who: WebUser, atLeast: number): Promise<void> {
      const ofOthers = (body: string): boolean => !body.endsWith(who.nick);
      const archived = (await who.archive(room)).filter(ofOthers);
      expect(archived.length).toBeGreaterThanOrEqual(atLeast);
      expect(who.lines(room).filter(ofOthers)).toEqual(archived);
      expect(who.doubled).toEqual([]);
    }

    /** A server that is killed may forget what it has archived last: what it kept has been heard, once, in its order. */
    async function expectKeptHeard(who: WebUser): Promise<void> {
      const kept = (await who.archive(room)).filter((body) => !body.endsWith(who.nick) && !isOwn(who, body));
      expect(who.lines(room).filter((body) => kept.includes(body))).toEqual(kept);
      expect(who.doubled).toEqual([]);
    }

    test('the link is cut, and what was said meanwhile comes when it is back', async () => {
      network.cut();
      await Promise.all([alice, bob].map((one) => one.client.next('state', ({ link }) => link === 'down', waitMs)));
      for (let line = 1; line <= 30; line++) await his.say(`in the cut, ${line}`);
      network.mend();
      await exchange('after the cut');
      for (const one of [alice, bob]) await expectAllHeard(one, 30);
    }, 90_000);

    test('the server is restarted, and all meet again', async () => {
      await romeo.close();
      await server().restart();
      await gateway.ready();
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      await exchange('after the restart');
      for (const one of [alice, bob]) await expectAllHeard(one, 3);
    }, 90_000);

    test('the gateway is killed, and its users find all in the archive', async () => {
      await gateway.end('SIGKILL');
      for (let line = 1; line <= 30; line++) await his.say(`without the gateway, ${line}`);
      await gateway.run();
      await gateway.ready();
      await Promise.all([alice.connect(), bob.connect()]);
      await Promise.all([alice.catchUp(room), bob.catchUp(room)]);
      await exchange('after the kill');
      for (const one of [alice, bob]) await expectAllHeard(one, 30);
    }, 90_000);

    test('what is under way when the link is cut is in the room once, or its sender is told', async () => {
      const bodies = Array.from({ length: 200 }, (_, index) => `on the edge ${index}`);
      const sends = bodies.map((body) => say(alice, body));
      await sends[50];
      network.cut();
      await alice.client.next('state', ({ link }) => link === 'down', waitMs);
      network.mend();
      const outcomes = await Promise.all(sends);
      await exchange('after the edge');
      const archived = await bob.archive(room);
      for (const [index, body] of bodies.entries()) {
        const times = archived.filter((each) => each === body).length;
        const outcome = outcomes[index] ?? '';
        expect({ body, times, outcome }).toEqual({ body, times: outcome === 'ok' ? 1 : times, outcome });
        expect(['ok', 'unconfirmed', 'link-down']).toContain(outcome);
        expect(times).toBeLessThanOrEqual(1);
      }
      await expectAllHeard(bob, 100);
    }, 90_000);

    test('the server is killed in the middle of it, and all meet again', async () => {
      await romeo.close();
      const bodies = Array.from({ length: 200 }, (_, index) => `before the server died ${index}`);
      const sends = bodies.map((body) => say(alice, body));
      await sends[50];
      await server().kill('SIGKILL');
      await Promise.all([alice, bob].map((one) => one.client.next('state', ({ link }) => link === 'down', waitMs)));
      await server().restart();
      await gateway.ready();
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      his = await SlixmppRoom.join(romeo, room, 'Romeo');
      const outcomes = await Promise.all(sends);
      await exchange('after the server died');
      const archived = await bob.archive(room);
      for (const [index, body] of bodies.entries()) {
        expect(['ok', 'unconfirmed', 'link-down']).toContain(outcomes[index]);
        expect(archived.filter((each) => each === body).length).toBeLessThanOrEqual(1);
      }
      for (const one of [alice, bob]) await expectKeptHeard(one);
    }, 90_000);

    function isOwn(who: WebUser, body: string): boolean {
      return who === alice && /^(?:on the edge|before the server died) /.test(body);
    }

    /** What becomes of it. */
    async function say(who: WebUser, body: string): Promise<string> {
      const { error } = await who.client.answer(
        { type: 'message.send', data: { to: room, type: 'groupchat', body } },
        waitMs,
      );
      return error?.code ?? 'ok';
    }
  });
});

/**
 * A web user as a good client is one: it keeps what it has seen, and knows a message by its chat and id (PROTOCOL.md §5)
 * where a page has what an event has brought, or a new session tells what an earlier one has told. One session must tell
 * nothing twice.
 */
class WebUser {
  readonly nick: string;
  /** What a session has told twice. */
  readonly doubled: string[] = [];
  readonly #name: string;
  readonly #gateway: SoakGateway;
  readonly #seen = new Map<string, Seen>();
  #client: JsonClient | undefined;

  constructor(name: string, gateway: SoakGateway) {
    this.#name = name;
    this.#gateway = gateway;
    this.nick = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  }

  get client(): JsonClient {
    if (!this.#client) throw new Error(`${this.#name} is not connected`);
    return this.#client;
  }

  /** A new session. */
  async connect(): Promise<void> {
    const told = new Set<string>();
    this.#client = await JsonClient.connect(this.#gateway.url, { token: await this.#gateway.token(this.#name) });
    this.#client.ws.on('message', (text: Buffer) => {
      const frames = JSON.parse(String(text)) as Frame | Frame[];
      for (const { type, data } of Array.isArray(frames) ? frames : [frames]) {
        if (type !== 'message' || !data?.body) continue;
        if (told.has(keyOf(data))) this.doubled.push(data.body);
        told.add(keyOf(data));
        this.#see(data);
      }
    });
  }

  /** Waits for that line of somebody else. */
  async heard(body: string): Promise<void> {
    await this.client.next('message', (message) => message.body === body, waitMs);
  }

  /** Reads the room's archive on from where its own cursor is. */
  async catchUp(room: string): Promise<void> {
    for (;;) {
      const after = [...this.#seen.values()].findLast((one) => one.chat === room && one.archiveId)?.archiveId;
      const page = await this.client.request(
        'history.get',
        { chat: room, ...(after ? { after } : {}), max: 20 },
        waitMs,
      );
      for (const item of page.items) if (item.type === 'message') this.#see(item.data as Seen);
      if (page.complete) return;
    }
  }

  /** What it has seen of the room. */
  lines(room: string): string[] {
    return [...this.#seen.values()].filter(({ chat }) => chat === room).map(({ body }) => body ?? '');
  }

  /** All that the room's archive has. */
  async archive(room: string): Promise<string[]> {
    const lines: string[] = [];
    let before: string | undefined;
    for (;;) {
      const page = await this.client.request(
        'history.get',
        { chat: room, max: 50, ...(before ? { before } : {}) },
        waitMs,
      );
      lines.unshift(...page.items.map(({ data }) => (data as Seen).body).filter((body) => body !== undefined));
      if (page.complete || page.first === undefined) return lines;
      before = page.first;
    }
  }

  #see(data: Seen): void {
    if (data.body && !this.#seen.has(keyOf(data))) this.#seen.set(keyOf(data), data);
  }
}

interface Seen {
  id?: string;
  chat?: string;
  body?: string;
  archiveId?: string;
}

interface Frame {
  type: string;
  data?: Seen;
}

const keyOf = ({ chat, id }: Seen): string => `${chat} ${id}`;
