/** What the gateway owed to the outside when it was killed is delivered by the next process, once and in order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { Backend, signingSecret } from '../support/backend.ts';
import { gatewayEnv, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { Program } from '../support/process.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

class Gateway {
  readonly #program: Program;
  readonly #url: string;

  private constructor(program: Program, url: string) {
    this.#program = program;
    this.#url = url;
  }

  static async start(env: Record<string, string>): Promise<Gateway> {
    const program = new Program([], env);
    const { publicPort } = await program.event('started');
    return new Gateway(program, `ws://127.0.0.1:${String(publicPort)}/ws`);
  }

  async login(user: string): Promise<JsonClient> {
    const claims = { userClaim: 'sub', scopeClaim: 'scope' };
    const token = await mintToken({ secret: tokenSecret, user, ttlMs: 3600_000, ...claims });
    const client = await JsonClient.connect(this.#url, { token });
    if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up', 15_000);
    return client;
  }

  async kill(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.ended;
  }

  async stop(): Promise<void> {
    this.#program.child.kill('SIGTERM');
    expect(await this.#program.ended).toMatchObject({ code: 0, stderr: '' });
  }
}

it('missed messages, and the ends of its sessions', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-webhooks-'));
  const server = await ScriptedServer.start();
  const backend = await Backend.start();
  onTestFinished(async () => {
    await backend.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const env = {
    ...gatewayEnv(upstreamOf(server)),
    STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'stanzawire.db')}`,
    STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s',
    STANZAWIRE_WEBHOOKS_URL: backend.url,
    STANZAWIRE_WEBHOOKS_SECRET: signingSecret(),
  };
  const write = (to: string, id: string): void =>
    server.send(el('message', { from: 'romeo@example.com/orchard', to, type: 'chat', id }, el('body', {}, id)));

  const first = await Gateway.start(env);
  const [alice, bob] = [await first.login('alice'), await first.login('bob')];
  await bob.close();
  await backend.next('session.closed', bob.user);
  backend.reply = () => ({ status: 503 });
  for (const id of ['b1', 'b2', 'b3']) write(bob.user, id);
  const tried = await backend.next('message.offline', bob.user);
  // What alice sees was stored after the three.
  write(alice.user, 'behind');
  await alice.next('message');
  await first.kill();

  backend.inbox.take();
  backend.reply = () => ({ status: 204 });
  const second = await Gateway.start(env);
  const told = [];
  for (const _ of ['b1', 'b2', 'b3']) told.push(await backend.next('message.offline', bob.user));
  expect(told.map(({ event }) => event.data?.id)).toEqual(['b1', 'b2', 'b3']);
  expect(told[0]?.id).toBe(tried.id);
  const lost = await backend.next('session.closed', alice.user);
  expect(lost.event.data).toMatchObject({ session: alice.ready?.session, reason: 'lost' });
  await second.stop();

  const third = await Gateway.start(env);
  await (await third.login('carol')).close();
  await backend.next('session.closed', 'carol@web.example.com');
  await third.stop();
  expect(backend.inbox.take().map(({ event }) => event.type)).toEqual(['session.opened']);
}, 90_000);
