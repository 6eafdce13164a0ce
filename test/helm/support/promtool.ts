/** promtool, and what can be said of a query without it. */
import { spawnSync } from 'node:child_process';

const found = spawnSync('promtool', ['--version']).status === 0;
/** Under CI nothing may be skipped: there the tests fail without it. */
export const skipWithoutPromtool = !found && !process.env.CI;

export function promtool(args: string[], input?: string): { status: number | null; output: string } {
  const options = { encoding: 'utf8', timeout: 30_000, ...(input === undefined ? {} : { input }) } as const;
  const { status, stdout, stderr } = spawnSync('promtool', args, options);
  return { status, output: stdout + stderr };
}

/** The names of metrics in a query. */
export function metricNames(expr: string): string[] {
  const bare = expr.replace(/"[^"]*"/g, '').replace(/\{[^}]*\}/g, '{}');
  return [...new Set(bare.match(/\b(?:stanzawire|nodejs|process)[_:][\w:]+/g) ?? [])];
}
