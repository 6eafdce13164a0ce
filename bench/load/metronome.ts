/**
 * A thread that says when messages are due. Node's timers have steps of a millisecond, which would hide the latencies
 * that are to be measured; a thread may sleep for less.
 * Posts the time of the first message, then again and again how many are due so far.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { now } from './clock.ts';

/** Waking up costs time that the measured processes need too. */
const shortestSleep = 0.2;

const { count, interval } = workerData as { count: number; interval: number };
const never = new Int32Array(new SharedArrayBuffer(4));
const start = now() + 50;
parentPort?.postMessage(start);
for (let due = 0; due < count; ) {
  const left = start + due * interval - now();
  if (left > 0) Atomics.wait(never, 0, 0, Math.max(left, shortestSleep));
  const upTo = Math.min(count, Math.floor((now() - start) / interval) + 1);
  if (upTo <= due) continue;
  due = upTo;
  parentPort?.postMessage(due);
}
