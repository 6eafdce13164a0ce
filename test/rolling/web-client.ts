/** A web client on the client library, as a page would use it, and what it shows. */
import type { Client } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import { Screen } from './book.ts';

export class WebClient {
  readonly chat: Client;
  readonly screen = new Screen();
  readonly account: string;
  readonly closes = new Map<number, number>();

  /** `approves`: answers who asks to see the account's presence. */
  constructor(options: { url: string; token: string; account: string; approves: boolean }) {
    const { url, token, account, approves } = options;
    this.account = account;
    this.chat = connect({ url, token, storage: false, timeoutMs: 120_000 });
    const { chat, screen } = this;
    chat.on('message', ({ body }) => body !== undefined && screen.body(body));
    chat.on('reaction', ({ chat: where, id, from, reactions }) => {
      screen.reactions.set(`${where} ${id} ${from}`, reactions.join(' '));
    });
    chat.on('contact', ({ jid, name }) => screen.names.set(jid, name ?? ''));
    chat.on('ready', ({ contacts }) => {
      if (!contacts) return;
      screen.names.clear();
      for (const { jid, name } of contacts) screen.names.set(jid, name ?? '');
    });
    chat.on('status', ({ code }) => {
      if (code !== undefined) this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
    });
    chat.on('contact.request', ({ jid }) => {
      if (approves && jid.startsWith('romeo')) void chat.request('contact.approve', { jid }).catch(() => undefined);
    });
  }

  get online(): boolean {
    return this.chat.status === 'online';
  }
}
