/**
 * Work in lanes: in a lane one after another, the lanes side by side, so many at once at most. What fails waits, longer each
 * time and for a random time, and is tried again until it is given up; meanwhile its lane waits and no other does.
 */

/** What came of a try. What throws has failed, too. */
export type Outcome = 'done' | { readonly retryAfterMs?: number | undefined };

export interface Job {
  /** When it came to be, epoch ms; also that of a process before this one. */
  readonly since: number;
  run(): Promise<Outcome>;
  /** It will not be tried again. */
  giveUp(): void;
}

export interface LaneOptions {
  /** Tries at once. */
  readonly concurrency: number;
  /** Jobs in all lanes. */
  readonly max: number;
  /** The pause after the first failure; it doubles up to the longest. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A job is given up after so many tries of this process, or when it is so old. */
  readonly attempts: number;
  readonly forMs: number;
  readonly now?: () => number;
}

interface Lane {
  readonly key: string;
  readonly jobs: Job[];
  attempts: number;
  timer?: NodeJS.Timeout;
}

export class Lanes {
  readonly #options: LaneOptions;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();
  /** Those whose first job can be tried now, in the order in which they could. */
  readonly #ready = new Set<Lane>();
  #running = 0;
  #size = 0;
  #closed = false;
  #quiet: (() => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Jobs that are not done. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#closed || this.#size >= this.#options.max;
  }

  /** Takes a job, behind those of its lane; false where there is no place. */
  add(key: string, job: Job): boolean {
    if (this.isFull) return false;
    this.#size++;
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.jobs.push(job);
      return true;
    }
    const made = { key, jobs: [job], attempts: 0 };
    this.#lanes.set(key, made);
    this.#ready.add(made);
    this.#pump();
    return true;
  }

  /** Forgets all jobs; what is being tried ends by itself. */
  clear(): void {
    for (const { timer } of this.#lanes.values()) clearTimeout(timer);
    this.#lanes.clear();
    this.#ready.clear();
    this.#size = 0;
  }

  /** Tries what can be tried, until nothing can or the time is over; then nothing is begun any more. */
  async close(ms: number): Promise<void> {
    if (this.#running > 0 || this.#ready.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#quiet = resolve;
      const timer = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timer);
    }
    this.#closed = true;
    this.clear();
  }

  #pump(): void {
    for (const lane of this.#ready) {
      if (this.#closed || this.#running >= this.#options.concurrency) return;
      this.#ready.delete(lane);
      void this.#try(lane);
    }
    if (this.#running === 0) this.#quiet?.();
  }

  async #try(lane: Lane): Promise<void> {
    const [job] = lane.jobs;
    if (!job) return;
    this.#running++;
    const outcome = await job.run().catch((): Outcome => ({}));
    this.#running--;
    if (this.#lanes.get(lane.key) === lane) this.#settle(lane, job, outcome);
    this.#pump();
  }

  #settle(lane: Lane, job: Job, outcome: Outcome): void {
    if (outcome !== 'done' && !this.#isOver(lane, job)) {
      this.#later(lane, outcome.retryAfterMs);
      return;
    }
    if (outcome !== 'done') job.giveUp();
    lane.jobs.shift();
    lane.attempts = 0;
    this.#size--;
    if (lane.jobs.length > 0) this.#ready.add(lane);
    else this.#lanes.delete(lane.key);
  }

  #isOver(lane: Lane, { since }: Job): boolean {
    lane.attempts++;
    return lane.attempts >= this.#options.attempts || this.#now() - since >= this.#options.forMs;
  }

  #later(lane: Lane, retryAfterMs = 0): void {
    const { firstMs, longestMs } = this.#options;
    const pause = Math.min(longestMs, firstMs * 2 ** Math.min(lane.attempts - 1, 30));
    const wait = Math.max(pause * (0.5 + Math.random() / 2), Math.min(retryAfterMs, longestMs));
    lane.timer = setTimeout(() => {
      this.#ready.add(lane);
      this.#pump();
    }, wait).unref();
  }
}
