/**
 * The room of a chaos run: some accounts are in it all the time, and an XMPP user talks there, so that a room finds out whom
 * it cannot reach. At the end nobody may be missing, and when all have left nobody may be left behind.
 */
import { C2sClient } from '../support/peers/c2s.ts';
import type { XmppServer } from '../support/servers/index.ts';

export const talker = 'talker';
export const roomOf = (server: XmppServer): string => `chaos@${server.rooms}`;

const pauseMs = 300;
const joinMs = 10_000;

export class Talker {
  readonly #server: XmppServer;
  readonly #timer: NodeJS.Timeout;
  #client: C2sClient | undefined;
  #connecting = false;
  #lines = 0;

  constructor(server: XmppServer) {
    this.#server = server;
    this.#timer = setInterval(() => this.#say(), pauseMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#client?.abort();
  }

  #say(): void {
    const room = roomOf(this.#server);
    if (this.#client)
      this.#client.send(`<message to="${room}" type="groupchat"><body>line ${++this.#lines}</body></message>`);
    else if (!this.#connecting) void this.#enter();
  }

  async #enter(): Promise<void> {
    this.#connecting = true;
    try {
      const client = await C2sClient.login({ server: this.#server, user: talker });
      client.onStanza(() => undefined);
      client.send(join(this.#server, 'talker'));
      void client.closed.then(() => {
        this.#client = undefined;
      });
      this.#client = client;
    } catch {
      // The server is down; again with the next line.
    }
    this.#connecting = false;
  }
}

/** The nicks in the room, as somebody who comes in is told them. */
export async function occupants(server: XmppServer): Promise<string[]> {
  const client = await C2sClient.login({ server, user: talker, resource: 'looks' });
  client.send(join(server, 'looks'));
  const nicks: string[] = [];
  for (;;) {
    const { attrs } = await client.next(
      ({ name, attrs: { from = '' } }) => name === 'presence' && from.startsWith(`${roomOf(server)}/`),
      joinMs,
    );
    const nick = attrs.from?.split('/')[1] ?? '';
    // XEP-0045 §7.2.2: the own presence is the last.
    if (nick === 'looks') break;
    if (attrs.type === undefined) nicks.push(nick);
  }
  await client.close();
  return nicks;
}

function join(server: XmppServer, nick: string): string {
  const history = '<history maxstanzas="0"/>';
  return `<presence to="${roomOf(server)}/${nick}"><x xmlns="http://jabber.org/protocol/muc">${history}</x></presence>`;
}
