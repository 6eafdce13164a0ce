/** What passes on a wire: raw frames and stanzas with a little colour, and the trail of one message through them. */

const most = 300;
const longFrame = 420;

/** Adds a frame to a pane's list. */
export function addFrame(list, { format, direction, text, trail, faint, bad }) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const item = document.createElement('li');
  item.className = direction;
  item.dataset.trail = trail;
  item.classList.toggle('faint', faint);
  item.classList.toggle('bad', bad);
  const arrow = document.createElement('span');
  arrow.className = 'arrow';
  arrow.textContent = direction === 'out' ? '→' : '←';
  arrow.setAttribute('aria-label', direction === 'out' ? 'sent' : 'received');
  arrow.setAttribute('role', 'img');
  arrow.title = new Date().toLocaleTimeString();
  const code = document.createElement('code');
  code.append(...paint(hideSecrets(text), patterns[format]));
  item.append(arrow, code);
  if (text.length > longFrame) item.append(moreButton(item));
  list.append(item);
  while (list.children.length > most) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Marks everything on the page that belongs to the message `id`: bubbles, frames, stanzas. */
export function highlight(id) {
  for (const marked of document.querySelectorAll('.trail')) marked.classList.remove('trail');
  if (id) for (const item of sameTrail(id)) item.classList.add('trail');
}

/** The same, and brings the first of them into view in every list. */
export function follow(id) {
  highlight(id);
  const seen = new Set();
  for (const item of sameTrail(id)) {
    const list = item.closest('ol');
    if (seen.has(list)) continue;
    seen.add(list);
    list.scrollTop += item.getBoundingClientRect().top - list.getBoundingClientRect().top - 8;
  }
}

function sameTrail(id) {
  return document.querySelectorAll(`[data-trail="${CSS.escape(id)}"]`);
}

function hideSecrets(text) {
  return text.replace(/("token":"[^"]{10})[^"]+/g, '$1…').replace(/(<auth[^>]*>)[^<]+/, '$1…');
}

function moreButton(item) {
  const button = document.createElement('button');
  button.type = 'button';
  const set = (open) => {
    item.classList.toggle('long', !open);
    button.textContent = open ? 'less' : 'more';
    button.setAttribute('aria-expanded', String(open));
  };
  button.onclick = () => set(item.classList.contains('long'));
  set(false);
  return button;
}

/** Every group of a pattern is named after the class of its colour. */
const patterns = {
  JSON: /(?<key>"(?:\\.|[^"\\])*")(?=\s*:)|(?<string>"(?:\\.|[^"\\])*")|(?<atom>-?\d[\d.eE+-]*|true|false|null)|(?<mark>[{}[\],:]+)/g,
  XML: /(?<tag><\/?[\w:.-]+|\/?>)|(?<key>\s[\w:.-]+)(?==)|(?<mark>=)|(?<string>"[^"]*"|'[^']*')/g,
};

function paint(text, pattern) {
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const [className] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    const span = document.createElement('span');
    span.className = className;
    span.textContent = match[0];
    parts.push(text.slice(done, match.index), span);
    // JSON has no spaces: say where a line may end.
    if (/[,{]$/.test(match[0]) && className === 'mark') parts.push(document.createElement('wbr'));
    done = match.index + match[0].length;
  }
  return [...parts, text.slice(done)];
}
