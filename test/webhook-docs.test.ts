/** The snippets of docs/webhooks.md take what the gateway signs, and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { signed } from '../src/outbound/signature.ts';
import { signingSecret } from './support/backend.ts';
import { fences } from './support/markdown.ts';

const blocks = fences(readFileSync(join(import.meta.dirname, '../docs/webhooks.md'), 'utf8'));
const snippet = (info: string): string => blocks.find((one) => one.info === info)?.lines.join('\n') ?? '';
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-webhook-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = signingSecret();
const body = '{"type":"message.offline","data":{"body":"Grüße 🐢"}}';
const now = Date.now();
const right = signed(secret, 'msg_1', body, now);

const cases: [what: string, headers: Record<string, string>, text: string, expected: boolean][] = [
  ['what is right', right, body, true],
  ['one of two keys', signed(`${signingSecret()} ${secret}`, 'msg_1', body, now), body, true],
  ['another key', signed(signingSecret(), 'msg_1', body, now), body, false],
  ['another body', right, `${body} `, false],
  ['another id', { ...right, 'webhook-id': 'msg_2' }, body, false],
  ['another time', { ...right, 'webhook-timestamp': String(Math.floor(now / 1000) - 1) }, body, false],
  ['an old one', signed(secret, 'msg_1', body, now - 600_000), body, false],
  ['no time', { ...right, 'webhook-timestamp': 'soon' }, body, false],
  ['no signature', { ...right, 'webhook-signature': '' }, body, false],
  [
    'another version',
    { ...right, 'webhook-signature': (right['webhook-signature'] ?? '').replace('v1', 'v0') },
    body,
    false,
  ],
];

const interpreters: Record<string, (input: string) => string> = {
  'js node': (input) => {
    const file = join(folder, 'check.mjs');
    const main = `const { secret, headers, body } = JSON.parse(process.argv[2]); console.log(isFromGateway(secret, headers, Buffer.from(body)));`;
    writeFileSync(file, `${snippet('js node')}\n${main}`);
    return execFileSync(process.execPath, [file, input], { encoding: 'utf8' });
  },
  python: (input) => {
    const file = join(folder, 'check.py');
    const main = `import json, sys\nasked = json.loads(sys.argv[1])\nprint(is_from_gateway(asked["secret"], asked["headers"], asked["body"].encode()))`;
    writeFileSync(file, `${snippet('python')}\n${main}`);
    return execFileSync('/usr/bin/python3', [file, input], { encoding: 'utf8' });
  },
};

describe.each(Object.entries(interpreters))('the check in %s', (_, run) => {
  it.each(cases)('of %s', (_what, headers, text, expected) => {
    expect(
      run(JSON.stringify({ secret, headers, body: text }))
        .trim()
        .toLowerCase(),
    ).toBe(String(expected));
  });
});
