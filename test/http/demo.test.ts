/** The demo page as a browser, and as a stranger, gets it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDemo, type Demo } from '../../src/http/demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-page-'));
const origin = 'http://chat.example.com';
const demo: Demo = {
  folder,
  path: '/ws',
  origins: [origin],
  guests: true,
  users: ['alice'],
  token: (user) => Promise.resolve(`token of ${user}`),
};

function serve(options: Partial<Demo> = {}) {
  const app = fastify();
  addDemo(app, { ...demo, ...options });
  return app;
}

beforeAll(() => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/index-abc.js'), 'export {}');
  writeFileSync(join(folder, 'assets/left-over'), 'of a build');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the page', () => {
  it('has a content policy without anything inline, or from elsewhere but images', async () => {
    const { headers, body } = await serve().inject('/');
    expect(body).toBe('<!doctype html>');
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; img-src [^;]+; connect-src 'self';/,
    );
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain(`frame-ancestors ${origin};`);
  });

  it('is framed by nobody where every page may connect', async () => {
    const { headers } = await serve({ origins: ['*'] }).inject('/');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none';");
  });

  it('is asked for again each time, but comes once; what it loads is kept for ever', async () => {
    const app = serve();
    const first = await app.inject('/');
    expect(first.headers['cache-control']).toBe('no-cache');
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(first.headers.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await app.inject('/assets/index-abc.js')).headers['cache-control']).toContain('immutable');
  });

  it.each(['/assets/left-over', '/assets/', '/assets/..%2f..%2fpackage.json', '/index.htm'])(
    'has no %s',
    async (url) => {
      expect((await serve().inject(url)).statusCode).toBe(404);
    },
  );

  it('that was not built ends the start with what to do', () => {
    expect(() => serve({ folder: join(folder, 'nowhere') })).toThrow(/http\.public\.demo: .* npm run build:demo/);
  });
});

describe('tokens', () => {
  const ask = (payload: object, host = 'chat.example.com', options: Partial<Demo> = {}) =>
    serve(options).inject({ method: 'POST', url: '/demo/token', headers: { host }, payload });

  it('are for demo users only', async () => {
    expect((await ask({ user: 'alice' })).json()).toEqual({ token: 'token of alice' });
    for (const payload of [{ user: 'bob' }, { user: ['alice'] }, {}]) {
      expect((await ask(payload)).statusCode).toBe(404);
    }
  });

  it('are not given to a page of another name', async () => {
    expect((await ask({ user: 'alice' }, 'evil.example')).statusCode).toBe(403);
  });

  it('are not there at all without demo users', async () => {
    expect((await ask({ user: 'alice' }, 'chat.example.com', { users: [] })).statusCode).toBe(404);
  });

  it('the page is told who may sign in, and whether it may connect', async () => {
    const facts = async (host: string): Promise<unknown> =>
      (await serve().inject({ url: '/demo.json', headers: { host } })).json();
    const known = { path: '/ws', guests: true, users: ['alice'] };
    expect(await facts('chat.example.com')).toEqual({ ...known, allowed: true });
    expect(await facts('10.0.0.1:8080')).toEqual({ ...known, allowed: false });
  });
});
