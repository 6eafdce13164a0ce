/** A web user on the client library, behind a network that can be cut; what it shows is awaited. */
import type { Client } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import { createState, type Snapshot, type State } from '../../src/client/state/state.ts';
import { Cuttable } from './cuttable.ts';
import type { TestGateway } from './gateway.ts';
import { Inbox } from './peers/inbox.ts';

export class LibraryUser {
  readonly chat: Client;
  readonly state: State;
  readonly network: Cuttable;
  /** The text of each frame that came. */
  readonly frames: Inbox<string>;
  /** Bodies of messages as they were told, one `chat body` each, the own ones of other sessions too. */
  readonly heard: string[] = [];

  private constructor(chat: Client, network: Cuttable, frames: Inbox<string>) {
    this.chat = chat;
    this.frames = frames;
    this.network = network;
    this.state = createState(chat);
    chat.on('message', ({ chat: where, body }) => this.heard.push(`${where} ${body}`));
  }

  static async login(gateway: TestGateway, name: string): Promise<LibraryUser> {
    const { port } = new URL(gateway.url);
    const network = await Cuttable.to(Number(port));
    const frames = new Inbox<string>();
    const trace = (direction: string, text: string): void => void (direction === 'in' && frames.push(text));
    const url = `ws://127.0.0.1:${network.port}/ws`;
    const chat = connect({ url, token: () => gateway.token(name), device: 'test', trace });
    const user = new LibraryUser(chat, network, frames);
    await chat.ready;
    await user.shows(({ link }) => link === 'up', 'the link');
    return user;
  }

  get jid(): string {
    return this.chat.user ?? '';
  }

  /** Resolves with the first snapshot for which it holds. */
  shows(holds: (snapshot: Snapshot) => boolean, what: string, timeoutMs = 20_000): Promise<Snapshot> {
    const { subscribe, getSnapshot } = this.state;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds(getSnapshot())) return;
        clearTimeout(timer);
        stop();
        resolve(getSnapshot());
      };
      const stop = subscribe(look);
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${what}: not within ${timeoutMs} ms: ${JSON.stringify(getSnapshot())}`));
      }, timeoutMs);
      look();
    });
  }

  /** Waits until that body is shown in that chat. */
  showsBody(chat: string, body: string): Promise<Snapshot> {
    return this.shows(({ messages }) => messages[chat]?.some((one) => one.body === body) ?? false, body);
  }

  /** The bodies of a chat as they are shown. */
  bodies(chat: string): (string | undefined)[] {
    return (this.state.getSnapshot().messages[chat] ?? []).map(({ body }) => body);
  }

  async offline(): Promise<void> {
    this.network.cut();
    await this.shows(({ status }) => status === 'waiting', 'offline');
  }

  async online(): Promise<void> {
    this.network.mend();
    this.chat.reconnect();
    await this.shows(({ status }) => status === 'online', 'online');
  }

  stop(): void {
    this.chat.close();
    this.network.close();
  }
}
