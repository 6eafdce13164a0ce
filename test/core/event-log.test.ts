/** What sessions keep for a resume, each for itself and all together. */
import { expect, it } from 'vitest';
import type { KeptEvent } from '../../src/core/event.ts';
import { EventLog, LogMemory } from '../../src/core/event-log.ts';

const text = 'x'.repeat(1000);
const event = (isPlain = true): KeptEvent => ({
  type: 'message',
  key: undefined,
  archiveId: undefined,
  isPlain,
  held: { by: 0, bytes: 0 },
  text: () => text,
});

function memory(limit: number) {
  const logs: EventLog[] = [];
  const all = new LogMemory(
    () => logs,
    () => limit,
  );
  const log = (maxEvents = 1000): EventLog => {
    const one = new EventLog(all, { maxEvents, maxBytes: 1_000_000 });
    logs.push(one);
    return one;
  };
  return { all, log };
}

function fill(log: EventLog, count: number, make: (i: number) => KeptEvent = () => event()): void {
  for (let i = 0; i < count; i++) {
    log.next();
    log.keep(make(i), text.length);
  }
}

/** The oldest number that a client may have processed last, so that it gets all the rest. */
const from = (log: EventLog): number => log.seq - [...log].length;

it('the longest logs forget their oldest events, and the short ones keep all', () => {
  const { all, log } = memory(100_000);
  const [long, longer, short] = [log(), log(), log()];
  fill(short, 3);
  fill(long, 30);
  fill(longer, 70);
  expect(all.bytes).toBeLessThanOrEqual(100_000);
  expect([...short].length).toBe(3);
  expect(short.after(0)).toBe(3);
  expect([...long].length).toBe(30);
  expect(longer.after(0)).toBeUndefined();
  expect(longer.after(from(longer))).toBe([...longer].length);
  expect(longer.after(from(longer) - 1)).toBeUndefined();
  fill(longer, 40);
  expect(all.bytes).toBeLessThanOrEqual(100_000);
  expect([...short].length).toBe(3);
});

it('an event that many sessions keep counts once, until the last of them has it no more', () => {
  const { all, log } = memory(100_000);
  const logs = Array.from({ length: 50 }, () => log());
  const events = Array.from({ length: 20 }, () => event());
  for (const one of logs) fill(one, 20, (i) => events[i] ?? event());
  expect(all.bytes).toBe(20 * 1000 + 50 * 20 * 64);
  for (const one of logs.slice(1)) one.acknowledge(20, () => undefined);
  expect(all.bytes).toBe(20 * 1000 + 20 * 64);
  logs[0]?.acknowledge(5, () => undefined);
  expect(all.bytes).toBe(15 * (1000 + 64));
  logs[0]?.end();
  expect(all.bytes).toBe(0);
});

it('what all of them share is let go when nothing else is left to forget', () => {
  const { all, log } = memory(20_000);
  const logs = Array.from({ length: 10 }, () => log());
  for (let i = 0; i < 40; i++) {
    const said = event();
    for (const one of logs) fill(one, 1, () => said);
  }
  expect(all.bytes).toBeLessThanOrEqual(20_000);
  for (const one of logs) expect(one.after(from(one))).toBe([...one].length);
});

it('an event with its stanza counts for what the stanza takes', () => {
  const { all, log } = memory(100_000);
  fill(log(), 1, () => event(false));
  expect(all.bytes).toBe(6000 + 64);
});

it('its own bounds count too, and what comes after its end is not kept', () => {
  const { all, log } = memory(100_000);
  const one = log(5);
  fill(one, 8);
  expect([...one].map(({ seq }) => seq)).toEqual([4, 5, 6, 7, 8]);
  expect(all.bytes).toBe(5 * (1000 + 64));
  one.end();
  fill(one, 2);
  expect(all.bytes).toBe(0);
  expect(one.after(9)).toBeUndefined();
});
