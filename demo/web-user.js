/**
 * A web user: one session of the JSON protocol (PROTOCOL.md) over a WebSocket. Reconnects by the rule of the close
 * codes, resumes, and sends again what was not answered. What happens is told to the functions in `on`.
 */
import { backoff } from './backoff.js';

const subprotocol = 'stanzawire.v1';
/** A close that asks for a resume; the client's own number for a gap in `seq`. */
const resync = 4202;

/** What to do after a close: the range of the code is the rule (PROTOCOL.md §7). */
function afterClose(code) {
  if (code >= 4200 && code < 4300) return 'now';
  if (code >= 4100 && code < 4200) return 'later';
  if (code === 1001 || code === 1006 || (code >= 1011 && code <= 1013)) return 'later';
  return 'stop';
}

export class WebUser {
  format = 'JSON';
  #options;
  #socket;
  #session;
  #seq = 0;
  #nextId = 1;
  /** Requests that wait for their answer: id → {frame, resolve, reject}. */
  #open = new Map();
  #wait = backoff();
  #show = '';

  /** `credentials()` answers `{url, token}`, fresh ones at every call. */
  constructor({ jid, credentials, on }) {
    this.jid = jid;
    this.#options = { credentials, on };
  }

  async start() {
    this.#options.on.state({ status: 'connecting' });
    let credentials;
    try {
      credentials = await this.#options.credentials();
    } catch {
      return this.#startLater('The demo server does not answer');
    }
    const socket = new WebSocket(credentials.url, subprotocol);
    this.#socket = socket;
    socket.onopen = () => this.#connect(credentials.token);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #connect(token) {
    const data = { token, client: 'stanzawire-demo', want: ['contacts'] };
    if (this.#show) data.presence = { show: this.#show };
    if (this.#session) data.resume = { session: this.#session, seq: this.#seq };
    this.#write({ type: 'connect', id: `connect-${this.#nextId++}`, data });
  }

  /** Resolves with `ok.data` once the XMPP server, or the gateway for its own users, has the message. */
  send(to, { id, body }) {
    return this.#request('message.send', { to, id, body });
  }

  typing(to, state) {
    this.#tell('typing.send', { to, state });
  }

  setShow(show) {
    this.#show = show;
    this.#tell('presence.set', show ? { show } : {});
  }

  answer(jid, approved) {
    return this.#request(approved ? 'contact.approve' : 'contact.deny', { jid });
  }

  #request(type, data) {
    const frame = { type, id: this.#nextId++, data };
    return new Promise((resolve, reject) => {
      this.#open.set(frame.id, { frame, resolve, reject });
      // Without a session it waits: #ready sends what is open.
      if (this.#ready) this.#write(frame);
    });
  }

  /** A request without id: nobody waits for an answer, and it is worth nothing later. */
  #tell(type, data) {
    if (this.#ready) this.#write({ type, data });
  }

  #ready = false;

  #write(frame) {
    const text = JSON.stringify(frame);
    this.#socket.send(text);
    this.#options.on.frame(describe('out', text, frame));
  }

  #receive(text) {
    const { on } = this.#options;
    const frame = JSON.parse(text);
    on.frame(describe('in', text, frame));
    // PROTOCOL.md §5: numbered events come once and without gaps.
    if (frame.seq !== undefined) {
      if (frame.seq <= this.#seq) return;
      if (frame.seq > this.#seq + 1) return this.#socket.close(resync);
      this.#seq = frame.seq;
    }
    const handler = this.#handlers[frame.type];
    if (handler) handler(frame);
  }

  #handlers = {
    ready: ({ data }) => this.#begin(data),
    ok: ({ id, data }) => this.#settle(id, ({ resolve }) => resolve(data)),
    error: ({ id, error }) => this.#settle(id, ({ reject }) => reject(new Error(`${error.code}: ${error.message}`))),
    ping: () => this.#write({ type: 'pong', data: { seq: this.#seq } }),
    state: ({ data }) => this.#options.on.state({ status: 'online', link: data.link }),
    message: ({ data }) => this.#message(data),
    'message.failed': ({ data }) =>
      this.#options.on.failed({ id: data.id, peer: data.chat, text: `${data.error.code}: ${data.error.message}` }),
    typing: ({ data }) => this.#options.on.typing({ peer: data.chat, state: data.state }),
    presence: ({ data }) =>
      this.#options.on.presence({ peer: data.user, available: data.type === 'available', show: data.show ?? '' }),
    'contact.request': ({ data }) => this.#options.on.request(data),
    'auth.expiring': () => this.#refresh(),
  };

  #begin(data) {
    this.#ready = true;
    this.#wait.reset();
    this.#session = data.session;
    this.#seq = data.seq;
    this.#options.on.state({ status: 'online', link: data.link });
    for (const request of data.requests ?? []) this.#options.on.request(request);
    for (const { presence } of data.contacts ?? []) if (presence) this.#handlers.presence({ data: presence });
    for (const { frame } of this.#open.values()) this.#write(frame);
  }

  #settle(id, action) {
    const request = this.#open.get(id);
    if (!request) return;
    this.#open.delete(id);
    action(request);
  }

  #message({ id, chat, body, time, outgoing }) {
    if (body !== undefined) this.#options.on.message({ id, peer: chat, body, time, outgoing });
  }

  async #refresh() {
    const { token } = await this.#options.credentials();
    await this.#request('auth.refresh', { token });
  }

  #closed(code, reason) {
    this.#ready = false;
    const next = code === resync || code === 4002 ? 'now' : afterClose(code);
    const why = [code, reason].filter(Boolean).join(' ');
    if (next === 'now') void this.start();
    else if (next === 'later') this.#startLater(`Connection lost (${why})`);
    else this.#stop(`Closed by the gateway (${why})`);
  }

  #startLater(why) {
    const ms = this.#wait.next();
    this.#options.on.state({ status: 'waiting', text: `${why}; next try in ${Math.ceil(ms / 1000)} s` });
    setTimeout(() => void this.start(), ms);
  }

  #stop(text) {
    this.#options.on.state({ status: 'stopped', text });
    this.#session = undefined;
  }
}

/** A frame as the page shows it. `trail` is the message that it belongs to. */
function describe(direction, text, { type, data }) {
  const trail = /^(message|ok)/.test(type) && typeof data?.id === 'string' ? data.id : '';
  return { format: 'JSON', direction, text, trail, faint: type === 'ping' || type === 'pong', bad: type === 'error' };
}
