/** Serves the quickstart's page and its session data to this machine's browsers, and to nobody else. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { mintToken } from './config.mjs';

const folder = join(import.meta.dirname, 'stage');
const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };
const tokenSeconds = 3600;

/** Listens on the stage's page port; on another host than loopback only in a container, whose port is published on it. */
export async function servePage({ stage, host = '127.0.0.1' }) {
  const hosts = new Set(stage.origins.map((origin) => new URL(origin).host));
  const server = createServer((request, response) => {
    // Another name that resolves to 127.0.0.1 is a page of somebody else who wants our tokens (DNS rebinding).
    if (!hosts.has(request.headers.host)) return answer(response, 403, 'text/plain', 'Unknown host');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only');
    void respond(request, response, stage);
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

async function respond(request, response, stage) {
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

function contentPolicy({ ports }) {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ws://127.0.0.1:${ports.xmppSocket}`,
    `frame-src http://127.0.0.1:${ports.gateway} http://localhost:${ports.gateway}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** What the page asks for at its start, and when romeo connects again. */
function session(stage) {
  const { ports } = stage;
  return {
    chat: `http://127.0.0.1:${ports.gateway}/?user=${stage.webUsers[0]}`,
    gateway: `ws://127.0.0.1:${ports.gateway}/ws`,
    web: stage.webUsers.map((name) => `${name}@${stage.domain}`),
    xmpp: {
      jid: `${stage.xmppUser.name}@${stage.server}`,
      password: stage.xmppUser.password,
      url: `ws://127.0.0.1:${ports.xmppSocket}/xmpp-websocket`,
      host: '127.0.0.1',
      port: ports.c2s,
    },
    // A web user for a terminal.
    guest: { jid: `carol@${stage.domain}`, token: mintToken(stage, 'carol', tokenSeconds) },
  };
}
