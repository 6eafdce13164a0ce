/**
 * A client of the gateway: one account, one session, over as many sockets as it takes (PROTOCOL.md). Puts the parts
 * together: the line, the requests, the messages, the catch-up, and what outlives a page.
 */

import type { ErrorObject } from '../protocol/errors.ts';
import type { Ready, RequestData, RequestResult, RequestType } from '../protocol/frames.ts';
import type { Limits, Message } from '../protocol/objects.ts';
import { type Archived, CatchUp, isArchived } from './catch-up.ts';
import { badFrame, internal, normal, resync } from './codes.ts';
import { Emitter } from './emitter.ts';
import { ClientError, failure } from './error.ts';
import { connectId, Line, type LineOwner } from './line.ts';
import { Messages } from './messages.ts';
import { isHidden, watchPage } from './page.ts';
import { placeIn } from './place.ts';
import { platform } from './platform.ts';
import { Requests } from './requests.ts';
import { openSaved, type Saved, storageOf } from './saved.ts';
import { SignIn } from './sign-in.ts';
import type {
  Answer,
  ClientEvents,
  ConnectOptions,
  Draft,
  Origin,
  Outbox,
  Sending,
  Status,
  StatusChange,
} from './types.ts';

type Frame = Parameters<LineOwner['frame']>[0];

export class Client extends Emitter {
  readonly #options: ConnectOptions;
  readonly #saved: Saved;
  readonly #signIn: SignIn;
  readonly #line: Line;
  readonly #isNext: (seq: number | undefined) => boolean;
  readonly #requests: Requests;
  readonly #messages: Messages;
  readonly #catchUp: CatchUp;
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<Ready>();
  #status: Status = 'connecting';
  #link: Ready['link'] = 'down';

  constructor(options: ConnectOptions) {
    super();
    const Socket = options.WebSocket ?? platform.WebSocket;
    if (!Socket) throw failure('bad-request', 'The option WebSocket is missing');
    this.#options = options;
    this.#saved = openSaved(storageOf(options.storage), options.name ?? 'stanzawire');
    this.#signIn = new SignIn(options, this.#saved.state);
    this.#line = new Line(
      {
        hello: () => this.#signIn.hello(),
        frame: (frame) => this.#frame(frame),
        offline: () => {
          this.#requests.offline();
          this.#messages.offline();
        },
        lost: (code, reason) => this.#lost(code, reason),
        status: (change) => this.#setStatus(change),
        trace: (direction, text) => options.trace?.(direction, text),
      },
      Socket,
    );
    this.#isNext = placeIn(this.#line, this.#saved);
    this.#requests = new Requests((frame) => this.#line.write(frame));
    const outbox = options.outbox ?? this.#saved.outbox;
    this.#messages = new Messages({
      requests: this.#requests,
      outbox,
      patienceMs: options.patienceMs ?? 120_000,
      user: () => this.user,
      tell: (delivery) => {
        if (delivery.sent) this.#catchUp.sent(delivery.sent);
        this.emit('delivery', delivery);
      },
    });
    this.#catchUp = new CatchUp({
      cursors: this.#saved.state,
      maxItems: options.catchUp ?? 2000,
      history: (data) => this.#requests.send('history.get', data, this.#timeoutMs),
      deliver: (event, origin) => this.#deliver(event, origin),
      gap: (chat) => this.emit('gap', chat === undefined ? {} : { chat }),
      online: () => this.#line.online,
    });
    this.#first.promise.catch(() => undefined);
    const visible = (active: boolean): void => this.tell('session.update', { active });
    const wake = (): void => void (this.#status !== 'stopped' && this.#line.probe());
    watchPage({ visible, wake, leave: (mayComeBack) => this.#leave(mayComeBack) }, this.#closing.signal);
    void this.#start(outbox);
  }

  /** Resolves with the first `ready`; rejects when the client stops before. */
  get ready(): Promise<Ready> {
    return this.#first.promise;
  }

  get status(): Status {
    return this.#status;
  }

  /** The gateway's stream to the XMPP server. While it is down, messages wait. */
  get link(): Ready['link'] {
    return this.#link;
  }

  /** The account's bare JID, once it is known. */
  get user(): string | undefined {
    return this.#saved.state.user;
  }

  get session(): string | undefined {
    return this.#saved.state.session;
  }

  get limits(): Limits | undefined {
    return this.#saved.state.limits;
  }

  get services(): Ready['services'] {
    return this.#saved.state.services;
  }

  /**
   * Sends a message. It waits while the client is offline, and is sent once whatever happens on the way. Resolves with
   * `ok.data`. @throws ClientError
   */
  send(draft: Draft): Sending {
    return this.#messages.send(draft);
  }

  /** Any request; resolves with `ok.data`. Waits while the client is offline. @throws ClientError */
  async request<T extends RequestType>(type: T, data: RequestData<T>): Promise<RequestResult<T>> {
    if (type === 'presence.set') this.#signIn.setPresence(data as RequestData<'presence.set'>);
    const result = await this.#requests.send(type, data, this.#timeoutMs);
    if (type === 'room.join' || type === 'room.create')
      this.#catchUp.learnRoom((data as RequestData<'room.join'>).room);
    this.emit('answer', { request: type, data, result } as unknown as Answer);
    return result;
  }

  /** A request that nobody waits for, as typing: without an answer, and not at all while the client is offline. */
  tell<T extends RequestType>(type: T, data: RequestData<T>): void {
    if (this.#line.online) this.#line.write({ type, data });
  }

  /** A binary frame (PROTOCOL.md §8); nothing while the client is offline. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#line.online) this.#line.send(bytes);
  }

  /** Tries again now: after `stopped`, or instead of waiting. */
  reconnect(): void {
    if (this.#closing.signal.aborted) return;
    this.#signIn.accepted();
    void this.#line.open();
  }

  /** Ends the session: the user logs out. What was not sent by then fails. */
  close(): void {
    this.#closing.abort();
    this.#line.close(normal);
    this.#requests.stop(closed(), true);
    this.#messages.close(closed());
    this.#first.reject(closed());
    this.#saved.clear();
    this.#setStatus({ status: 'stopped' });
    this.end();
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? 60_000;
  }

  async #start(outbox: Outbox): Promise<void> {
    // Whoever made the client gets to listen first.
    await Promise.resolve();
    if (this.#closing.signal.aborted) return;
    void this.#line.open();
    try {
      this.#messages.restore(await outbox.all());
    } catch {
      // Forbidden, or broken: then there is nothing from earlier pages.
    }
  }

  #frame({ type, id, seq, data, error }: Frame): void {
    if (id === connectId) {
      if (type === 'ready') this.#begin(data as Ready);
      else if (error) this.#refuse(error);
    } else if (type === 'ping') this.#line.write({ type: 'pong', data: { seq: this.#saved.state.seq } });
    else if (id !== undefined) this.#requests.answer(id, data, error);
    else if (type !== 'error' && type !== 'pong' && this.#isNext(seq)) this.#event({ type, data });
  }

  #begin(data: Ready): void {
    const { state } = this.#saved;
    if (state.user !== undefined && state.user !== data.user) this.#forget();
    const { user, session, seq, token = state.token, limits = state.limits, services = state.services } = data;
    Object.assign(state, { user, session, seq, token, limits, services });
    this.#signIn.accepted();
    this.#link = data.link;
    this.#line.ready(data.heartbeatMs);
    this.#setStatus({ status: 'online' });
    this.#first.resolve(data);
    this.emit('ready', data);
    // The listeners may have closed it.
    if (!this.#line.online) return;
    this.#catchUp.ready(data);
    this.#requests.online(state.limits, data.resumed);
    this.#messages.online(data.user);
    if (isHidden()) this.tell('session.update', { active: false });
    this.#saved.save();
  }

  /** Another user has signed in: nothing of the one before is done in the name of this one. */
  #forget(): void {
    const error = failure('forbidden', 'Another user has signed in');
    this.#messages.close(error);
    this.#requests.stop(error, true);
    Object.assign(this.#saved.state, { cursor: undefined, rooms: undefined, unsent: {} });
  }

  #refuse(error: ErrorObject): void {
    this.#signIn.refusal = error;
    // A refused token is followed by a close; after anything else the gateway would wait for a better `connect`.
    if (!error.code.startsWith('token-')) this.#line.drop(error.retry ? internal : badFrame);
  }

  #event({ type, data }: { type: string; data?: unknown }): void {
    if (type === 'auth.expiring') void this.#refresh();
    else if (type === 'reconnect') this.#signIn.url = (data as ClientEvents['reconnect']).url;
    else if (type === 'state') this.#link = (data as ClientEvents['state']).link;
    else if (type === 'chat') this.#catchUp.chat(data as ClientEvents['chat']);
    else if (type === 'room') this.#catchUp.learnRoom((data as ClientEvents['room']).room);
    if (isArchived(data)) this.#catchUp.event({ type, data });
    else this.emit(type as keyof ClientEvents, data as never);
    if (type === 'reconnect') this.reconnect();
  }

  /** What passed the catch-up. */
  #deliver({ type, data }: Archived, origin: Origin): void {
    // The echo of what this client sends itself: its `ok` follows.
    if (type === 'message' && this.#messages.isUnsent(data as Message)) return;
    this.emit(type as keyof ClientEvents, data as never, origin);
    this.#messages.event(type, data);
  }

  #lost(code: number, reason: string): 'stop' | 'backoff' | 'now' {
    const then = this.#signIn.afterClose(code);
    if (then !== 'stop') return then;
    const { refusal } = this.#signIn;
    const why = refusal ?? { code: 'not-connected', message: `Closed with ${code} ${reason}`, retry: false };
    this.#stop(new ClientError(why, code), { status: 'stopped', code, reason });
    return 'stop';
  }

  #stop(error: ClientError, change: StatusChange): void {
    this.#requests.stop(error, false);
    this.#first.reject(error);
    this.#setStatus({ ...change, error });
    this.end(error);
  }

  async #refresh(): Promise<void> {
    try {
      const token = await this.#signIn.fresh();
      if (token) await this.#requests.send('auth.refresh', { token }, this.#timeoutMs);
    } catch {
      // The socket is then closed with 4002, and the next one asks again.
    }
  }

  #leave(mayComeBack: boolean): void {
    this.#saved.save();
    // An open socket keeps the page out of the cache. Without a code of its own the browser ends it as a reload: 1001.
    if (!mayComeBack || this.#status === 'stopped') return;
    this.#line.close(resync);
    this.#setStatus({ status: 'waiting' });
  }

  #setStatus(change: StatusChange): void {
    this.#status = change.status;
    this.emit('status', change);
  }
}

const closed = (): ClientError => failure('not-connected', 'The client was closed');
