/** What most scenes need: a scripted XMPP server and a whole gateway on it, started once for a file of tests. */
import { afterAll, beforeAll, expect } from 'vitest';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from './gateway.ts';
import type { JsonClient } from './json-client.ts';
import { ScriptedServer } from './scripted-server.ts';

export class Scene {
  #server: ScriptedServer | undefined;
  #gateway: TestGateway | undefined;
  /** How many of the server's stanzas were asked for. */
  #seen = 0;

  get server(): ScriptedServer {
    if (!this.#server) throw new Error('the scene has not begun');
    return this.#server;
  }

  get gateway(): TestGateway {
    if (!this.#gateway) throw new Error('the scene has not begun');
    return this.#gateway;
  }

  async begin(env: Record<string, string>): Promise<void> {
    this.#server = await ScriptedServer.start();
    await this.restart(env);
  }

  /** Another gateway process on the same server, once the one before has stopped. */
  async restart(env: Record<string, string>): Promise<void> {
    await this.#gateway?.stop();
    this.#gateway = await TestGateway.start(upstreamOf(this.server), env);
    await this.linkUp();
  }

  async linkUp(): Promise<void> {
    const client = await this.gateway.login('waits-for-the-link', { presence: false });
    if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
    await client.close();
  }

  /** What the server got since the last call, once all that was on its way is there. */
  async stanzas(): Promise<Element[]> {
    const id = crypto.randomUUID();
    const ping = el('ping', { xmlns: 'urn:xmpp:ping' });
    // The link keeps its order: what was queued before this answer is there before it.
    this.server.send(el('iq', { from: 'example.com', to: this.server.domain, type: 'get', id }, ping));
    await this.server.next(({ attrs }) => attrs.id === id);
    const from = this.#seen;
    this.#seen = this.server.received.length;
    return this.server.received.slice(from).filter(({ attrs }) => attrs.id !== id);
  }

  /** A user of the XMPP server asks to see that account, and is let in. */
  async befriend(client: JsonClient, jid: string): Promise<void> {
    this.server.send(el('presence', { from: jid, to: client.user, type: 'subscribe' }));
    await client.next('contact.request', (request) => request.jid === jid);
    await client.request('contact.approve', { jid });
    await this.stanzas();
  }

  async end(): Promise<void> {
    await this.gateway.stop();
    expect(this.server.violations).toEqual([]);
    await this.server.stop();
  }
}

/** Starts both before the tests of a file and ends them after; what no server may be sent fails the file. */
export function scene(env: Record<string, string> = {}): Scene {
  const one = new Scene();
  beforeAll(() => one.begin(env));
  afterAll(() => one.end());
  return one;
}

/** Everything that came before a socket was closed, and the code it was closed with. */
export async function lastWords(client: JsonClient): Promise<{ code: number; frames: object[] }> {
  const code = await client.closed;
  return { code, frames: client.inbox.take() };
}
