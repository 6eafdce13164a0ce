/**
 * npm run quickstart: a throwaway Prosody, the gateway with its chat page, and an XMPP user beside it, all on
 * loopback. Ctrl-C stops everything and removes what was made. Node 20 on a bare clone can run this script.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, fail, requireNode, root, run } from './node.mjs';
import { startChild } from './quickstart/child.mjs';
import { gatewayConfig, world } from './quickstart/config.mjs';
import { servePage } from './quickstart/page.mjs';
import { freePorts, waitForPort, waitForUrl } from './quickstart/ports.mjs';
import { prepareProsody, requireProsody } from './quickstart/prosody.mjs';
import { greeting } from './quickstart/words.mjs';

const usage = `npm run quickstart [-- --port N] [--origin URL] [--no-install]
  --port N       the page's port (default: 8000 if it is free); 0 = any free ones, for the page and all else
  --origin URL   lets a page of your own connect too, as http://localhost:3000 (docs/getting-started.md)
  --no-install   never install Prosody, only say how`;

const options = readOptions();
/** What to undo at the end; the last one made goes first. */
const undo = [];
let ending;

// A terminal that is gone (SIGHUP) cannot be written to; that must not stop the cleaning up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
// npm hands on a signal that the terminal has sent to us already, so that one Ctrl-C may come twice: a repeat does
// not hurry anything. The stop has its own deadlines.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));

// A SIGTERM to npm ends npm and the shell between us, but is not handed on to us.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || end(0), 1000).unref();

try {
  await start();
} catch (error) {
  await end(1, error.message);
}

async function start() {
  const prosody = requireProsody({ install: options.install });
  ensureDependencies();
  const node = requireNode();

  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-quickstart-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const usual = options.port === 0 ? { c2s: 0, gateway: 0 } : { c2s: 5222, gateway: 8080 };
  const wanted = { page: options.port ?? 8000, ...usual, component: 0, xmppSocket: 0, internal: 0 };
  const ports = await goOn(freePorts(wanted));
  if (options.port && ports.page !== options.port) throw new Error(`Port ${options.port} is taken: choose another.`);
  const stage = world(ports, options.origin);

  await goOn(Promise.all([buildDemo(node), startProsody(prosody, folder, stage)]));
  await startGateway(node, folder, stage);
  const server = await goOn(servePage({ stage }));
  undo.push(() => server.stop());
  console.log(greeting(stage, { prosody, folder }));
}

/** Every wait of the start goes through here: once the end has begun, nothing new is made. */
async function goOn(promise) {
  const value = await promise;
  return ending ? new Promise(() => {}) : value;
}

/** The chat page that the gateway serves, from its sources. */
async function buildDemo(node) {
  const code = await run(node, [join(root, 'scripts', 'demo.ts')]);
  if (code !== 0) throw new Error(`The demo page could not be built: exit code ${code}`);
}

async function startProsody(command, folder, stage) {
  const child = startChild('Prosody', command, ['--config', prepareProsody(folder, stage), '-F'], {
    log: join(folder, 'prosody.out'),
    onEnd: childEnded,
  });
  undo.push(() => child.stop());
  const { component, c2s, xmppSocket } = stage.ports;
  const waits = [component, c2s, xmppSocket].map((port) => waitForPort(port, 15_000));
  await goOn(child.whileWaiting(Promise.all(waits)));
}

async function startGateway(node, folder, stage) {
  const config = join(folder, 'stanzawire.yaml');
  writeFileSync(config, gatewayConfig(stage, folder), { mode: 0o600 });
  const child = startChild('The gateway', node, [join(root, 'src', 'main.ts'), '--config', config], {
    log: join(folder, 'gateway.log'),
    cwd: folder,
    onEnd: childEnded,
  });
  undo.push(() => child.stop());
  // Ready means that the link to Prosody is up as well.
  await goOn(child.whileWaiting(waitForUrl(`http://127.0.0.1:${stage.ports.internal}/readyz`, 20_000)));
}

/** A program that ends by itself takes everything down, with its last words. */
function childEnded(words) {
  void end(1, words);
}

/** Undoes everything once, in reverse order, and ends the process. */
function end(code, words) {
  ending ??= (async () => {
    if (words) console.error(`\n${words}`);
    else console.log('\nStopping …');
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (error) {
        console.error(error.message);
        code = 1;
      }
    }
    if (code === 0) console.log('Stopped; nothing is left behind.');
    process.exit(code);
  })();
  return ending;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        origin: { type: 'string' },
        'no-install': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return { port: readPort(values.port), origin: readOrigin(values.origin), install: !values['no-install'] };
  } catch (error) {
    fail(`${error.message}\n${usage}`);
  }
}

/** A port that was asked for must be free; undefined = 8000 if that is free, else any. */
function readPort(text) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${text}: a number from 0 to 65535`);
  return port;
}

/** As browsers send it: scheme, host and port, no more. */
function readOrigin(text) {
  if (text === undefined) return undefined;
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  if (!/^https?:/.test(origin)) throw new Error(`--origin ${text}: the page's address, as http://localhost:3000`);
  return origin;
}
