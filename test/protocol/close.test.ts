import { expect, it } from 'vitest';
import { afterClose, type CloseName, closeCodes, Disconnect } from '../../src/protocol/close.ts';

it('no two reasons share a code', () => {
  const codes = Object.values(closeCodes);
  expect(new Set(codes).size).toBe(codes.length);
});

it.each([
  ['stop', [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000, 4001, 4002, 4003, 4006, 4008, 4009, 4099]],
  ['backoff', [1001, 1006, 1011, 1012, 1013, 4100, 4101, 4102, 4103, 4199]],
  ['now', [4200, 4201, 4202, 4299]],
] as const)('the range is the rule: %s', (action, codes) => {
  for (const code of codes) expect(afterClose(code), String(code)).toBe(action);
});

it('every reason of ours is told by its range', () => {
  const actions = Object.groupBy(Object.keys(closeCodes) as CloseName[], (name) => afterClose(closeCodes[name]));
  expect(actions.backoff).toEqual(['internal', 'heartbeat-timeout', 'slow-consumer', 'rate-limited']);
  expect(actions.now).toEqual(['shutdown', 'moved', 'resync']);
});

it('every code may be sent by a WebSocket server', () => {
  // RFC 6455 §7.4.2; 1005, 1006 and 1015 must not be sent.
  for (const code of Object.values(closeCodes)) {
    expect([1000, 1003, 1009].includes(code) || (code >= 4000 && code <= 4999)).toBe(true);
  }
});

it('a disconnect carries its code, and its reason as text when nothing else is said', () => {
  const plain = new Disconnect('shutdown');
  expect([plain.code, plain.reason, plain.message]).toEqual([4200, 'shutdown', 'shutdown']);
  expect(new Disconnect('bad-frame', 'not JSON').message).toBe('not JSON');
  expect(plain).toBeInstanceOf(Error);
});
