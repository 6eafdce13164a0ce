import { expect, test } from 'vitest';
import { Heartbeat } from '../../src/websocket/heartbeat.ts';

test('a socket that speaks and is spoken to is never pinged', () => {
  const heartbeat = new Heartbeat(0);
  const verdicts = [10, 20, 30, 40].map((now) => {
    heartbeat.input();
    heartbeat.output();
    return heartbeat.check(now, 15);
  });
  expect(verdicts).toEqual(['alive', 'alive', 'alive', 'alive']);
});

test('a socket is pinged once after one interval of silence, and dead after two', () => {
  const heartbeat = new Heartbeat(0);
  const verdicts = [5, 10, 15, 20].map((now) => {
    heartbeat.output();
    return heartbeat.check(now, 10);
  });
  expect(verdicts).toEqual(['alive', 'ping', 'alive', 'dead']);
});

test('a socket that only speaks is pinged at each interval without output', () => {
  const heartbeat = new Heartbeat(0);
  const verdicts = [5, 10, 15, 20, 25, 30, 35].map((now) => {
    heartbeat.input();
    const verdict = heartbeat.check(now, 10);
    if (verdict === 'ping') heartbeat.output();
    return verdict;
  });
  expect(verdicts).toEqual(['alive', 'ping', 'alive', 'alive', 'ping', 'alive', 'alive']);
});

test('any input answers a ping and says how long it took', () => {
  const start = performance.now();
  const heartbeat = new Heartbeat(start - 10);
  expect(heartbeat.input()).toBeUndefined();
  expect(heartbeat.check(start, 10)).toBe('ping');
  const waited = heartbeat.input();
  expect(waited).toBeGreaterThanOrEqual(0);
  expect(waited).toBeLessThan(1000);
  expect(heartbeat.input()).toBeUndefined();
});
