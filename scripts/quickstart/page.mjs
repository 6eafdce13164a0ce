/** Serves the demo page and its session data to this machine's browsers, and to nobody else. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { mintToken } from './config.mjs';

const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };
const tokenSeconds = 3600;

/** Listens on the stage's page port; on another host than loopback only in a container, whose port is published on it. */
export async function servePage({ stage, folder, host = '127.0.0.1' }) {
  const hosts = new Set(stage.origins.map((origin) => new URL(origin).host));
  const server = createServer((request, response) => {
    // Another name that resolves to 127.0.0.1 is a page of somebody else who wants our tokens (DNS rebinding).
    if (!hosts.has(request.headers.host)) return answer(response, 403, 'text/plain', 'Unknown host');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only');
    void respond(request, response, { stage, folder });
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(stage.ports.page, host, resolve);
  });
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(request, response, { stage, folder }) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/session.json') {
    return answer(response, 200, 'application/json', JSON.stringify(session(stage)));
  }
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  const type = types[extname(name)];
  if (!type || !/^[a-z-]+\.[a-z]+$/.test(name)) return answer(response, 404, 'text/plain', 'Not found');
  try {
    answer(response, 200, type, await readFile(join(folder, name)), contentPolicy(stage));
  } catch {
    answer(response, 404, 'text/plain', 'Not found');
  }
}

function answer(response, status, type, body, policy = "default-src 'none'") {
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function contentPolicy(stage) {
  const sockets = Object.values(urls(stage)).map((url) => new URL(url).origin.replace(/^http/, 'ws'));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${sockets.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function urls({ ports }) {
  return {
    gateway: `ws://127.0.0.1:${ports.gateway}/ws`,
    xmpp: `ws://127.0.0.1:${ports.xmppSocket}/xmpp-websocket`,
  };
}

/** What the page asks for at its start, and again when a token is about to expire. */
function session(stage) {
  const { gateway, xmpp } = urls(stage);
  return {
    gateway,
    web: stage.webUsers.map((name) => ({
      jid: `${name}@${stage.domain}`,
      token: mintToken(stage, name, tokenSeconds),
    })),
    xmpp: {
      jid: `${stage.xmppUser.name}@${stage.server}`,
      password: stage.xmppUser.password,
      url: xmpp,
      host: '127.0.0.1',
      port: stage.ports.c2s,
    },
    // A third web user, for a terminal.
    guest: { jid: `carol@${stage.domain}`, token: mintToken(stage, 'carol', tokenSeconds) },
  };
}
