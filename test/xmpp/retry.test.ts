/** When the link tries again, and what it tells the operator. */
import { expect, it } from 'vitest';
import { defaultTiming } from '../../src/xmpp/link-options.ts';
import { connectResult, remedyFor, retryDelay } from '../../src/xmpp/retry.ts';
import type { Lost } from '../../src/xmpp/stream.ts';

const lost = (reason: string): Lost => ({ reason, phase: 'handshake' });
const most = (reason: string, failures: number) => retryDelay(lost(reason), failures, defaultTiming, () => 1);
const least = (reason: string, failures: number) => retryDelay(lost(reason), failures, defaultTiming, () => 0);

it('the delay doubles from one second to thirty, and may be anything below', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => most('eof', failures))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
  expect(least('eof', 5)).toBe(0);
});

it('a refusal that only a person can mend is tried again after 30 to 60 seconds', () => {
  for (const reason of ['not-authorized', 'host-unknown']) {
    expect([least(reason, 1), most(reason, 1)]).toEqual([30_000, 60_000]);
  }
});

it('a conflict and a shutdown of the server are tried again soon', () => {
  expect(most('conflict', 1)).toBe(1_000);
  expect(most('system-shutdown', 1)).toBe(1_000);
});

it('the remedy names the line of the configuration to look at, on both servers', () => {
  const about = { domain: 'web.example.com', service: 'xmpp://xmpp:5347' };
  expect(remedyFor(lost('not-authorized'), about)).toMatch(/component_secret.*"web.example.com".*ejabberd_service/s);
  expect(remedyFor(lost('host-unknown'), about)).toContain('Component "web.example.com"');
  expect(remedyFor(lost('conflict'), about)).toContain('component_conflict_resolve = "kick_old"');
  expect(remedyFor(lost('refused'), about)).toContain('xmpp://xmpp:5347');
  expect(remedyFor(lost('system-shutdown'), about)).toBeUndefined();
});

it('every failure to connect counts under one of the announced results', () => {
  const results = ['refused', 'timeout', 'not-authorized', 'conflict', 'host-unknown', 'eof', 'constructor'];
  expect(results.map((reason) => connectResult(lost(reason)))).toEqual([
    'refused',
    'timeout',
    'auth_failed',
    'conflict',
    'host_unknown',
    'other',
    'other',
  ]);
});
