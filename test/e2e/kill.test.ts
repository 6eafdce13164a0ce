/** The XMPP server is killed in mid-burst: what was acknowledged has arrived, and nothing reaches a web client twice. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { type JsonClient, RequestError } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { onEveryServer } from '../support/servers/each.ts';
import type { XmppServer } from '../support/servers/index.ts';

const env = {
  STANZAWIRE_LIMITS_RATE: '100000',
  STANZAWIRE_LIMITS_BURST: '100000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '2000',
};
const count = 4000;
const killAfter = 1500;

interface Outcome {
  /** When its `ok` came; absent for an error. */
  okAt?: number;
  code?: string;
}

onEveryServer('a server that is killed', (server) => {
  test('has what it acknowledged a second before, and nothing reaches a web client twice', async () => {
    const gateway = await TestGateway.start(upstreamOf(server()), env);
    const alice = await gateway.login('alice');
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
    const romeo = new Receiver(server());
    await romeo.login();
    const juliet = await C2sClient.login({ server: server(), user: 'juliet' });

    const outcomes = new Map<string, Outcome>();
    const burst = send(alice, 'romeo@example.test', outcomes);
    const incoming = sendFromXmpp(juliet, alice.user);
    await romeo.until(killAfter);
    const killedAt = performance.now();
    await server().kill('SIGKILL');
    expect(await alice.next('state', ({ link }) => link === 'down')).toMatchObject({ link: 'down' });
    const downAt = performance.now();
    // The gateway is in this process: while its event loop stands still, so do its answers.
    const stalls = monitorEventLoopDelay({ resolution: 10 });
    stalls.enable();
    const up = alice.next('state', ({ link }) => link === 'up', 60_000).then(() => performance.now());
    await server().restart();
    await romeo.login();
    await burst;
    await incoming;
    await romeo.settle();
    // ejabberd may keep what comes in the middle of a login for the next one.
    await romeo.login();
    await romeo.settle();
    const upAt = await up;

    const oks = [...outcomes.values()].map(({ okAt = 0 }) => okAt);
    const lost = [...outcomes].filter(([id, { okAt }]) => okAt !== undefined && !romeo.got.has(id));
    const early = lost.filter(([, { okAt }]) => (okAt ?? 0) < killedAt - 1000);
    const failed = [...outcomes.values()].filter(({ okAt }) => okAt === undefined);
    const twice = [...romeo.got].filter(([id, times]) => times > 1 && outcomes.has(id));
    const settledBefore = twice.filter(([id]) => (outcomes.get(id)?.okAt ?? Number.POSITIVE_INFINITY) < killedAt);
    console.log(
      `${server().name}: ${outcomes.size} sent, ${count - failed.length} ok, ${failed.length} errors, ` +
        `${lost.length} acknowledged within the last second and lost by the server, ${twice.length} at romeo twice`,
    );
    expect(outcomes.size).toBe(count);
    expect(early).toEqual([]);
    // What was fenced before the loss is stored, and its ok comes a little behind the news; then none until the link is up.
    const aLittle = 1000 + stalls.max / 1e6;
    expect(oks.filter((okAt) => okAt > downAt + aLittle && okAt < upAt)).toEqual([]);
    expect(lost.filter(([, { okAt }]) => (okAt ?? 0) >= upAt)).toEqual([]);
    expect(settledBefore).toEqual([]);
    expect(failed.filter(({ code }) => code !== 'unconfirmed' && code !== 'link-down')).toEqual([]);
    const ids = (await alice.rest()).filter(({ type }) => type === 'message').map(({ data }) => data?.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
    expect(alice.ws.readyState).toBe(alice.ws.OPEN);
    await gateway.stop();
  }, 120_000);
});

/** Keeps a window of requests under way until all are answered. */
async function send(alice: JsonClient, to: string, outcomes: Map<string, Outcome>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const id = `burst-${next++}`;
      try {
        await alice.request('message.send', { to, id, body: id }, 60_000);
        outcomes.set(id, { okAt: performance.now() });
      } catch (error) {
        outcomes.set(id, { code: error instanceof RequestError ? error.error.code : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: 100 }, one));
}

/** Writes messages to alice until its connection ends with the server. */
async function sendFromXmpp(juliet: C2sClient, to: string): Promise<void> {
  let gone = false;
  void juliet.closed.then(() => {
    gone = true;
  });
  for (let i = 0; !gone; i++) {
    juliet.message(to, `in ${i}`, `in-${i}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** romeo, who logs in again after the restart, and counts what he gets by id. */
class Receiver {
  readonly got = new Map<string, number>();
  readonly #server: XmppServer;
  #client: C2sClient | undefined;
  #wake: () => void = () => undefined;

  constructor(server: XmppServer) {
    this.#server = server;
  }

  async login(): Promise<void> {
    await this.#client?.close();
    this.#client = await C2sClient.login({ server: this.#server, user: 'romeo', resource: 'phone' });
    this.#client.onStanza((stanza) => {
      const { id } = stanza.attrs;
      if (stanza.name !== 'message' || !id) return;
      this.got.set(id, (this.got.get(id) ?? 0) + 1);
      this.#wake();
    });
  }

  async until(messages: number): Promise<void> {
    while (this.got.size < messages) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /**
   * Until a message to himself has come back: all that was sent to him before is here. One that comes in the middle of
   * a login may be kept for the next, so he asks again.
   */
  async settle(): Promise<void> {
    const ask = () => this.#client?.message('romeo@example.test/phone', 'the end', 'the-end');
    const again = setInterval(ask, 2000);
    ask();
    while (!this.got.has('the-end')) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearInterval(again);
    this.got.delete('the-end');
  }
}
