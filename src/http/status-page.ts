/**
 * The status page of the internal port: what `GET /api/status` says, for eyes. It asks for the key of the API, keeps it for
 * the life of the tab, and shows nothing before it has it. No data is ever part of the page: the script writes it as text.
 */
import type { FastifyInstance } from 'fastify';

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function addStatusPage(app: FastifyInstance): void {
  app.get('/', (_request, reply) =>
    reply
      .headers({ 'content-security-policy': contentSecurityPolicy, 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send(page),
  );
  app.get('/status.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(styles));
  app.get('/status.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Stanzawire</title>
<link rel="stylesheet" href="status.css">
<main>
<h1>Stanzawire</h1>
<p id="said" role="status">This page needs JavaScript.</p>
<form id="ask" hidden>
<label for="key">Key of the API</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" required>
<button>Show</button>
</form>
<dl id="facts"></dl>
<button id="forget" hidden>Forget the key</button>
</main>
<script src="status.js"></script>
</html>
`;

const styles = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; font-variant-numeric: tabular-nums; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
.good { color: light-dark(#12632b, #7fd69a); font-weight: 600; }
.bad { color: light-dark(#a3161f, #ff9aa0); font-weight: 600; }
input, button { font: inherit; padding: .35rem .6rem; }
label { display: block; }
`;

const script = `'use strict';
const place = 'stanzawire-api-key';
const everyMs = 5000;
const part = (id) => document.getElementById(id);
const say = (text, look) => { part('said').textContent = text; part('said').className = look; };
const size = (bytes) => (bytes / 1048576).toFixed(1) + ' MiB';
const time = (ms) => {
  const minutes = Math.floor(ms / 60000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  return days + ' d ' + hours + ' h ' + (minutes % 60) + ' min';
};
const waiting = { timer: undefined };

const factsOf = (one) => [
  ['Link to ' + one.server, one.link.state + ' since ' + one.link.since + (one.link.reason ? ' (' + one.link.reason + ')' : ''),
    one.link.state === 'up' ? 'good' : 'bad'],
  ['Ready', one.draining ? 'no: it is stopping' : one.ready ? 'yes' : 'no', one.ready ? 'good' : 'bad'],
  ['Domain', one.domain],
  ['Version', one.version + ', Node ' + one.node],
  ['Running for', time(one.uptimeMs)],
  ['Sockets', one.sockets.open + ' open, ' + one.sockets.connecting + ' connecting, of ' + one.sockets.limit],
  ['Sessions', one.sessions.attached + ' attached, ' + one.sessions.detached + ' waiting for their clients'],
  ['Accounts', one.accounts.open + ' in memory, ' + one.accounts.stored + ' stored'],
  ['Store', one.store.kind + ', ' + size(one.store.bytes) + (one.store.available ? '' : ', cannot be written'),
    one.store.available ? '' : 'bad'],
  ['Memory', size(one.memory.residentBytes) + ', heap ' + size(one.memory.heapBytes) + ' of ' + size(one.memory.heapLimitBytes)],
];

const show = (facts) => {
  part('facts').replaceChildren(...facts.flatMap(([name, value, look]) => {
    const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
    dt.textContent = name;
    dd.textContent = value;
    if (look) dd.className = look;
    return [dt, dd];
  }));
};

const ask = (why) => {
  clearTimeout(waiting.timer);
  sessionStorage.removeItem(place);
  show([]);
  part('ask').hidden = false;
  part('forget').hidden = true;
  say(why, '');
};

const look = async () => {
  const key = sessionStorage.getItem(place);
  if (!key) return ask('The key of the API is asked for, and kept in this tab only.');
  part('ask').hidden = true;
  part('forget').hidden = false;
  try {
    const answer = await fetch('api/status', { headers: { authorization: 'Bearer ' + key }, signal: AbortSignal.timeout(everyMs) });
    const body = await answer.json();
    if (sessionStorage.getItem(place) !== key) return;
    if (answer.status === 401 || answer.status === 403 || answer.status === 429) return ask(body.error.message);
    if (!answer.ok) throw new Error(body.error.message);
    show(factsOf(body));
    say('As of ' + new Date().toLocaleTimeString() + ', every ' + everyMs / 1000 + ' seconds.', '');
  } catch (error) {
    say('Not reached: ' + error.message, 'bad');
  }
  clearTimeout(waiting.timer);
  waiting.timer = setTimeout(look, everyMs);
};

part('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(place, part('key').value.trim());
  part('key').value = '';
  look();
});
part('forget').addEventListener('click', () => ask('Forgotten.'));
look();
`;
