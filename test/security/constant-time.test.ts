/**
 * Secrets that are compared by a way whose time tells how much was right. Time is not measured: what compares is looked at.
 * Signatures are jose's, which are node:crypto's; everything else that compares a secret has to use timingSafeEqual.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../src');
const sources = globSync('**/*.ts', { cwd: src })
  .filter((path) => !path.startsWith('client/'))
  .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

it('no secret, key, signature or password is compared with === or !==', () => {
  const secret = String.raw`(?:\w+\.)*\w*(?:secret|apiKey|signature|hmac|bearer|password(?!Protected))\w*(?:\(\))?`;
  const harmless = String.raw`(?:undefined|null|''|""|'[a-z]+'|true|false|\d+)`;
  const compared = new RegExp(
    String.raw`\b(${secret})\s*[!=]==\s*(?!${harmless})(\S+)|(?<!typeof )\b(\w+)\s*[!=]==\s*(${secret})\b`,
    'gi',
  );
  const found = sources.flatMap(({ path, text }) => [...text.matchAll(compared)].map(([match]) => `${path}: ${match}`));
  expect(found.filter((one) => !/\b(kind|type|name|typeof|length)\b/.test(one))).toEqual([]);
});

it('tokens are verified by jose alone, and with a list of algorithms each time', () => {
  const calls = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bjwtVerify\(([^)]*)\)/g)].map(([call]) => ({ path, call })),
  );
  expect(calls.length).toBeGreaterThan(1);
  for (const { path } of calls) expect(path).toMatch(/^auth\//);
  const decoders = sources.filter(({ text }) => /\bdecodeJwt\b|\bdecodeProtectedHeader\b/.test(text));
  // What a token says of itself, unverified, chooses the verifier only; here, and nowhere else.
  expect(decoders.map(({ path }) => path).toSorted()).toEqual(['auth/auth.ts', 'auth/guest.ts']);
  const verifiers = sources.filter(({ text }) => text.includes('jwtVerify('));
  for (const { path, text } of verifiers) expect(text, path).toMatch(/algorithms/);
});

it('whoever compares what a client sent with a secret of ours uses timingSafeEqual', () => {
  const comparing = sources.filter(({ text }) => /apiKey|Bearer/.test(text) && /http\/api/.test(text));
  for (const { path, text } of comparing) expect(text, path).toContain('timingSafeEqual');
  const keys = sources.filter(({ path }) => path.startsWith('http/api'));
  expect(keys.some(({ text }) => text.includes('timingSafeEqual'))).toBe(true);
});

it('ids that are secrets come from a source of randomness, not from Math.random', () => {
  const made = sources.filter(({ text }) => /Math\.random/.test(text)).map(({ path }) => path);
  // Back-off and the spreading of closes: nobody gains anything by knowing them.
  for (const path of made)
    expect(path).toMatch(/^(?:drain|xmpp\/retry|websocket\/server|core\/pacer|outbound\/.*|extensions\/.*)\.ts$/);
  const sessions = sources.find(({ path }) => path === 'core/sessions.ts');
  expect(sessions?.text).toContain('randomBytes(18)');
});
