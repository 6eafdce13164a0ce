/** How load is driven: closed loop for what can be carried at most, open loop for how long it takes. */
import { Worker } from 'node:worker_threads';
import { now } from './clock.ts';

/** One way for messages: who sends them, and to whom. */
export interface Traffic {
  /** Sends those messages, each sender's in one write. */
  send(numbers: readonly number[]): void;
  /** What tells the sender that one more may be sent: the answer (`ok`, or a fence), or the arrival for want of one. */
  readonly paced: 'by answer' | 'by arrival';
}

/** Longest that a run may take. */
const runMs = 120_000;

/** What is under way: every connection reports to it, one run at a time listens. */
export class Load {
  #next = 10_000_000;
  #first = 0;
  #seen = new Uint8Array(0);
  #missing = 0;
  #arrived: (index: number) => void = () => undefined;
  #confirmed: () => void = () => undefined;
  #finish: () => void = () => undefined;
  #fail: (why: Error) => void = () => undefined;

  /** Sends nothing, and resolves when `count` messages were sent, confirmed and have arrived, each once. */
  async run(count: number, traffic: Traffic, start: Driver): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.failed(new Error(`${this.#missing} messages or answers are missing`)), runMs);
    this.#first = this.#next;
    this.#next += count;
    this.#seen = new Uint8Array(count);
    this.#missing = traffic.paced === 'by answer' ? 2 * count : count;
    [this.#finish, this.#fail] = [resolve, reject];
    const first = this.#first;
    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => first + from + i);
    const on = start((from, to) => traffic.send(numbers(from, to)));
    const answered = traffic.paced === 'by answer';
    this.#confirmed = () => on.confirmed();
    this.#arrived = (index) => {
      on.arrived(index);
      if (!answered) on.confirmed();
    };
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  arrived(number: number): void {
    const index = number - this.#first;
    if (this.#seen[index] !== 0) {
      this.failed(new Error(`message ${number} came twice, or was never sent`));
      return;
    }
    this.#seen[index] = 1;
    this.#arrived(index);
    this.#one();
  }

  confirmed(_number: number): void {
    this.#confirmed();
    this.#one();
  }

  failed(why: Error): void {
    this.#fail(why);
  }

  #one(): void {
    if (--this.#missing === 0) this.#finish();
  }
}

/** Begins to send messages `from` … `to - 1` of the run, and says what it wants to be told. */
type Driver = (send: (from: number, to: number) => void) => { arrived(index: number): void; confirmed(): void };

/** At most `window` messages unconfirmed; sends as fast as they are confirmed. Resolves with the seconds it took. */
export async function closedLoop(load: Load, traffic: Traffic, count: number, window: number): Promise<number> {
  const start = now();
  await load.run(count, traffic, (send) => {
    let sent = 0;
    let confirmed = 0;
    let waiting = false;
    const pump = (): void => {
      waiting = false;
      const upTo = Math.min(count, confirmed + window);
      if (upTo > sent) send(sent, upTo);
      sent = Math.max(sent, upTo);
    };
    setImmediate(pump);
    return {
      arrived: () => undefined,
      confirmed: () => {
        confirmed++;
        if (waiting) return;
        waiting = true;
        setImmediate(pump);
      },
    };
  });
  return (now() - start) / 1000;
}

/**
 * Sends by the clock, whatever comes back. Resolves with the latencies in ms, each from the moment the message was
 * meant to be sent: what waits behind a stall is counted too ("coordinated omission").
 */
export async function openLoop(load: Load, traffic: Traffic, count: number, perSecond: number): Promise<Float64Array> {
  const interval = 1000 / perSecond;
  const latencies = new Float64Array(count);
  const metronome = new Worker(new URL('./metronome.ts', import.meta.url), { workerData: { count, interval } });
  metronome.on('error', (error: Error) => load.failed(error));
  try {
    await load.run(count, traffic, (send) => {
      let start: number | undefined;
      let sent = 0;
      metronome.on('message', (value: number) => {
        if (start === undefined) start = value;
        else {
          send(sent, value);
          sent = value;
        }
      });
      return {
        arrived: (index) => {
          latencies[index] = now() - ((start ?? 0) + index * interval);
        },
        confirmed: () => undefined,
      };
    });
  } finally {
    await metronome.terminate();
  }
  return latencies;
}
