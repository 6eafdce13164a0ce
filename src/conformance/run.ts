/** Runs the checks one after the other, and sums up what they found. */
import { type Check, Failure, Skip } from './check.ts';
import { checks } from './checks/index.ts';
import { type Coverage, Coverages } from './coverage.ts';
import { explore, type Subject, whatIsMissing } from './explore.ts';
import { type Facts, Lab } from './lab.ts';
import { type FrameRule, frameRules, Schemas } from './rules.ts';
import { type Recorder, withoutSecrets } from './wire.ts';

export interface Outcome {
  readonly id: string;
  readonly section: number;
  readonly says: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What was seen instead, or why nothing was looked at. */
  readonly why?: string;
  /** What was sent and what came, of a check that failed. */
  readonly lines?: readonly string[];
  readonly durationMs: number;
}

export interface Report {
  readonly url: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcomes: readonly Outcome[];
  readonly coverage: Coverage;
}

export interface RunOptions {
  /** Ids, or beginnings of ids; none = all. */
  readonly only: readonly string[];
  /** Also what takes minutes. */
  readonly slow: boolean;
  /** Told of each outcome as it is there. */
  readonly tell?: (outcome: Outcome) => void;
}

/** Of a failed check's conversation: the last so many lines. */
const mostLines = 40;
/** A check that hangs, whatever its own waits are. */
const checkTimeoutMs = 180_000;

/** @throws Refused, Failure when no session can be had at all */
export async function runChecks(subject: Subject, options: RunOptions): Promise<Report> {
  const run = new Run(options);
  const facts = await explore(subject, run.recorder, run.schemas);
  return run.all(facts);
}

/** Every check's id, section and sentence, the rules for all frames included. */
export function listChecks(): readonly Pick<Outcome, 'id' | 'section' | 'says'>[] {
  const rules = Object.entries(frameRules).map(([id, [section, says]]) => ({ id, section, says }));
  return [...checks, ...rules].map(({ id, section, says }) => ({ id, section, says }));
}

class Run {
  readonly schemas = new Schemas();
  readonly #options: RunOptions;
  readonly #started = new Date();
  readonly #coverages = new Coverages();
  readonly #broken = new Map<FrameRule, { says: string; lines: string[] }>();
  readonly #outcomes: Outcome[] = [];
  #lines: string[] = [];
  #current = 'the first connect';

  constructor(options: RunOptions) {
    this.#options = options;
  }

  readonly recorder: Recorder = {
    line: (text) => {
      this.#lines.push(text);
      if (this.#lines.length > 10 * mostLines) this.#lines.splice(0, mostLines);
    },
    broken: (rule, says, text) => {
      if (this.#broken.has(rule)) return;
      this.#broken.set(rule, {
        says: `${says} (in ${this.#current})`,
        lines: [`← ${withoutSecrets(text.slice(0, 2000))}`],
      });
    },
    answered: (request, answer) => this.#coverages.answered(request, answer),
    event: (type) => this.#coverages.event(type),
    closed: (code) => this.#coverages.closed(code),
  };

  async all(facts: Facts): Promise<Report> {
    const { only, slow } = this.#options;
    const wanted = (id: string): boolean => only.length === 0 || only.some((begin) => id.startsWith(begin));
    for (const check of checks.filter(({ id }) => wanted(id))) {
      const missing = whatIsMissing(check.needs, facts, slow);
      if (missing === undefined) await this.#one(check, facts);
      else this.#add(check, { result: 'skipped', why: missing, durationMs: 0 });
    }
    for (const [id, [section, says]] of Object.entries(frameRules)) {
      const broken = this.#broken.get(id as FrameRule);
      const result = broken
        ? ({ result: 'failed', why: broken.says, lines: broken.lines } as const)
        : ({ result: 'passed' } as const);
      this.#add({ id, section, says }, { ...result, durationMs: 0 });
    }
    return {
      url: facts.url,
      startedAt: this.#started.toISOString(),
      durationMs: Date.now() - this.#started.getTime(),
      outcomes: this.#outcomes,
      coverage: this.#coverages.sum(),
    };
  }

  async #one(check: Check, facts: Facts): Promise<void> {
    const start = performance.now();
    this.#current = check.id;
    this.#lines = [];
    const lab = new Lab(facts, this.recorder, this.schemas);
    const verdict = await within(check.run(lab), checkTimeoutMs).then(() => ({ result: 'passed' as const }), judge);
    const lines = verdict.result === 'failed' ? { lines: this.#lines.slice(-mostLines) } : {};
    await lab.end();
    this.#add(check, { ...verdict, ...lines, durationMs: Math.round(performance.now() - start) });
  }

  #add(
    { id, section, says }: Pick<Check, 'id' | 'section' | 'says'>,
    more: Omit<Outcome, 'id' | 'section' | 'says'>,
  ): void {
    const outcome = { id, section, says, ...more };
    this.#outcomes.push(outcome);
    this.#options.tell?.(outcome);
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Failure(`the check did not end in ${ms / 1000} s`)), ms);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** What is neither is a bug of this suite, and is not hidden. */
function judge(error: unknown): { result: 'failed' | 'skipped'; why: string } {
  if (error instanceof Skip) return { result: 'skipped', why: error.message };
  if (error instanceof Failure) return { result: 'failed', why: error.message };
  return { result: 'failed', why: `the check itself broke: ${error instanceof Error ? error.stack : String(error)}` };
}
