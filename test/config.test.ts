/** Every key from file and environment, what is refused and how it is worded, secrets, and the generated pages. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { generated } from '../scripts/docs.ts';
import { allKeys } from '../src/config/keys.ts';
import { parseSize } from '../src/config/values.ts';
import { ConfigError, effective, loadConfig, parseDuration, warnings } from '../src/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const minimal = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SECRET: 'planted-secret',
  STANZAWIRE_AUTH_JWT_SECRET: 'planted-key-of-thirty-two-bytes-or-more',
};

function withEnv(env: Record<string, string>) {
  return loadConfig({ env: { ...minimal, ...env } });
}

function withFile(text: string, env: Record<string, string> = minimal) {
  return loadConfig({ file: file('config.yaml', text), env });
}

/** The message of the ConfigError, which must be one line without a planted secret. */
function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toMatch(/[\r\n]|planted/);
    return error.message.replaceAll(join(folder, 'config.yaml'), 'FILE');
  }
  throw new Error('it was accepted');
}

describe('defaults', () => {
  it('are those of the documentation when only the required keys are given', () => {
    expect(effective(withEnv({}))).toEqual({
      mode: 'standalone',
      xmpp: {
        service: 'xmpp://127.0.0.1:5347',
        domain: 'web.example.com',
        secret: '(set)',
        server: 'example.com',
        pace: 500,
      },
      http: {
        public: {
          host: '0.0.0.0',
          port: 8080,
          path: '/ws',
          origins: [],
          requireOrigin: false,
          trustedProxies: [],
          demo: false,
          demoUsers: [],
        },
        internal: { host: '127.0.0.1', port: 9090 },
      },
      auth: {
        jwt: { secret: '(set)', algorithms: ['HS256'], userClaim: 'sub', scopeClaim: 'scope' },
        webhook: { timeout: '5s', cache: '1m', concurrency: 32, queue: 1000 },
        guest: { enabled: false, prefix: 'guest-', ttl: '7d' },
      },
      store: { url: 'sqlite:data/stanzawire.db', sync: 'normal' },
      accounts: {
        unknown: 'bounce',
        answers: ['lastActivity', 'time', 'version', 'ping'],
        routeLocally: true,
      },
      sessions: { resumeWindow: '1m', maxEvents: 2000, perAccount: 16, heartbeat: '25s' },
      limits: {
        frame: '64KiB',
        stanza: '256KiB',
        batch: 50,
        inFlight: 64,
        rate: 20,
        burst: 100,
        historyMax: 100,
        outbound: '1MiB',
        outboundTotal: '256MiB',
        resumeTotal: '256MiB',
        sendTimeout: '30s',
        sockets: 20_000,
        perAddress: { sockets: 1000, handshakes: 2000, failedLogins: 300 },
        perAccount: { handshakes: 120 },
      },
      uploads: { hosts: [], size: '100MiB', streams: 100 },
      webhooks: {
        events: ['session.opened', 'session.closed', 'message.offline'],
        bodies: false,
        timeout: '10s',
        retry: '12h',
        attempts: 80,
        backoff: '1s',
        concurrency: 8,
        queue: 10_000,
      },
      push: { previews: true, ttl: '1d', retry: '1h', backoff: '2s', services: [] },
      readiness: { requireLink: true },
      drain: { time: '10s', presence: 'keep' },
      log: { level: 'info' },
      extensions: [],
    });
  });

  it('are milliseconds and bytes for the program', () => {
    const { sessions, limits, auth } = withEnv({});
    expect([sessions.resumeWindow, limits.frame, auth.guest.ttl]).toEqual([60_000, 65_536, 604_800_000]);
  });

  it('follow from the mode for the readiness, which can be said too', () => {
    const requireLink = (extra: Record<string, string>) => withEnv(extra).readiness.requireLink;
    expect(requireLink({})).toBe(true);
    expect(requireLink({ STANZAWIRE_MODE: 'sidecar' })).toBe(false);
    const both = { STANZAWIRE_MODE: 'sidecar', STANZAWIRE_READINESS_REQUIRE_LINK: 'true' };
    expect(requireLink(both)).toBe(true);
  });

  it('follow from other keys for the server and the algorithms', () => {
    expect(withEnv({ STANZAWIRE_XMPP_DOMAIN: 'Chat.Web.Example.COM.' }).xmpp).toMatchObject({
      domain: 'chat.web.example.com',
      server: 'web.example.com',
    });
    const { STANZAWIRE_AUTH_JWT_SECRET: _, ...rest } = minimal;
    const jwks = { ...rest, STANZAWIRE_AUTH_JWT_JWKS_URL: 'https://id.example.com/jwks' };
    expect(loadConfig({ env: jwks }).auth.jwt?.algorithms).toEqual(['RS256', 'ES256', 'EdDSA']);
    const guests = { ...rest, STANZAWIRE_AUTH_GUEST_ENABLED: 'true' };
    expect(loadConfig({ env: guests }).auth.jwt).toBeUndefined();
    const key = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';
    const backend = { STANZAWIRE_AUTH_WEBHOOK_URL: 'https://a.example.com/', STANZAWIRE_AUTH_WEBHOOK_SECRET: key };
    expect(loadConfig({ env: { ...rest, ...backend } }).auth.jwt).toBeUndefined();
  });
});

describe('the environment', () => {
  it('has a variable for every key, and each one is read', () => {
    const others: Record<string, string> = {
      'http.public.origins': 'https://a.example.com, https://b.example.com',
      'http.public.trustedProxies': '10.0.0.0/8, 2001:db8::1',
      'http.public.demoUsers': 'alice, bob',
      extensions: './extension.js, a-package',
      'xmpp.server': 'example.org',
      'auth.jwt.issuer': 'https://id.example.com',
      'auth.jwt.audience': 'chat',
      'auth.jwt.algorithms': 'HS512',
      'accounts.answers': 'time, ping',
      'accounts.reportsTo': 'abuse@example.com',
      'uploads.hosts': 'files.example.com, 127.0.0.1',
      'webhooks.events': 'session.opened, message.offline',
      'push.contact': 'mailto:ops@example.com',
      'push.services': 'fcm.googleapis.com, *.push.apple.com',
      'store.retention.age': '365d',
      'store.retention.perChat': '1000',
      'readiness.requireLink': 'false',
      'drain.url': 'wss://other.example.com/ws',
    };
    const skipped = /secret|privateKey|webhooks?\.url|apiKey|jwksUrl|xmpp\.domain/;
    for (const key of allKeys().filter(({ key }) => !skipped.test(key))) {
      const text = others[key.key] ?? (key.key.startsWith('log.levels.') ? 'debug' : String(key.default));
      const config: unknown = effective(withEnv({ [key.env]: text }));
      const found = key.path.reduce<unknown>(
        (tree, name) => Object.entries(tree ?? {}).find(([n]) => n === name)?.[1],
        config,
      );
      const expected = key.kind === 'list' ? text.split(', ') : text === '60s' ? '1m' : text;
      expect(Array.isArray(found) ? found : String(found), key.key).toEqual(expected);
    }
  });

  it('has a key of the API that cannot be guessed, or none', () => {
    const key = 'a key of thirty-two characters, or more';
    const { http } = withEnv({ STANZAWIRE_HTTP_INTERNAL_API_KEY: key });
    expect([http.internal.apiKey?.(), withEnv({}).http.internal.apiKey]).toEqual([key, undefined]);
    expect(() => withEnv({ STANZAWIRE_HTTP_INTERNAL_API_KEY: 'short' })).toThrow(/apiKey: 5 characters .* take 32/);
  });

  it('goes before the file, for secrets in either form', () => {
    const text = 'limits: { rate: 1, burst: 5 }\nxmpp: { secretFile: /does/not/exist, domain: a.b.c }\n';
    const { limits, xmpp } = withFile(text, { ...minimal, STANZAWIRE_LIMITS_RATE: '2' });
    expect([limits.rate, limits.burst, xmpp.secret()]).toEqual([2, 5, 'planted-secret']);
    const path = file('secret', 'from the file\n');
    const { STANZAWIRE_XMPP_SECRET: _, ...rest } = minimal;
    const env = { ...rest, STANZAWIRE_XMPP_SECRET_FILE: path };
    expect(withFile('xmpp: { secret: in the configuration }', env).xmpp.secret()).toBe('from the file');
  });

  it('does not count what is empty, foreign, or set by Kubernetes', () => {
    const config = withEnv({
      STANZAWIRE_LIMITS_RATE: '',
      STANZAWIRE_VERSION: '9',
      STANZAWIRE_SERVICE_HOST: '10.0.0.1',
      STANZAWIRE_PORT: 'tcp://10.0.0.1:80',
      STANZAWIRE_PORT_80_TCP_ADDR: '10.0.0.1',
      STANZAWIRE_HTTP_PUBLIC_PORT: 'tcp://10.0.0.1:80',
      STANZAWIRE_HTTP_PUBLIC_SERVICE_PORT: '80',
    });
    expect([config.limits.rate, config.http.public.port]).toEqual([20, 8080]);
  });

  it.each([
    ['STANZAWIRE_SESSION_RESUME_WINDOW', 'no such key; did you mean STANZAWIRE_SESSIONS_RESUME_WINDOW?'],
    ['STANZAWIRE_XMPP_COLOUR', 'no such key; unset it; docs/configuration.md lists every variable'],
  ])('refuses %s', (name, message) => {
    expect(refusal(() => withEnv({ [name]: 'planted' }))).toBe(`${name}: ${message}`);
  });
});

describe('what is refused names the key, the value and the remedy', () => {
  const inFile: [string, string][] = [
    ['xmpp: { sercet: planted }', 'xmpp.sercet: no such key; did you mean xmpp.secret? (FILE:1)'],
    ['xmpp:\n  resumeWindow: 5s\n', 'xmpp.resumeWindow: no such key; did you mean sessions.resumeWindow? (FILE:2)'],
    ['session: { heartbeat: 5s }', 'session: no such key; did you mean sessions? (FILE:1)'],
    ['colour: blue', 'colour: no such key; remove it; docs/configuration.md lists every key (FILE:1)'],
    ['__proto__: { x: 1 }', '__proto__: no such key; remove it; docs/configuration.md lists every key (FILE:1)'],
    ['xmpp: planted', 'xmpp: is text, not a section; write its keys below it, indented (FILE:1)'],
    ['- planted', 'the file: is list, not a section; write its keys below it, indented (FILE:1)'],
    ['auth: { jwt: { issuer: 7 } }', 'auth.jwt.issuer: 7 is not usable; write text, in quotes, not empty (FILE:1)'],
    [
      'sessions: { heartbeat: 25 }',
      'sessions.heartbeat: 25 is not a duration from 100ms to 1h; write a number with its unit (ms, s, m, h, d), like 25s (FILE:1)',
    ],
    [
      'limits: { frame: 64kb }',
      'limits.frame: "64kb" is not a size from 1KiB to 16MiB; write bytes, or a number with its unit (KiB, MiB, GiB), like 64KiB (FILE:1)',
    ],
    [
      'http: { public: { port: 99999 } }',
      'http.public.port: 99999 is not a whole number from 0 to 65535; write one, like 8080 (FILE:1)',
    ],
    [
      'http: { public: { origins: https://a.example.com } }',
      'http.public.origins: "https://a.example.com" is not valid; write a list of origins, like [https://chat.example.com] (FILE:1)',
    ],
    [
      'http: { public: { origins: [https://a.example.com/] } }',
      'http.public.origins: "https://a.example.com/" is not an origin as browsers send it; write https://a.example.com',
    ],
    [
      'http: { public: { trustedProxies: [10.0.0.0/33] } }',
      'http.public.trustedProxies: "10.0.0.0/33" is neither an address nor a network; write it like 192.0.2.7, 10.0.0.0/8 or fd00::/8',
    ],
    [
      'limits: { outboundTotal: 1MiB, outbound: 2MiB }',
      'limits.outboundTotal: 1048576 bytes are less than one socket may take; make it at least limits.outbound, 2097152 bytes',
    ],
    [
      'auth: { guest: { enabled: yes } }',
      'auth.guest.enabled: "yes" is not true or false; write one of the two (FILE:1)',
    ],
    [
      'xmpp: { service: localhost }',
      'xmpp.service: "localhost" is not valid; write xmpp://HOST:PORT or xmpps://HOST:PORT, like xmpp://127.0.0.1:5347 (FILE:1)',
    ],
    [
      'xmpp: { secret: planted, secretFile: x }',
      'xmpp.secret: xmpp.secret and xmpp.secretFile are both set; remove one of them (FILE:1)',
    ],
    [
      'auth: { jwt: { jwksUrl: "https://me:planted@id.example.com/" } }',
      'auth.jwt.jwksUrl: "https://…@id.example.com/" is not valid; write an https:// URL without a password in it (FILE:1)',
    ],
    [
      'auth: { jwt: { jwksUrl: "https://id.example.com/" } }',
      'auth.jwt: a secret and jwksUrl are both set; keep the one that signs your tokens',
    ],
    [
      'limits: { outbound: 64KiB }',
      'limits.outbound: 65536 bytes could not hold one stanza; make it at least limits.stanza, 262144 bytes',
    ],
    ['a: *planted', 'FILE: not valid YAML: a value starts with *; put such text in quotes'],
  ];
  it.each(inFile)('%s', (text, message) => {
    expect(refusal(() => withFile(text))).toBe(message);
  });

  it.each(['secret: |planted', 'secret: !planted x', 'secret: @planted', 'secret: "planted'])(
    'without quoting a broken line that may hold a secret: %s',
    (line) => {
      expect(refusal(() => withFile(`xmpp:\n  ${line}\n`))).toMatch(/^FILE:[23]:\d+: not valid YAML: [a-z ]+; indent/);
    },
  );

  const inEnv: [Record<string, string>, string][] = [
    [
      { STANZAWIRE_XMPP_DOMAIN: 'my host' },
      'xmpp.domain: "my host" is not a domain; write a domain name, like web.example.com',
    ],
    [
      { STANZAWIRE_XMPP_DOMAIN: 'example.com' },
      `xmpp.server: missing, and "example.com" has no parent domain to take; set xmpp.server or STANZAWIRE_XMPP_SERVER to the XMPP server's own domain, like example.com`,
    ],
    [
      { STANZAWIRE_XMPP_SERVER: 'web.example.com' },
      'xmpp.domain: "web.example.com" is also xmpp.server; the gateway needs a domain of its own, like web.web.example.com',
    ],
    [
      { STANZAWIRE_AUTH_JWT_ALGORITHMS: 'HS256,RS256' },
      'auth.jwt.algorithms: "RS256" does not go with a shared secret; write of HS256, HS384, HS512',
    ],
    [
      { STANZAWIRE_AUTH_JWT_SECRET: '', STANZAWIRE_AUTH_JWT_ISSUER: 'x' },
      'auth.jwt.issuer: "x" has no key to go with; set auth.jwt.secret, auth.jwt.secretFile or auth.jwt.jwksUrl (or STANZAWIRE_AUTH_JWT_SECRET), or remove auth.jwt',
    ],
    [
      { STANZAWIRE_AUTH_JWT_SECRET: '' },
      'auth: nobody could connect; set auth.jwt.secret, auth.jwt.secretFile or auth.jwt.jwksUrl (or STANZAWIRE_AUTH_JWT_SECRET), auth.webhook.url, or auth.guest.enabled: true',
    ],
    [
      { STANZAWIRE_AUTH_WEBHOOK_URL: 'https://app.example.com/auth' },
      'auth.webhook.secret: missing; requests to auth.webhook.url are signed; set it or auth.webhook.secretFile, as `echo whsec_$(openssl rand -base64 32)` gives it',
    ],
    [
      { STANZAWIRE_AUTH_WEBHOOK_SECRET: 'whsec_x' },
      'auth.webhook.secret: there is no auth.webhook.url that it signs for; set that, or remove it',
    ],
    [
      { STANZAWIRE_AUTH_WEBHOOK_URL: 'https://app.example.com/auth', STANZAWIRE_AUTH_WEBHOOK_SECRET: 'planted' },
      'auth.webhook.secret: not whsec_ and 24 to 64 bytes in base64; take what `echo whsec_$(openssl rand -base64 32)` gives',
    ],
    [
      { STANZAWIRE_XMPP_SECRET: '', STANZAWIRE_XMPP_SECRET_FILE: '/does/not/exist' },
      'xmpp.secretFile: "/does/not/exist" cannot be read: it does not exist; give the path of a file (STANZAWIRE_XMPP_SECRET_FILE)',
    ],
  ];
  it.each(inEnv)('%j', (env, message) => {
    expect(refusal(() => withEnv(env))).toBe(message);
  });

  it('a secret that is no text', () => {
    const env = { ...minimal, STANZAWIRE_XMPP_SECRET: '' };
    const message = 'xmpp.secret: this number is not usable; write text, in quotes, not empty (FILE:1)';
    expect(refusal(() => withFile('xmpp: { secret: 12345 }', env))).toBe(message);
  });

  it('a file of the configuration that is not there', () => {
    expect(refusal(() => loadConfig({ file: '/does/not/exist', env: minimal }))).toBe(
      '--config: "/does/not/exist" cannot be read: it does not exist; give the path of a YAML file',
    );
  });

  it('an empty file is a file with no keys', () => {
    expect(withFile('# nothing\n').limits.rate).toBe(20);
    expect(withFile('limits:\nsessions: { heartbeat: }\n').sessions.heartbeat).toBe(25_000);
  });
});

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['0s', 0],
  ['30', undefined],
  ['30 sec', undefined],
  ['-1s', undefined],
  ['0.5ms', undefined],
  ['1e3s', undefined],
])('the duration %s is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['65536', 65_536],
  ['64KiB', 65_536],
  ['1 MiB', 1_048_576],
  ['1.5KiB', 1536],
  ['64kb', undefined],
  ['64K', undefined],
  ['', undefined],
])('the size %j is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

describe('a secret in a file', () => {
  it('is its text without the final line ends', () => {
    const env = { ...minimal, STANZAWIRE_XMPP_SECRET: '', STANZAWIRE_XMPP_SECRET_FILE: file('secret', ' first\r\n\n') };
    expect(loadConfig({ env }).xmpp.secret()).toBe(' first');
  });

  it('must not be empty at start', () => {
    const env = { ...minimal, STANZAWIRE_XMPP_SECRET: '', STANZAWIRE_XMPP_SECRET_FILE: file('empty', '\n') };
    expect(refusal(() => loadConfig({ env }))).toMatch(/^xmpp\.secretFile: ".*" cannot be read: it is empty; give/);
  });
});

describe('warnings', () => {
  it('are none for what is safe', () => {
    for (const service of [
      'xmpps://xmpp.example.com:5347',
      'xmpp://10.1.2.3:5347',
      'xmpp://[::1]:5347',
      'xmpp://prosody:5347',
    ]) {
      expect(warnings(withEnv({ STANZAWIRE_XMPP_SERVICE: service })), service).toEqual([]);
    }
    const app = 'capacitor://localhost,http://localhost:5173';
    expect(withEnv({ STANZAWIRE_HTTP_PUBLIC_ORIGINS: app }).http.public.origins).toEqual(app.split(','));
  });

  it.each([
    [{ STANZAWIRE_HTTP_PUBLIC_ORIGINS: '*' }, /^http\.public\.origins: "\*" lets every web page connect/],
    [
      { STANZAWIRE_XMPP_SERVICE: 'xmpp://xmpp.example.com:5347' },
      /^xmpp\.service: the link to xmpp\.example\.com is clear/,
    ],
    [
      { STANZAWIRE_XMPP_SERVICE: 'xmpp://[2001:db8::1]:5347' },
      /^xmpp\.service: the link to \[2001:db8::1\] is clear text/,
    ],
    [{ STANZAWIRE_AUTH_JWT_SECRET: 'planted' }, /^auth\.jwt\.secret: 7 bytes are too few for HS256; take 32/],
    [{ STANZAWIRE_AUTH_JWT_ALGORITHMS: 'HS512' }, /^auth\.jwt\.secret: 39 bytes are too few for HS512; take 64/],
  ])('%j', (env, expected) => {
    const found = warnings(withEnv(env));
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(found.join()).not.toContain('planted');
  });
});

test.each(Object.entries(generated()))('%s is what "npm run docs" makes', (path, text) => {
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(text);
});
