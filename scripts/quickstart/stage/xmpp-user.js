/**
 * A plain XMPP user: RFC 7395 (XMPP over WebSocket) with SASL PLAIN, presence, subscriptions, messages, chat states
 * (XEP-0085) and carbons (XEP-0280). Knows nothing of the gateway; any XMPP client could be in its place.
 */
import { backoff } from './backoff.js';
import { attributes, child, element, parse, serialize } from './xml.js';

const ns = {
  client: 'jabber:client',
  framing: 'urn:ietf:params:xml:ns:xmpp-framing',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  roster: 'jabber:iq:roster',
  chatStates: 'http://jabber.org/protocol/chatstates',
  carbons: 'urn:xmpp:carbons:2',
  forward: 'urn:xmpp:forward:0',
  delay: 'urn:xmpp:delay',
  ping: 'urn:xmpp:ping',
  errors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
};

const bare = (jid) => jid.split('/')[0];
const chatStates = ['active', 'composing', 'paused', 'inactive', 'gone'];

export class XmppUser {
  format = 'XML';
  #options;
  #socket;
  #authenticated = false;
  #queue = [];
  #wait = backoff();
  #show = '';
  /** Whose presence we get: those get ours, directed (RFC 6121 §4.6), although they have not asked for it. */
  #subscribed = new Set();

  /** `credentials()` answers `{url, password}`. */
  constructor({ jid, credentials, on }) {
    this.jid = jid;
    this.#options = { credentials, on };
  }

  async start() {
    this.#options.on.state({ status: 'connecting' });
    this.#stopped = false;
    let credentials;
    try {
      credentials = await this.#options.credentials();
    } catch {
      return this.#startLater('The demo server does not answer');
    }
    this.#authenticated = false;
    const socket = new WebSocket(credentials.url, 'xmpp');
    this.#socket = socket;
    socket.onopen = () => this.#open();
    socket.onmessage = ({ data }) => this.#receive(data, credentials.password);
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Resolves once it is written: XMPP has no acknowledgement of its own for that. */
  send(to, { id, body }) {
    this.#stanza('message', { to, id, type: 'chat' }, element('body', {}, body), this.#chatState('active'));
    return Promise.resolve({ id });
  }

  /** The same, shown as if it had been typed. */
  say(to, body) {
    const id = crypto.randomUUID();
    void this.send(to, { id, body });
    this.#options.on.message({ id, peer: to, body, time: new Date().toISOString(), outgoing: true });
  }

  typing(to, state) {
    this.#stanza('message', { to, type: 'chat' }, this.#chatState(state));
  }

  setShow(show) {
    this.#show = show;
    if (this.#ready) for (const to of [undefined, ...this.#subscribed]) this.#sendPresence(to);
  }

  /** Asks for someone's presence (RFC 6121 §3.1). */
  add(jid) {
    this.#stanza('presence', { to: jid, type: 'subscribe' });
  }

  /** Whoever asks may see him: he is that kind of man. */
  #letIn(jid) {
    this.#stanza('presence', { to: jid, type: 'subscribed' });
  }

  #ready = false;

  #open() {
    this.#write(element('open', { xmlns: ns.framing, to: this.jid.split('@')[1], version: '1.0' }));
  }

  #stanza(name, attrs, ...children) {
    const stanza = element(name, { xmlns: ns.client, ...attrs }, ...children);
    if (this.#ready) this.#write(stanza);
    else this.#queue.push(stanza);
  }

  #query(id, type, payload) {
    this.#write(element('iq', { xmlns: ns.client, id, type }, payload));
  }

  #chatState(state) {
    return element(state, { xmlns: ns.chatStates });
  }

  #sendPresence(to) {
    const show = this.#show ? [element('show', {}, this.#show)] : [];
    this.#stanza('presence', to ? { to } : {}, ...show);
  }

  #write(stanza) {
    const text = serialize(stanza);
    this.#socket.send(text);
    this.#options.on.frame(describe('out', text, stanza.name, stanza.attrs));
  }

  #receive(text, password) {
    const stanza = parse(text);
    this.#options.on.frame(describe('in', text, stanza.localName, attributes(stanza)));
    this.#handlers[stanza.localName]?.(stanza, password);
  }

  #handlers = {
    features: (_, password) => this.#negotiate(password),
    success: () => {
      this.#authenticated = true;
      this.#open();
    },
    failure: () => this.#stop('The password was refused'),
    iq: (stanza) => this.#iq(attributes(stanza), stanza),
    message: (stanza) => this.#message(stanza, false),
    presence: (stanza) => this.#presence(attributes(stanza), child(stanza, 'show', ns.client)?.textContent ?? ''),
  };

  /** RFC 6120 §6.3 and §7: first SASL, then, on the new stream, resource binding. */
  #negotiate(password) {
    if (this.#authenticated) return this.#query('bind', 'set', element('bind', { xmlns: ns.bind }));
    const bytes = new TextEncoder().encode(`\0${this.jid.split('@')[0]}\0${password}`);
    const text = btoa(String.fromCharCode(...bytes));
    this.#write(element('auth', { xmlns: ns.sasl, mechanism: 'PLAIN' }, text));
  }

  #iq({ id, type, from }, stanza) {
    if (type === 'result' && id === 'bind') return this.#begin();
    if (type === 'result' && id === 'roster') {
      const query = child(stanza, 'query', ns.roster);
      this.#roster(query);
      return this.#options.on.roster([...(query?.children ?? [])].map((item) => item.getAttribute('jid')));
    }
    if (type !== 'get' && type !== 'set') return;
    const push = child(stanza, 'query', ns.roster);
    // RFC 6121 §2.1.6: a push comes from our own account.
    if (type === 'set' && push && (!from || from === this.jid)) this.#roster(push);
    const known = push ?? child(stanza, 'ping', ns.ping);
    const error = element('error', { type: 'cancel' }, element('service-unavailable', { xmlns: ns.errors }));
    this.#stanza('iq', { id, ...(from && { to: from }), type: known ? 'result' : 'error' }, ...(known ? [] : [error]));
  }

  #begin() {
    this.#ready = true;
    this.#wait.reset();
    this.#query('roster', 'get', element('query', { xmlns: ns.roster }));
    this.#query('carbons', 'set', element('enable', { xmlns: ns.carbons }));
    this.#sendPresence();
    for (const stanza of this.#queue.splice(0)) this.#write(stanza);
    this.#options.on.state({ status: 'online' });
  }

  #roster(query) {
    for (const { jid, subscription, ask } of [...(query?.children ?? [])].map(attributes)) {
      const subscribed = subscription === 'to' || subscription === 'both';
      const news = subscribed && !this.#subscribed.has(jid);
      if (subscribed) this.#subscribed.add(jid);
      else this.#subscribed.delete(jid);
      if (news) this.#sendPresence(jid);
      this.#options.on.contact({ jid, state: subscribed ? 'subscribed' : ask ? 'asked' : 'none' });
    }
  }

  #message(stanza, outgoing) {
    const { on } = this.#options;
    const { id, from = this.jid, to, type } = attributes(stanza);
    const peer = bare(outgoing ? to : from);
    if (type === 'error') return on.failed({ id, peer, text: errorText(stanza) });
    const carbon = child(stanza, 'sent', ns.carbons) ?? child(stanza, 'received', ns.carbons);
    // XEP-0280 §11: copies count only from our own account.
    if (carbon) return bare(from) === this.jid ? this.#carbon(carbon) : undefined;
    const state = chatStates.find((name) => child(stanza, name, ns.chatStates));
    if (state && !outgoing) on.typing({ peer, state });
    const body = child(stanza, 'body', ns.client)?.textContent;
    const time = child(stanza, 'delay', ns.delay)?.getAttribute('stamp') ?? new Date().toISOString();
    if (body) on.message({ id: id ?? crypto.randomUUID(), peer, body, time, outgoing });
  }

  #carbon(wrapper) {
    const copy = child(child(wrapper, 'forwarded', ns.forward), 'message', ns.client);
    if (copy) this.#message(copy, wrapper.localName === 'sent');
  }

  #presence({ from = this.jid, type }, show) {
    const peer = bare(from);
    if (peer === this.jid) return;
    if (type === 'subscribe') this.#letIn(peer);
    if (type === undefined || type === 'unavailable') this.#options.on.presence({ peer, available: !type, show });
  }

  #closed(code) {
    this.#ready = false;
    if (!this.#stopped) this.#startLater(`Connection lost (${code})`);
  }

  #startLater(why) {
    const ms = this.#wait.next();
    this.#options.on.state({ status: 'waiting', text: `${why}; next try in ${Math.ceil(ms / 1000)} s` });
    setTimeout(() => void this.start(), ms);
  }

  #stopped = false;

  #stop(text) {
    this.#stopped = true;
    this.#socket.close();
    this.#options.on.state({ status: 'stopped', text });
  }
}

/** A stanza as the page shows it. `trail` is the message that it belongs to. */
function describe(direction, text, name, { id, type }) {
  const trail = name === 'message' && id ? id : '';
  return { format: 'XML', direction, text, trail, faint: false, bad: type === 'error' };
}

/** RFC 6120 §8.3: the condition and the text, if there is one. */
function errorText(stanza) {
  const parts = [...(child(stanza, 'error', ns.client)?.children ?? [])];
  const condition = parts.find(({ localName }) => localName !== 'text')?.localName ?? 'undefined-condition';
  const text = parts.find(({ localName }) => localName === 'text')?.textContent;
  return text ? `${condition}: ${text}` : condition;
}
