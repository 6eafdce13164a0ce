/** A plain chat window. It knows nothing of XMPP: a user object says what happens and does what is asked. */
import { Chat } from './chat.js';
import { addFrame } from './frames.js';

const nameOf = (jid) => jid.split('@')[0];
const pausedAfterMs = 4000;

export class Pane {
  #jid;
  #user;
  #chats = new Map();
  #chat;
  #frames = 0;
  #contacts = new Map();
  #composing = false;
  #pauseTimer;

  /** `first` is whom the pane starts with. */
  constructor(jid, people, first) {
    this.#jid = jid;
    this.element = document.querySelector('#pane').content.firstElementChild.cloneNode(true);
    this.element.dataset.user = nameOf(jid);
    this.element.setAttribute('aria-label', nameOf(jid));
    this.#part('.face').textContent = nameOf(jid)[0];
    this.#part('h2').textContent = nameOf(jid);
    this.#part('.jid').textContent = jid;
    this.#part('.peers legend').textContent = `${nameOf(jid)} chats with`;
    this.#part('.show').setAttribute('aria-label', `${nameOf(jid)}'s availability`);
    this.#part('.frames').tabIndex = 0;
    this.#part('.frames').setAttribute('aria-label', `Frames of ${nameOf(jid)}`);
    for (const peer of people) if (peer !== jid) this.#chatWith(peer);
    this.#select(this.#chats.get(first));
    // On a phone the chats come first.
    this.#part('.wire').open = !matchMedia('(max-width: 720px)').matches;
  }

  /** Connects the controls to a user object. */
  bind(user) {
    this.#user = user;
    this.#part('.format').textContent = user.format;
    this.#part('.wire summary').firstChild.textContent = `On the wire: ${user.format} `;
    this.#part('.composer').onsubmit = (event) => this.#submit(event);
    this.#input.oninput = () => this.#typed();
    this.#part('.show').onchange = ({ target }) => user.setShow(target.value);
    this.#part('.banner button').onclick = () => void user.start();
    this.#part('.offer button').onclick = () => user.add(this.#chat.peer);
  }

  /** What the user object tells. */
  on = {
    state: ({ status, text }) => this.#showState(status, text),
    message: (message) => this.#receive(message),
    failed: ({ id, peer, text }) => this.#chatWith(peer).fail(id, text),
    typing: ({ peer, state }) => this.#chatWith(peer).setTyping(state === 'composing'),
    presence: ({ peer, available, show }) => this.#chatWith(peer).setPresence(available, show),
    contact: ({ jid, state }) => {
      this.#contacts.set(jid, state);
      this.#showOffer();
    },
    frame: (frame) => {
      this.#frames += 1;
      this.#part('.count').textContent = this.#frames;
      addFrame(this.#part('.frames'), frame);
    },
  };

  #part(selector) {
    return this.element.querySelector(selector);
  }

  get #input() {
    return this.#part('.composer input');
  }

  #chatWith(peer) {
    const known = this.#chats.get(peer);
    if (known) return known;
    const chat = new Chat({ owner: nameOf(this.#jid), peer, name: nameOf(peer), onSelect: () => this.#select(chat) });
    chat.onTyping = () => this.#showTyping();
    this.#chats.set(peer, chat);
    this.#part('.peers').append(chat.tab);
    this.#part('.chats').append(chat.list);
    return chat;
  }

  #select(chat) {
    this.#stopComposing('paused');
    this.#chat = chat;
    for (const other of this.#chats.values()) other.setSelected(other === chat);
    const label = `Message to ${chat.name}`;
    this.#input.placeholder = label;
    this.#input.setAttribute('aria-label', `${label}, from ${nameOf(this.#jid)}`);
    this.#showTyping();
    this.#showOffer();
  }

  #submit(event) {
    event.preventDefault();
    const body = this.#input.value.trim();
    if (!body) return;
    this.#input.value = '';
    // A message ends its sender's typing by itself.
    this.#composing = false;
    this.#stopComposing();
    const message = { id: crypto.randomUUID(), body, time: new Date().toISOString(), outgoing: true };
    const chat = this.#chat;
    chat.add(message, 'sending');
    this.#user.send(chat.peer, message).then(
      ({ time }) => chat.sent(message.id, time),
      (error) => chat.fail(message.id, error.message),
    );
  }

  #receive(message) {
    const chat = this.#chatWith(message.peer);
    if (this.#chat.isEmpty && !this.#input.value) this.#select(chat);
    chat.add(message, message.outgoing ? 'sent' : 'received');
    if (!message.outgoing) chat.setTyping(false);
  }

  /** XEP-0085: composing once, paused when the keys rest. */
  #typed() {
    if (!this.#input.value) return this.#stopComposing('active');
    if (!this.#composing) this.#user.typing(this.#chat.peer, 'composing');
    this.#composing = true;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => this.#stopComposing('paused'), pausedAfterMs);
  }

  #stopComposing(state) {
    clearTimeout(this.#pauseTimer);
    if (this.#composing) this.#user.typing(this.#chat.peer, state);
    this.#composing = false;
  }

  #showTyping() {
    this.#part('.typing').textContent = this.#chat?.typing ? `${this.#chat.name} is typing …` : '';
  }

  #showState(status, text) {
    if (status !== 'online') for (const chat of this.#chats.values()) chat.setTyping(false);
    this.element.dataset.status = status;
    this.#part('.banner').hidden = status === 'online';
    this.#part('.banner span').textContent = text ?? 'Connecting …';
    this.#part('.banner button').hidden = status !== 'stopped';
  }

  /** Offers to ask for the presence of the person one chats with, where the user object can. */
  #showOffer() {
    const state = this.#contacts.get(this.#chat?.peer) ?? 'none';
    const offer = this.#part('.offer');
    offer.hidden = !this.#user?.add || state === 'subscribed';
    if (offer.hidden) return;
    const { name } = this.#chat;
    const asked = state === 'asked';
    offer.querySelector('span').textContent = asked
      ? `Asked ${name}; no answer yet.`
      : `Is ${name} online? Contacts know.`;
    offer.querySelector('button').textContent = asked ? 'Ask again' : `Add ${name}`;
  }
}
