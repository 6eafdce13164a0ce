/** docs/operators.md as it is written: its lines in a real Prosody, its commands, its reverse proxies as real programs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import pkg from '../../package.json' with { type: 'json' };
import { certificate } from '../support/certificate.ts';
import { fences } from '../support/markdown.ts';
import { Program, runMain } from '../support/process.ts';
import { maySkip } from '../support/servers/each.ts';
import { freePorts } from '../support/servers/ports.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/operators.md'), 'utf8');
const blocks = fences(page);
const block = (info: string, containing = ''): string => {
  const found = blocks.find((one) => one.info === info && one.lines.join('\n').includes(containing));
  if (!found) throw new Error(`no block ${info} with ${containing}`);
  return found.lines.join('\n');
};
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const programs = ['prosody', 'nginx', 'caddy', 'haproxy'];
const skipped = maySkip(programs.every(has));
if (skipped) console.warn(`docs/operators.md: skipped: needs ${programs.join(', ')}`);

describe.skipIf(skipped)('docs/operators.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-operators-'));
  const etc = join(folder, 'etc');
  const configFile = join(etc, 'stanzawire.yaml');
  const running: ChildProcess[] = [];
  const ports = { component: 0, public: 0, internal: 0 };
  let gateway: Program;

  const here = (text: string) =>
    text
      .replaceAll('/etc/stanzawire', etc)
      .replaceAll('127.0.0.1:5347', `127.0.0.1:${ports.component}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.public}`);
  const secrets = () => ({
    STANZAWIRE_XMPP_SECRET_FILE: join(etc, 'component-secret'),
    STANZAWIRE_AUTH_JWT_SECRET_FILE: join(etc, 'token-key'),
  });

  beforeAll(async () => {
    [ports.component = 0, ports.public = 0, ports.internal = 0] = await freePorts(3);
    spawnSync('sh', ['-e', '-c', here(block('sh', 'token-key'))]);
    writeFileSync(configFile, here(block('yaml', 'trustedProxies')));
    running.push(startProsody(folder, ports.component, block('lua')));
    await listening(ports.component);
  });

  afterAll(async () => {
    gateway?.child.kill('SIGTERM');
    await gateway?.ended;
    for (const child of running) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  });

  test('the lines for Prosody and the configuration fit: --check=link says what the page says', async () => {
    const { code, stdout, stderr } = await runMain(['--config', configFile, '--check=link'], secrets());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(-2)).toEqual(here(block('')).split('\n'));
    expect(stdout).not.toContain('change-me');
  });

  test('what is installed is what npm pack and npm run image make', () => {
    expect(block('sh', 'npm pack')).toContain(`./stanzawire-${pkg.version}.tgz`);
    expect(block('sh', 'docker run')).toContain(`stanzawire:${pkg.version}`);
  });

  test('the lines for ejabberd are those that servers.md explains', () => {
    const servers = fences(readFileSync(join(import.meta.dirname, '../../docs/servers.md'), 'utf8'));
    expect(servers.map(({ lines }) => lines.join('\n'))).toContain(block('yaml', 'ejabberd_service'));
  });

  describe('behind a reverse proxy', () => {
    const tls = join(folder, 'tls.pem');
    let token = '';

    beforeAll(async () => {
      gateway = new Program(['--config', configFile], {
        ...secrets(),
        STANZAWIRE_HTTP_PUBLIC_PORT: `${ports.public}`,
        STANZAWIRE_HTTP_INTERNAL_PORT: `${ports.internal}`,
        STANZAWIRE_STORE_URL: 'memory:',
        STANZAWIRE_LOG_LEVEL: 'debug',
        STANZAWIRE_DRAIN_TIME: '0s',
      });
      await gateway.event('link_up');
      const [, , ...args] = block('sh', 'stanzawire token').split(' ');
      const made = await runMain(['token', ...args.map(here)], secrets());
      expect(made.stderr).toBe('');
      token = made.stdout.trim();
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
      writeFileSync(tls, `${certificate(publicKey, privateKey)}${String(key)}`);
    });

    test.each([
      {
        name: 'nginx',
        address: '127.0.0.2',
        config: (port: number) => {
          const server = block('nginx')
            .replace('443', `127.0.0.1:${port}`)
            .replaceAll(/\/etc\/ssl\/\S+(?=;)/g, tls);
          return `pid ${folder}/nginx.pid; error_log stderr; events {} http { access_log off; ${server} }`;
        },
        args: (file: string) => ['-c', file, '-e', 'stderr', '-p', folder, '-g', 'daemon off;'],
      },
      {
        name: 'caddy',
        address: '127.0.0.3',
        config: (port: number) => {
          const site = block('caddy').replace(' {', `:${port} {\n    bind 127.0.0.1\n    tls ${tls} ${tls}`);
          return `{\n    admin off\n    auto_https off\n    storage file_system ${folder}/caddy-data\n}\n${site}`;
        },
        args: (file: string) => ['run', '--adapter', 'caddyfile', '--config', file],
      },
      {
        name: 'haproxy',
        address: '127.0.0.4',
        config: (port: number) =>
          `${block('haproxy')
            .replace(':443', `127.0.0.1:${port}`)
            .replace(/\/etc\/ssl\/\S+/, tls)}\n`,
        args: (file: string) => ['-db', '-f', file],
      },
    ])('$name lets clients through, and the gateway knows who they are', async ({ name, address, config, args }) => {
      const [port = 0] = await freePorts(1);
      const file = join(folder, name);
      writeFileSync(file, here(config(port)));
      const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
      const proxy = spawn(name, args(file), { stdio: ['ignore', 'ignore', 'pipe'], env });
      running.push(proxy);
      const words: string[] = [];
      proxy.stderr.on('data', (chunk) => words.push(String(chunk)));
      await Promise.race([listening(port), once(proxy, 'exit').then(() => expect.fail(words.join('')))]);

      const ready = await converse(port, address, token);
      expect(ready).toMatchObject({ type: 'ready', data: { user: 'alice@web.example.com' } });
      const addresses = gateway.events('socket_opened').map((line) => line.address);
      expect(addresses.at(-1)).toBe(address);
      const picture = await request(port, '/avatars/nobody');
      expect(picture).toContain(' 404 ');
      expect(picture).toContain('nosniff');
    });
  });
});

function startProsody(folder: string, port: number, snippet: string): ChildProcess {
  const data = join(folder, 'prosody');
  mkdirSync(data);
  const file = join(folder, 'prosody.cfg.lua');
  writeFileSync(
    file,
    `run_as_root = ${process.getuid?.() === 0}
data_path = "${data}"
pidfile = "${data}/prosody.pid"
log = { error = "*console" }
component_ports = { ${port} }
interfaces = { "127.0.0.1" }
c2s_ports = {} c2s_direct_tls_ports = {} s2s_ports = {} s2s_direct_tls_ports = {} http_ports = {} https_ports = {}
modules_enabled = { "roster", "disco", "ping" }
modules_disabled = { "s2s", "tls" }
VirtualHost "example.com"
${snippet}
`,
  );
  return spawn('prosody', ['--config', file, '-F'], { stdio: 'ignore' });
}

async function listening(port: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    if (performance.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await delay(30);
  }
}

/** The answer to `connect`, of a page at chat.example.com whose browser has that address. */
async function converse(port: number, localAddress: string, token: string): Promise<unknown> {
  const options = {
    headers: { host: 'chat.example.com', 'x-forwarded-for': '203.0.113.9' },
    origin: 'https://chat.example.com',
    servername: 'chat.example.com',
    rejectUnauthorized: false,
    localAddress,
  };
  const ws = new WebSocket(`wss://127.0.0.1:${port}/ws`, ['stanzawire.v1'], options);
  await once(ws, 'open');
  ws.send(JSON.stringify({ type: 'connect', id: 1, data: { token } }));
  const [answer] = await once(ws, 'message');
  ws.close();
  return JSON.parse(String(answer));
}

async function request(port: number, path: string): Promise<string> {
  const { stdout } = spawnSync(
    'curl',
    ['-sik', '--resolve', `chat.example.com:${port}:127.0.0.1`, `https://chat.example.com:${port}${path}`],
    { encoding: 'utf8' },
  );
  return stdout;
}
