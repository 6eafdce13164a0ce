/** A gateway whose configuration is read again and again, what it may be asked, and those who take its webhooks and notifications. */
import { expect } from 'vitest';
import { mintToken } from '../../../src/auth/jwt.ts';
import { createLogger } from '../../../src/log.ts';
import { Backend, signingSecret } from '../../support/backend.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../../support/gateway.ts';
import { JsonClient } from '../../support/json-client.ts';
import { PushService } from '../../support/push-service.ts';
import { ScriptedServer } from '../../support/scripted-server.ts';

export const apiKey = 'an-API-key-of-thirty-two-characters-or-more';
export const webhookSecret = signingSecret();

/** What one key does: it is seen, changed, seen, changed back and seen again. */
export interface Probe {
  readonly to: string | (() => string);
  /** Other settings without which nothing could be seen, by their names in the environment. */
  readonly with?: Readonly<Record<string, string | undefined>>;
  readonly see: () => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}
export type Probes = Readonly<Record<string, Probe>>;

export class ReloadScene {
  readonly env: Record<string, string | undefined> = {};
  readonly lines: Record<string, unknown>[] = [];
  key = apiKey;
  #parts: { server: ScriptedServer; backend: Backend; push: PushService; gateway: TestGateway } | undefined;

  async begin(): Promise<void> {
    const [server, backend, push] = [await ScriptedServer.start(), await Backend.start(), await PushService.start()];
    Object.assign(this.env, {
      STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey,
      STANZAWIRE_WEBHOOKS_URL: `${backend.url}/hooks`,
      STANZAWIRE_WEBHOOKS_SECRET: webhookSecret,
      STANZAWIRE_WEBHOOKS_BACKOFF: '10ms',
      STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com',
      STANZAWIRE_PUSH_SERVICES: '127.0.0.1',
      // All that is seen, somebody connects for.
      STANZAWIRE_LIMITS_PER_ACCOUNT_HANDSHAKES: '10000',
    });
    const log = createLogger('info', { write: (line: string) => void this.lines.push(JSON.parse(line)) });
    this.#parts = { server, backend, push, gateway: await TestGateway.start(upstreamOf(server), this.env, log) };
    await this.linkUp();
  }

  async end(): Promise<void> {
    await this.gateway.stop();
    await this.backend.stop();
    await this.push.stop();
    expect(this.server.violations).toEqual([]);
    await this.server.stop();
  }

  get server(): ScriptedServer {
    return this.#running.server;
  }

  get backend(): Backend {
    return this.#running.backend;
  }

  get push(): PushService {
    return this.#running.push;
  }

  get gateway(): TestGateway {
    return this.#running.gateway;
  }

  get #running() {
    if (!this.#parts) throw new Error('the scene has not begun');
    return this.#parts;
  }

  async linkUp(): Promise<void> {
    const client = await this.gateway.login('waits', { presence: false });
    if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up', 20_000);
    await client.close();
  }

  /** What the next reload reads. */
  become(env: Readonly<Record<string, string | undefined>>): void {
    for (const name of Object.keys(this.env)) delete this.env[name];
    Object.assign(this.env, env);
  }

  async reload(): Promise<unknown> {
    return (await this.api('/api/reload', this.key, 'POST')).json();
  }

  api(path: string, key: string, method = 'GET'): Promise<Response> {
    return fetch(`${this.gateway.internalUrl}${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  }

  async metric(name: string): Promise<string | undefined> {
    return new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(await this.gateway.metrics())?.[1];
  }

  /** Part of what `ready` says. */
  async ready(see: (ready: NonNullable<JsonClient['ready']>) => unknown): Promise<unknown> {
    const client = await this.gateway.login('alice', { presence: false });
    await client.close();
    return client.ready && see(client.ready);
  }

  /** The code of the error that a token is refused with, or who it lets in. */
  async tokenOf(options: Partial<Parameters<typeof mintToken>[0]>): Promise<unknown> {
    const claims = { secret: tokenSecret, user: 'alice', userClaim: 'sub', scopeClaim: 'scope', ttlMs: 60_000 };
    return this.connectWith(await mintToken({ ...claims, ...options }));
  }

  async connectWith(token?: string, data: object = {}): Promise<unknown> {
    const client = await JsonClient.open(this.gateway.url);
    client.send({ type: 'connect', id: 1, data: { presence: false, ...data, ...(token ? { token } : {}) } });
    const { data: ready, error } = await client.inbox.next(({ id }) => id === 1);
    await client.close();
    return error?.code ?? String(ready?.user).replace(/-\w{12}@/, '-…@');
  }

  /** `ok` or the code of the error that a request of a new client is answered with. */
  async answered(type: string, data: unknown): Promise<string> {
    const client = await this.gateway.login('alice', { presence: false, features: ['binary'] });
    const { error } = await client.answer({ type, data });
    await client.close();
    return error?.code ?? 'ok';
  }

  async closeOf(first: string): Promise<number> {
    const client = await JsonClient.open(this.gateway.url);
    client.send(first);
    return client.closed;
  }

  /** Is there a line of that event, when that has been done? */
  async logs(event: string, act: () => Promise<unknown>): Promise<boolean> {
    this.lines.length = 0;
    await act();
    return this.lines.some((line) => line.event === event);
  }
}

export const someone = (): string => `user-${crypto.randomUUID()}`;
