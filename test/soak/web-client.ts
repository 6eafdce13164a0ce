/**
 * A web client as PROTOCOL.md wants it: it comes back as the close code's range says, resumes, catches up from the archive
 * where it could not, sends unanswered requests again with the same ids, and acknowledges what it has processed.
 * Over all sockets and sessions it is one: a tab that is reloaded, an app that keeps what it has shown.
 */
import type { ErrorObject } from '../../src/protocol/errors.ts';
import type { AnyFrame } from '../support/json-client.ts';
import { CatchUp } from './catch-up.ts';
import { Comeback } from './comeback.ts';
import type { Ledger, Said } from './ledger.ts';
import { seenIn, View } from './view.ts';

export interface WebClientOptions {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  /** Says `ack`; else `pong` alone tells what it has processed. */
  readonly acks: boolean;
  /** Answers requests for contact. */
  readonly approves: boolean;
  /** Is in this room all the time; its first one makes it. */
  readonly room?: { readonly jid: string; readonly nick: string; readonly isFirst: boolean };
  readonly ledger: Ledger;
}

const ackAfterMs = 100;
const retryMs = 300;
const longMs = 3_600_000;

type Request = Required<Pick<AnyFrame, 'id' | 'type' | 'data'>>;

export class WebClient {
  readonly name: string;
  readonly view = new View();
  readonly #options: WebClientOptions;
  readonly #ledger: Ledger;
  readonly #socket: Comeback;
  #ackDue = false;
  #session: string | undefined;
  #seq = 0;
  /** Events that the replay still owes. */
  #replay = 0;
  readonly #catchUp = new CatchUp();
  /** The request for the page that is awaited. */
  #page = '';
  /** The newest archive id of all. */
  #newest = '';
  /** The newest archive id that came as an event of this session. */
  #lastEvent = '';
  #ids = 0;
  readonly #unanswered = new Map<string, Request>();

  constructor(options: WebClientOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
    this.name = options.name;
    const { name, url, ledger } = options;
    const [hello, frame] = [() => this.#hello(), (one: AnyFrame) => this.#frame(one)];
    this.#socket = new Comeback({ name, url, ledger, hello, frame });
  }

  get online(): boolean {
    return this.#socket.isReady;
  }

  /** Is it connected, with nothing to ask for, and nothing to be told? */
  get settled(): boolean {
    return this.online && !this.#catchUp.running && this.#unanswered.size === 0 && this.#replay === 0;
  }

  start(): void {
    this.#socket.connect();
  }

  say(said: Said): void {
    this.#request('message.send', { id: said.key, to: said.to, body: said.key });
  }

  /** The network is gone; it is back after that time. */
  drop(backAfterMs: number): void {
    this.#socket.leave((ws) => ws.terminate(), backAfterMs);
  }

  /** The page is loaded again: the new socket does not wait for the end of the old one. */
  reload(): void {
    this.#socket.leave((ws) => ws.close(1001), 0);
  }

  /** A new socket while the old one, silent, is still open. */
  overtake(): void {
    this.#socket.leave(() => undefined, 0);
  }

  /** The session ends; later a new one begins, from where the view is. */
  logOut(backAfterMs: number): void {
    this.#session = undefined;
    this.#socket.leave((ws) => ws.close(1000), backAfterMs);
  }

  /** Comes back now, if it is away. */
  hurry(): void {
    if (!this.online) this.drop(0);
  }

  /** The session ends, and no other comes. */
  leave(): void {
    this.logOut(longMs);
  }

  /** For good. */
  stop(): void {
    this.#socket.stop();
  }

  #hello(): object {
    const resume = this.#session === undefined ? {} : { resume: { session: this.#session, seq: this.#seq } };
    const data = { token: this.#options.token, features: this.#options.acks ? ['ack'] : [], ...resume };
    return { type: 'connect', id: 'connect', data };
  }

  #frame(frame: AnyFrame): void {
    const { type, id, seq, data = {}, error } = frame;
    if (type === 'ready') this.#begin(data);
    else if (type === 'ping') this.#socket.send({ type: 'pong', data: { seq: this.#seq } });
    else if (type === 'ok') this.#answered(String(id), data, undefined);
    else if (type === 'error' && id === 'connect') this.#refused(error);
    else if (type === 'error') this.#answered(String(id), {}, error);
    else if (seq !== undefined) this.#numbered(frame, seq);
  }

  #refused(error: ErrorObject | undefined): void {
    this.#ledger.count(`connect refused: ${error?.code}`);
    if (!error?.retry) this.#ledger.violation(`${this.name} could not connect: ${error?.code} ${error?.message}`);
    this.drop(retryMs);
  }

  #begin(ready: Record<string, unknown>): void {
    this.#socket.ready();
    if (ready.resumed === true) this.#resumed(ready);
    else this.#newSession(ready);
    for (const request of this.#unanswered.values()) this.#socket.send(request);
  }

  #resumed({ replaying, session, seq }: Record<string, unknown>): void {
    this.#ledger.count('resumed');
    this.#replay = Number(replaying ?? 0);
    if (session === this.#session && seq === this.#seq) return;
    this.#ledger.violation(`${this.name} resumed another session, or at another seq`);
  }

  #newSession({ reason, session, seq, archive }: Record<string, unknown>): void {
    this.#ledger.count(this.#session === undefined ? 'sessions begun' : `not resumed: ${String(reason)}`);
    this.#session = String(session);
    this.#seq = Number(seq);
    this.#replay = 0;
    this.#lastEvent = '';
    if (this.view.start === undefined) {
      this.#catchUp.cursor = (archive as { last?: string } | undefined)?.last ?? '';
      this.view.start = this.#catchUp.cursor;
      this.#enter();
    } else {
      this.#unanswered.delete(this.#page);
      this.#nextPage(this.#catchUp.begin());
    }
  }

  #enter(): void {
    const { room } = this.#options;
    if (!room) return;
    const { jid, nick, isFirst } = room;
    const values = { 'muc#roomconfig_persistentroom': true };
    if (isFirst) this.#request('room.create', { room: jid, nick, values });
    else this.#request('room.join', { room: jid, nick });
  }

  #numbered(frame: AnyFrame, seq: number): void {
    if (seq <= this.#seq) {
      this.#ledger.violation(`${this.name} got event ${seq} after ${this.#seq}`);
      return;
    }
    if (seq > this.#seq + 1) {
      this.#ledger.violation(`${this.name} got event ${seq} after ${this.#seq}: some are missing`);
      this.#socket.leave((ws) => ws.close(4202), 0);
      return;
    }
    this.#seq = seq;
    if (this.#replay > 0) {
      this.#replay--;
      this.#ledger.count('events replayed');
    }
    if (frame.type === 'contact.request' && this.#options.approves) {
      this.#request('contact.approve', { jid: String(frame.data?.jid) });
    }
    const seen = seenIn(frame);
    if (seen) {
      if (seen.archiveId <= this.#lastEvent)
        this.#ledger.violation(`${this.name} got ${seen.archiveId} as an event after ${this.#lastEvent}`);
      this.#lastEvent = seen.archiveId;
      this.#take(frame, `event ${seq}`);
    }
    if (!this.#options.acks || this.#ackDue) return;
    this.#ackDue = true;
    setTimeout(() => this.#ack(), ackAfterMs);
  }

  #ack(): void {
    this.#ackDue = false;
    if (this.online) this.#socket.send({ type: 'ack', data: { seq: this.#seq } });
  }

  /** Shows an item, however it came. */
  #take(item: Pick<AnyFrame, 'type' | 'data'>, how: string): void {
    const seen = seenIn(item);
    if (!seen) return;
    const result = this.view.add(seen);
    this.#ledger.count(`items ${result}, ${how.split(' ')[0]}`);
    if (result !== 'known') this.#ledger.note(seen.body, `${result} to ${this.name} as ${seen.archiveId}, ${how}`);
    if (result === 'twice') this.#ledger.violation(`${this.name} was shown ${seen.id} of ${seen.chat} twice`);
    if (seen.type === 'message.failed') this.#ledger.failed(seen.id, 'message.failed');
    if (seen.archiveId > this.#newest) this.#newest = seen.archiveId;
    if (!this.#catchUp.running) this.#catchUp.cursor = this.#newest;
  }

  /** Noted first, sent with the others that wait for an answer. */
  #nextPage(data: Record<string, unknown>): void {
    this.#page = `page-${++this.#ids}`;
    this.#unanswered.set(this.#page, { id: this.#page, type: 'history.get', data });
  }

  #request(type: string, data: Record<string, unknown>): void {
    const id = `r-${++this.#ids}`;
    const request = { id, type, data };
    this.#unanswered.set(id, request);
    if (this.online) this.#socket.send(request);
  }

  #answered(id: string, data: Record<string, unknown>, error: ErrorObject | undefined): void {
    const request = this.#unanswered.get(id);
    if (!request) {
      this.#ledger.count('answers to what was answered already');
      return;
    }
    this.#unanswered.delete(id);
    if (error) this.#failed(request, error);
    else if (request.type === 'message.send') this.#sent(String(request.data.id), data);
    else if (request.type === 'history.get') this.#read(data);
  }

  #sent(key: string, { archiveId, id }: Record<string, unknown>): void {
    this.#ledger.note(key, `ok as ${String(archiveId)}`);
    if (id !== key) this.#ledger.violation(`${key} became ${String(id)}`);
    this.#ledger.acknowledged(key, String(archiveId));
    const said = this.#ledger.said.get(key);
    const data = { archiveId, id, chat: said?.to, body: key, outgoing: true };
    this.#take({ type: 'message', data }, 'ok');
  }

  #read(data: Record<string, unknown>): void {
    const { items, next } = this.#catchUp.page(data);
    this.#ledger.count('pages of catch-up');
    for (const item of items) this.#take(item, 'page of history');
    if (!this.#catchUp.running && this.#newest > this.#catchUp.cursor) this.#catchUp.cursor = this.#newest;
    if (next) this.#readOn(next);
  }

  #readOn(data: Record<string, unknown>): void {
    this.#nextPage(data);
    const request = this.#unanswered.get(this.#page);
    if (request && this.online) this.#socket.send(request);
  }

  #failed({ id, type, data }: Request, { code, message, retry }: ErrorObject): void {
    this.#ledger.count(`${type}: ${code}`);
    const key = type === 'message.send' ? String(data.id) : '';
    this.#ledger.note(key, `error ${code}`);
    if (retry) {
      const said = this.#ledger.said.get(key);
      if (said) said.overtaken = true;
      setTimeout(() => this.#again(id, type, data), retryMs);
    } else if (type !== 'contact.approve') {
      this.#ledger.failed(key, code);
      this.#ledger.violation(`${type} ${key} of ${this.name} was refused: ${code} ${message}`);
    }
  }

  #again(id: string | number, type: string, data: Record<string, unknown>): void {
    if (type !== 'history.get') this.#request(type, data);
    else if (id === this.#page) this.#readOn(data);
  }
}
