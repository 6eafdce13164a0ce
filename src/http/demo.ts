/**
 * The demo page (`http.public.demo`): the files that scripts/demo.ts has built, what the page needs to know of this gateway,
 * and tokens for the demo users, where the operator has named any. All files are few and known: they are read once.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface Demo {
  /** Where the built page is. */
  readonly folder: string;
  /** Of the WebSocket. */
  readonly path: string;
  /** Of `http.public.origins`. */
  readonly origins: readonly string[];
  readonly guests: boolean;
  /** Who may sign in without a password. */
  readonly users: readonly string[];
  readonly token: (user: string) => Promise<string>;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

const year = 31_536_000;

/** @throws Error where the page was not built */
export function addDemo(app: FastifyInstance, demo: Demo): void {
  for (const file of filesOf(demo.folder)) {
    const address = file.name === 'index.html' ? '/' : `/${file.name}`;
    // The build names what is below assets/ by its content.
    const forEver = file.name.startsWith('assets/');
    app.get(address, (request, reply) => {
      reply.headers({
        ...securityHeaders(demo),
        etag: file.etag,
        'cache-control': forEver ? `public, max-age=${year}, immutable` : 'no-cache',
      });
      if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
      return reply.type(file.type).send(file.bytes);
    });
  }
  addFacts(app, demo);
  addTokens(app, demo);
}

/** What the page asks first. */
function addFacts(app: FastifyInstance, demo: Demo): void {
  app.get('/demo.json', (request, reply) => {
    const { path, guests, users, origins } = demo;
    return reply.headers(nothing).send({ path, guests, users, allowed: isListed(request, origins) });
  });
}

function addTokens(app: FastifyInstance, demo: Demo): void {
  const { users, token } = demo;
  if (users.length === 0) return;
  app.post<{ Body: unknown }>('/demo/token', async (request, reply) => {
    reply.headers(nothing);
    // Another name that resolves to this address is somebody else's page (DNS rebinding).
    if (!isListed(request, demo.origins)) return refuse(reply, 403, 'this address is not in http.public.origins');
    const user = userIn(request.body);
    if (user === undefined || !users.includes(user))
      return refuse(reply, 404, 'user: not one of http.public.demoUsers');
    return { token: await token(user) };
  });
}

const nothing = { 'content-security-policy': "default-src 'none'" };

function refuse(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).send({ error });
}

function userIn(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'user' in body && typeof body.user === 'string'
    ? body.user
    : undefined;
}

/** Did the request come by an address whose pages may connect? */
function isListed({ headers: { host } }: FastifyRequest, origins: readonly string[]): boolean {
  return origins.some((origin) => origin === '*' || (URL.canParse(origin) && new URL(origin).host === host));
}

/**
 * Nothing inline, nothing from elsewhere but images that people send. The pages that may connect may also frame it; where
 * all may, none may.
 */
function securityHeaders({ origins }: Demo): Record<string, string> {
  const framedBy = origins.length === 0 || origins.includes('*') ? "'none'" : origins.join(' ');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob: https: http:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy}`,
    "require-trusted-types-for 'script'",
    "trusted-types stanzawire 'allow-duplicates'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

interface BuiltFile {
  /** Its path below the folder, with slashes. */
  readonly name: string;
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
}

function filesOf(folder: string): BuiltFile[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // Told below.
  }
  if (!names.includes('index.html')) {
    throw new Error(`http.public.demo: the page is not in ${folder}; build it with: npm run build:demo`);
  }
  return names.flatMap((name) => {
    const type = types[extname(name)];
    if (type === undefined) return [];
    const bytes = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    return [{ name: name.split(sep).join('/'), type, etag, bytes }];
  });
}
