/** The command line and the life of the process, on real processes: exit codes, messages, signals. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../src/commands/exit-codes.ts';
import { Program, runMain } from './support/process.ts';
import { ScriptedServer } from './support/scripted-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-main-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const tokenSecret = 'planted-token-secret-of-32-bytes-and-more';
const env = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SERVICE: 'xmpp://127.0.0.1:1',
  STANZAWIRE_XMPP_SECRET: 'planted-component-secret',
  STANZAWIRE_AUTH_JWT_SECRET: tokenSecret,
  STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
  STANZAWIRE_HTTP_PUBLIC_PORT: '0',
  STANZAWIRE_HTTP_INTERNAL_PORT: '0',
  STANZAWIRE_STORE_URL: 'memory:',
  STANZAWIRE_DRAIN_TIME: '0s',
};
const fakeGateway = ['--import', join(import.meta.dirname, 'support/fake-gateway.ts')];

describe('the command line', () => {
  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
    expect(await runMain(['--version'])).toEqual({ code: 0, stdout: version, stderr: '' });
  });

  it('prints a manual with every option and every exit code', async () => {
    const { code, stdout } = await runMain(['--help']);
    expect(code).toBe(0);
    for (const word of [
      '--config',
      '--check',
      '--check=link',
      '--version',
      '--user',
      '--ttl',
      '--scope',
      '--timeout',
      'SIGTERM',
    ]) {
      expect(stdout).toContain(word);
    }
    for (const exit of Object.values(exitCodes)) expect(stdout).toMatch(new RegExp(`^  ${exit} `, 'm'));
    expect(await runMain(['token', '--help'])).toMatchObject({ code: 0, stdout });
  });

  it.each([
    [['--frob'], "stanzawire: Unknown option '--frob'. See stanzawire --help"],
    [['frob'], 'stanzawire: "frob" is no command; there are conformance, drain and token. See stanzawire --help'],
    [['--config'], "stanzawire: Option '-c, --config <value>' argument missing. See stanzawire --help"],
    [['--check=frob'], 'stanzawire: --check=frob is not valid; write --check or --check=link'],
    [['drain', '--timeout', '5'], 'stanzawire: drain: --timeout "5" is not a duration; write one like 30s or 2m'],
    [['token'], 'stanzawire: token: --user is missing; write stanzawire token --user alice'],
    [
      ['token', '--user', 'alice', '--ttl', '5'],
      'stanzawire: token: --ttl "5" is not a duration; write one like 30s, 1h or 7d',
    ],
  ])('refuses %j with exit code 2 and one line', async (args, stderr) => {
    expect(await runMain(args, env)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('says clearly that Node.js is too old', async () => {
    const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.2'}})`;
    const { code, stderr } = await runMain(['--version'], {}, ['--import', old]);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^stanzawire: Node\.js 22\.18 or newer is needed, and this is 20\.19\.2 .*install/);
  });
});

describe('--check', () => {
  const wrong: [string, string, string][] = [
    [
      'an unknown key',
      'xmpp: { domian: x.example.com }',
      'xmpp.domian: no such key; did you mean xmpp.domain? (FILE:1)',
    ],
    [
      'a wrong type',
      'limits:\n  rate: often\n',
      'limits.rate: "often" is not a whole number from 1 to 1000000; write one, like 20 (FILE:2)',
    ],
    [
      'text that is no YAML',
      'xmpp:\n\tdomain: x\n',
      'FILE:2:1: not valid YAML: tab as indent; indent with spaces, give each key once, and put text with special characters in quotes',
    ],
  ];
  it.each(wrong)('ends with 78 and one line for %s', async (_, text, message) => {
    const path = file('wrong.yaml', text);
    const stderr = `stanzawire: ${message.replace('FILE', path)}`;
    expect(await runMain(['--config', path, '--check'], env)).toEqual({ code: 78, stdout: '', stderr });
  });

  it('ends with 78 and one line for a missing secret, without --check too', async () => {
    const { STANZAWIRE_XMPP_SECRET: _, ...rest } = env;
    const stderr =
      'stanzawire: xmpp.secret: missing; set xmpp.secret or xmpp.secretFile in the file of --config, or STANZAWIRE_XMPP_SECRET in the environment';
    expect(await runMain([], rest)).toEqual({ code: 78, stdout: '', stderr });
  });

  it('prints the effective configuration without its secrets, then ok', async () => {
    const path = file('right.yaml', 'limits: { rate: 7 }\nsessions: { heartbeat: 10s }\n');
    const { code, stdout, stderr } = await runMain(['-c', path, '--check'], { ...env, STANZAWIRE_LIMITS_RATE: '8' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}rate: 8$/m);
    expect(stdout).toMatch(/^ {2}heartbeat: 10s$/m);
    expect(stdout).toMatch(/\nok$/);
    expect(stdout).not.toContain('planted');
  });

  it('takes config.example.yaml once the secrets are set', async () => {
    const example = join(import.meta.dirname, '../config.example.yaml');
    const { STANZAWIRE_XMPP_SECRET, STANZAWIRE_AUTH_JWT_SECRET } = env;
    const { code, stderr } = await runMain(['--config', example, '--check'], {
      STANZAWIRE_XMPP_SECRET,
      STANZAWIRE_AUTH_JWT_SECRET,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with 69 and the remedy when the link does not come up', async () => {
    const { code, stderr } = await runMain(['--check=link'], env);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^stanzawire: xmpp\.service: no link to xmpp:\/\/127\.0\.0\.1:1 .*refused.*component_ports/);
    expect(stderr).not.toContain('\n');
  });
});

describe('--check=link', () => {
  it('says ok when the server takes the handshake, and names the condition when it does not', async () => {
    const server = await ScriptedServer.start({ domain: 'web.example.com', secret: env.STANZAWIRE_XMPP_SECRET });
    const link = { ...env, STANZAWIRE_XMPP_SERVICE: server.service };
    const { code, stdout, stderr } = await runMain(['--check=link'], link);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`\nlink: ${server.service} takes web\\.example\\.com\nok$`));
    const wrong = await runMain(['--check=link'], { ...link, STANZAWIRE_XMPP_SECRET: 'planted-wrong-secret' });
    expect(wrong.code).toBe(69);
    expect(wrong.stderr).toMatch(/not-authorized; .*Compare xmpp\.secret with the server/);
    expect(wrong.stdout + wrong.stderr).not.toContain('planted');
    await server.stop();
  });
});

describe('token', () => {
  const payloadOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

  it('prints a token with the configured claims, lifetime and scopes', async () => {
    const claims = {
      STANZAWIRE_AUTH_JWT_ISSUER: 'https://id.example.com',
      STANZAWIRE_AUTH_JWT_AUDIENCE: 'chat',
      STANZAWIRE_AUTH_JWT_USER_CLAIM: 'name',
    };
    const args = ['token', '--user', 'alice', '--ttl', '2h', '--scope', 'raw', '--scope', 'extra'];
    const { code, stdout } = await runMain(args, { ...env, ...claims });
    expect(code).toBe(0);
    const { iat, exp, ...rest } = payloadOf(stdout);
    expect(rest).toEqual({ name: 'alice', scope: 'raw extra', iss: 'https://id.example.com', aud: 'chat' });
    expect(Math.abs(exp - iat - 7200)).toBeLessThanOrEqual(1);
  });

  it('ends with 78 where only guests, or keys of others, are configured', async () => {
    const { STANZAWIRE_AUTH_JWT_SECRET: _, ...rest } = env;
    const guests = { ...rest, STANZAWIRE_AUTH_GUEST_ENABLED: 'true' };
    const { code, stderr } = await runMain(['token', '--user', 'alice'], guests);
    expect(code).toBe(78);
    expect(stderr).toMatch(/^stanzawire: auth\.jwt\.secret: missing/);
  });
});

describe('the process', () => {
  it('logs its configuration without secrets, and ends with 0 on SIGTERM', async () => {
    const program = new Program([], env);
    const started = await program.event('started');
    expect(started).toMatchObject({ config: { limits: { frame: '64KiB' } }, publicPort: expect.any(Number) });
    program.child.kill('SIGTERM');
    expect(await program.event('stopping')).toMatchObject({ signal: 'SIGTERM' });
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('planted');
  });

  it('reads its configuration again at SIGHUP, says what that did, and goes on', async () => {
    const path = file('reload.yaml', 'limits: { rate: 7 }\n');
    const program = new Program(['--config', path], env);
    await program.event('started');
    file('reload.yaml', 'limits: { rate: 8 }\nxmpp: { pace: 9 }\nhttp: { public: { path: /chat } }\n');
    program.child.kill('SIGHUP');
    expect(await program.event('config_reloaded')).toMatchObject({ changed: ['xmpp.pace', 'limits.rate'] });
    expect(await program.event('config_needs_restart')).toMatchObject({ level: 'warn', keys: ['http.public.path'] });
    file('reload.yaml', 'limits:\n  rate: planted\n');
    program.child.kill('SIGHUP');
    expect(await program.event('config_reload_failed')).toMatchObject({
      level: 'error',
      reason: `limits.rate: "planted" is not a whole number from 1 to 1000000; write one, like 20 (${path}:2)`,
    });
    program.child.kill('SIGTERM');
    const { code, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('reads its configuration again, without a signal, when a file has changed', async () => {
    const secret = file('component', 'planted-first');
    const path = file('watched.yaml', 'log: { level: info }\n');
    const { STANZAWIRE_XMPP_SECRET: _, ...rest } = env;
    const program = new Program(['--config', path], { ...rest, STANZAWIRE_XMPP_SECRET_FILE: secret });
    await program.event('started');
    file('component', 'planted-second');
    expect(await program.event('config_reloaded')).toMatchObject({ changed: ['xmpp.secret'] });
    program.child.kill('SIGTERM');
    const { code, stdout } = await program.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('planted');
  });

  it('warns at start of what is allowed but unwise', async () => {
    const program = new Program([], { ...env, STANZAWIRE_HTTP_PUBLIC_ORIGINS: '*' });
    expect(await program.event('config_warning')).toMatchObject({ level: 'warn', msg: expect.stringContaining('"*"') });
    await program.event('started');
    program.child.kill('SIGINT');
    expect((await program.ended).code).toBe(0);
  });

  it('ends with 69 and the key when a port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const program = new Program([], { ...env, STANZAWIRE_HTTP_PUBLIC_PORT: String(port) });
    expect(await program.event('start_failed')).toMatchObject({
      msg: `cannot start: http.public.port: ${port} is taken; stop what listens there, or choose another`,
    });
    expect((await program.ended).code).toBe(69);
    server.close();
  });

  it('ends at once with 1 on a second signal', async () => {
    const program = new Program([], { ...env, FAKE_GATEWAY: 'hang' }, fakeGateway);
    await program.event('started');
    program.child.kill('SIGTERM');
    await program.event('stopping');
    program.child.kill('SIGHUP');
    program.child.kill('SIGTERM');
    expect(await program.event('forced_exit')).toMatchObject({ msg: 'second SIGTERM, exiting' });
    expect((await program.ended).code).toBe(1);
  });

  it.each(['crash', 'reject'])('logs an error that nobody caught (%s), closes, and ends with 70', async (wish) => {
    const program = new Program([], { ...env, FAKE_GATEWAY: wish }, fakeGateway);
    expect(await program.event('crashed')).toMatchObject({ level: 'fatal', err: { message: 'planted bug' } });
    await program.event('stopped');
    expect((await program.ended).code).toBe(70);
  });

  it('ends with 1 when the stop fails', async () => {
    const program = new Program([], { ...env, FAKE_GATEWAY: 'stopFails' }, fakeGateway);
    await program.event('started');
    program.child.kill('SIGTERM');
    expect((await program.ended).code).toBe(1);
  });
});
