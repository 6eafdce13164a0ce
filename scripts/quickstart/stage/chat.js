/** One conversation of a pane: its tab, its messages, who is typing. */
import { follow, highlight } from './frames.js';

const words = { sending: 'sending …', sent: '✓ sent' };

export class Chat {
  #owner;
  #unread = 0;
  #selected = false;
  typing = false;
  onTyping = () => {};

  constructor({ owner, peer, name, onSelect }) {
    this.#owner = owner;
    this.peer = peer;
    this.name = name;
    this.list = this.#makeList();
    this.tab = this.#makeTab(onSelect);
  }

  get isEmpty() {
    return this.list.childElementCount === 0;
  }

  setSelected(selected) {
    this.#selected = selected;
    this.list.hidden = !selected;
    this.tab.querySelector('input').checked = selected;
    if (selected) this.#setUnread(0);
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Shows a message once: after a reconnect the same one may come again. */
  add({ id, body, time, outgoing }, status) {
    if (this.#find(id)) return;
    const item = document.createElement('li');
    item.className = outgoing ? 'mine' : 'theirs';
    item.dataset.trail = id;
    item.dataset.from = outgoing ? this.#owner : this.name;
    const text = document.createElement('p');
    text.textContent = body;
    text.dir = 'auto';
    const foot = document.createElement('div');
    foot.className = 'foot';
    foot.append(clock(time), statusLine(words[status]), trailButton(id));
    item.append(text, foot);
    item.onpointerenter = () => highlight(id);
    item.onpointerleave = () => highlight(undefined);
    this.list.append(item);
    this.list.scrollTop = this.list.scrollHeight;
    if (!outgoing && !this.#selected) this.#setUnread(this.#unread + 1);
  }

  sent(id) {
    this.#setStatus(id, words.sent, 'sent');
  }

  fail(id, text) {
    this.#setStatus(id, `not sent: ${text}`, 'failed');
  }

  setTyping(typing) {
    this.typing = typing;
    this.tab.classList.toggle('composing', typing);
    this.onTyping();
  }

  /** `show` is XMPP's: '' = online. */
  setPresence(available, show) {
    const dot = this.tab.querySelector('.dot');
    dot.dataset.show = available ? show || 'online' : 'offline';
    dot.title = dot.dataset.show;
    dot.setAttribute('aria-label', dot.dataset.show);
  }

  #find(id) {
    return [...this.list.children].find(({ dataset }) => dataset.trail === id);
  }

  #setStatus(id, text, className) {
    const item = this.#find(id);
    if (!item) return;
    item.classList.add(className);
    item.querySelector('.status').textContent = text;
  }

  #setUnread(count) {
    this.#unread = count;
    const badge = this.tab.querySelector('.unread');
    badge.hidden = count === 0;
    badge.textContent = count;
    badge.setAttribute('aria-label', `${count} unread`);
  }

  #makeList() {
    const list = document.createElement('ol');
    list.className = 'messages';
    list.tabIndex = 0;
    list.setAttribute('role', 'log');
    list.setAttribute('aria-label', `${this.#owner} with ${this.name}`);
    return list;
  }

  #makeTab(onSelect) {
    const tab = document.createElement('label');
    tab.className = 'tab';
    const input = document.createElement('input');
    input.type = 'radio';
    input.name = `${this.#owner}-peer`;
    input.value = this.peer;
    input.onchange = onSelect;
    const dot = document.createElement('span');
    dot.className = 'dot';
    dot.setAttribute('role', 'img');
    dot.setAttribute('aria-label', 'presence unknown');
    dot.title = 'presence unknown';
    const name = document.createElement('span');
    name.textContent = this.name;
    const unread = document.createElement('span');
    unread.className = 'unread';
    unread.hidden = true;
    tab.append(input, dot, name, unread);
    return tab;
  }
}

function clock(time) {
  const node = document.createElement('time');
  node.dateTime = time;
  node.textContent = new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return node;
}

function statusLine(text = '') {
  const node = document.createElement('span');
  node.className = 'status';
  node.textContent = text;
  return node;
}

/** Shows where this message is on each wire. */
function trailButton(id) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'find';
  button.textContent = 'trace';
  button.title = 'Find this message on every wire';
  button.onclick = () => follow(id);
  button.onfocus = () => highlight(id);
  button.onblur = () => highlight(undefined);
  return button;
}
