/**
 * An attacker on the XMPP side of a real server: a component of its own domain, which the server lets say anything but
 * another domain's name; Alice on the gateway, whom it attacks; and Romeo, a contact of hers whom it wants to be.
 */
import { afterAll, beforeAll } from 'vitest';
import { TestGateway, upstreamOf } from './gateway.ts';
import type { AnyFrame, JsonClient } from './json-client.ts';
import { C2sClient } from './peers/c2s.ts';
import { type RawComponent, shakeHands } from './peers/component.ts';
import { onEveryServer } from './servers/each.ts';
import type { XmppServer } from './servers/index.ts';

export const evilDomain = 'evil.example.test';

export class Attack {
  readonly server: XmppServer;
  readonly gateway: TestGateway;
  readonly evil: RawComponent;
  readonly mallory = `mallory@${evilDomain}/x`;
  readonly alice: JsonClient;
  readonly romeo: C2sClient;
  #marks = 0;

  private constructor(parts: {
    server: XmppServer;
    gateway: TestGateway;
    evil: RawComponent;
    alice: JsonClient;
    romeo: C2sClient;
  }) {
    this.server = parts.server;
    this.gateway = parts.gateway;
    this.evil = parts.evil;
    this.alice = parts.alice;
    this.romeo = parts.romeo;
  }

  static async begin(server: XmppServer, env: Record<string, string>): Promise<Attack> {
    const gateway = await TestGateway.start(upstreamOf(server), env);
    const alice = await gateway.login('alice', { scopes: ['raw'], want: ['contacts'], raw: 'extra' });
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 30_000);
    const port = server.componentPorts.get(evilDomain) ?? 0;
    const evil = await shakeHands({ port, domain: evilDomain, secret: server.secret });
    const romeo = await C2sClient.login({ server, user: 'romeo', resource: 'orchard' });
    const attack = new Attack({ server, gateway, evil, alice, romeo });
    await attack.#befriend();
    return attack;
  }

  /** Romeo sees Alice, and she sees him; what that takes is over. */
  async #befriend(): Promise<void> {
    const { alice, romeo } = this;
    await alice.request('contact.add', { jid: romeo.bareJid });
    await romeo.next((stanza) => stanza.attrs.type === 'subscribe', 20_000);
    romeo.send(`<presence to="${alice.user}" type="subscribed"/><presence to="${alice.user}" type="subscribe"/>`);
    await alice.next('contact', ({ subscription }) => subscription === 'both', 20_000);
    await alice.next('presence', ({ from }) => from === romeo.jid, 20_000);
    // Adding a contact says yes to its own request.
    await this.outcome('');
  }

  /** Mallory sends that; all that Alice heard until a message of hers which was sent after it. */
  async outcome(xml: string): Promise<AnyFrame[]> {
    this.evil.send(xml);
    const mark = `mark-${++this.#marks}`;
    const { user } = this.alice;
    const stanza = `<message from="marker@${evilDomain}/x" to="${user}" type="chat" id="${mark}"><body>${mark}</body></message>`;
    this.evil.send(stanza);
    await this.alice.inbox.next(({ type, data }) => type === 'message' && data?.id === mark, 20_000);
    return this.alice.inbox.take();
  }

  /** The answer to a query of Mallory's, or of another address of that domain. */
  async ask(to: string, payload: string, { from = this.mallory, type = 'get' } = {}) {
    const id = `ask-${++this.#marks}`;
    this.evil.send(`<iq from="${from}" to="${to}" type="${type}" id="${id}">${payload}</iq>`);
    return this.evil.next((stanza) => stanza.name === 'iq' && stanza.attrs.id === id);
  }

  async end(): Promise<void> {
    await this.alice.close();
    this.evil.end();
    await this.romeo.close();
    await this.gateway.stop();
  }
}

/** One suite on each of the servers, with that attacker. */
export function attack(title: string, suite: (at: () => Attack) => void, env: Record<string, string> = {}): void {
  onEveryServer(
    title,
    (server) => {
      let one: Attack | undefined;
      beforeAll(async () => {
        one = await Attack.begin(server(), env);
      });
      afterAll(() => one?.end());
      suite(() => {
        if (!one) throw new Error('the attack has not begun');
        return one;
      });
    },
    { components: [evilDomain] },
  );
}
