/** What a check is: a sentence of PROTOCOL.md, and a conversation that shows whether a gateway keeps it. */
import type { Lab } from './lab.ts';

/**
 * What a check cannot do without. `b`, `c`: a second and a third account. `raw`: the scope of the first account's
 * token; `tame`: a second one without it. `expired`: a token that has ended. `sign`: tokens can be made. `slow`: minutes
 * are allowed.
 */
export type Need =
  | 'b'
  | 'c'
  | 'raw'
  | 'tame'
  | 'token'
  | 'expired'
  | 'sign'
  | 'server'
  | 'rooms'
  | 'upload'
  | 'pubsub'
  | 'slow';

export interface Check {
  /** `area.what`, stable: reports are compared by it. */
  readonly id: string;
  /** Of PROTOCOL.md. */
  readonly section: number;
  /** What the gateway does, as a sentence. */
  readonly says: string;
  readonly needs: readonly Need[];
  /** @throws Failure, Skip */
  readonly run: (lab: Lab) => Promise<void>;
}

/** The gateway does something else than PROTOCOL.md says. */
export class Failure extends Error {
  override name = 'Failure';
}

/** Whether it does so cannot be seen here. */
export class Skip extends Error {
  override name = 'Skip';
}

/** The checks of one section; their order is that of the report. */
export function section(
  number: number,
  checks: Record<string, readonly [says: string, run: Check['run'], ...needs: Need[]]>,
): Check[] {
  return Object.entries(checks).map(([id, [says, run, ...needs]]) => ({ id, section: number, says, needs, run }));
}

/** @throws Failure */
export function expect(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Failure(says);
}

/** @throws Failure that names both */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [show(actual), show(expected)];
  if (is !== should) throw new Failure(`${what} is ${is}, and should be ${should}`);
}

/** JSON with the keys in order, so that equal things have equal texts. */
export function show(value: unknown): string {
  const inOrder = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, inOrder) ?? 'absent';
}
