/** Line breaks, escape sequences and whole log lines in everything that may be logged: each entry stays one line of JSON. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let gateway: TestGateway;
const lines: string[] = [];

beforeAll(async () => {
  server = await ScriptedServer.start();
  const log = createLogger('trace', { write: (line: string) => lines.push(line) });
  gateway = await TestGateway.start(upstreamOf(server), {}, log);
  await server.until(({ connections }) => connections === 1);
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

/** What moves a terminal's cursor, turns its text around, or ends a line for a reader of logs. */
const unsafe = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
const forged = '{"level":"error","event":"forged","msg":"the gateway was broken into"}';
const injections = [
  `x\n${forged}\n`,
  `x\r\n${forged}`,
  `x\u2028${forged}\u2029`,
  `x\u0085${forged}`,
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31mred',
  `","event":"forged","x":"`,
  '\\n\\u000a',
  '\u202eright to left',
  '%s %d %o %j %c',
];

/** Says it everywhere where something might be logged. */
async function sayEverywhere(text: string): Promise<void> {
  const client = await JsonClient.open(gateway.url);
  client.send({ type: 'connect', id: 1, data: { token: text } });
  await client.inbox.next();
  await client.closed;
  const named = await gateway
    .login('alice', { client: `c${text}`.slice(0, 60), device: text.slice(0, 60) })
    .catch(() => undefined);
  for (const type of ['message.send', `x-${text}`, text]) {
    await named?.answer({ type, data: { to: `a@b/${text}`, id: text, body: text } });
  }
  await named?.close();
  for (const headers of [
    [`Origin: ${text}`],
    [`X-Forwarded-For: ${text}`],
    [`Authorization: Bearer ${text}`],
    [`User-Agent: ${text}`],
  ]) {
    const socket = await RawSocket.upgrade(gateway.url, {
      headers: headers.map((line) => line.replace(/[\r\n]/g, ' ')),
    });
    await socket.status();
    socket.end();
  }
  const path = `/ws${encodeURIComponent(text)}`;
  await fetch(`${gateway.internalUrl}${path}`);
  const raw = await RawSocket.connect(gateway.url);
  raw.send(`GET /${text} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await raw.status();
  raw.end();
  server.send(
    el('message', { from: 'mallory@example.com/x', to: 'alice@web.example.com', id: 'x' }, el('body', {}, 'x')),
  );
}

it.each(injections)('%j', async (text) => {
  // As it is, and without what frames and headers refuse before it could be logged.
  await sayEverywhere(text.replaceAll(/\p{Cc}/gu, ' '));
  await sayEverywhere(text);
});

it('and nothing of it is a line, a field or an escape sequence of its own', () => {
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines.map((text) => text.slice(0, -1))) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect(entry.event).not.toBe('forged');
    expect(entry.level).toBeTypeOf('string');
    expect(line).not.toMatch(unsafe);
  }
});

it('whatever an object holds that is logged, its line is one', () => {
  const own: string[] = [];
  const log = createLogger('info', { write: (line: string) => own.push(line) });
  for (const text of injections) {
    log.info({ event: 'test', value: text, [text]: 1 }, text);
    const line = own.at(-1) ?? '';
    expect(line.slice(0, -1)).not.toMatch(unsafe);
    expect(JSON.parse(line)).toMatchObject({ event: 'test', value: text });
  }
});
