/** Every command of docs/api.md, in its order, run by a shell against a gateway. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Operation, operations } from '../src/protocol/api.ts';
import { apiKey } from './support/api.ts';
import { TestGateway, upstreamOf } from './support/gateway.ts';
import { fences } from './support/markdown.ts';
import { ScriptedServer } from './support/scripted-server.ts';

const text = readFileSync(join(import.meta.dirname, '../docs/api.md'), 'utf8');
const blocks = fences(text).filter(({ info }) => info === 'sh');
const commands = blocks.flatMap(({ lines, line }) => lines.map((command, at) => ({ command, line: line + at + 1 })));
const [setUp, rest] = [commands.slice(0, 2), commands.slice(2)];

let server: ScriptedServer;
let gateway: TestGateway;

beforeAll(async () => {
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server), { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

function shell(script: string): Promise<{ code: number | null; out: string }> {
  const env = { PATH: process.env.PATH, KEY: apiKey };
  const child = spawn('bash', ['--norc', '-c', `shopt -s expand_aliases\n${script}`], {
    env,
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => parts.push(String(data)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: parts.join('') })));
}

test('the page has commands', () => {
  expect(setUp.map(({ command }) => command.split('=')[0])).toEqual(['API', 'alias call']);
  expect(rest.length).toBeGreaterThan(12);
});

test.each(rest.map(({ command, line }) => [line, command] as const))(
  'line %i works: %s',
  async (_, command) => {
    const before = setUp.map((one) => one.command.replace('http://127.0.0.1:9090', gateway.internalUrl));
    const { code, out } = await shell([...before, command].join('\n'));
    expect({ out, code }).toMatchObject({ code: 0 });
    if (out !== '') JSON.parse(out);
  },
  30_000,
);

test('the command of a wrong key fails', async () => {
  const before = setUp.map((one) => one.command.replace('http://127.0.0.1:9090', gateway.internalUrl));
  const { code, out } = await shell([...before, 'KEY=wrong', 'call $API/status'].join('\n'));
  expect({ code, out }).toMatchObject({ code: 22, out: expect.stringContaining('not-authorized') });
});

test('every operation is on the page', () => {
  const all: [string, Operation][] = Object.entries(operations);
  const page = commands.map(({ command }) => command).join('\n') + text;
  for (const [id, { path }] of all) {
    const shape = new RegExp(path.replaceAll(/\{\w+\}/g, '[^/ ?]+'));
    expect({ id, found: shape.test(page) }).toEqual({ id, found: true });
  }
});
