/** What a run found, for people (text), for programs (JSON), and for CI systems (JUnit). */
import type { Outcome, Report } from './run.ts';

const sections = [
  'Transport',
  'Envelope',
  'Connect, resume, refresh',
  'Heartbeat and acks',
  'Event classes, resume, catch-up',
  'What ok means; message ids',
  'Limits, errors, close codes',
  'Batches, binary',
  'Objects',
  'Requests',
  'Events',
  'Security rules of the wire',
];
const words = { passed: 'pass', failed: 'FAIL', skipped: 'skip' } as const;
const longestLine = 240;

/** One line of the report; with why, and with the conversation of what failed. */
export function outcomeText({ id, section, says, result, why, lines = [] }: Outcome): string {
  const head = `${words[result]}  §${String(section).padEnd(2)} ${id.padEnd(26)} ${says}`;
  const reason = why === undefined ? [] : [`          ${why}`];
  const talk = lines.map((line) => `          ${line.length > longestLine ? `${line.slice(0, longestLine)}…` : line}`);
  return [head, ...reason, ...talk].join('\n');
}

/** What comes at the end: by section, what failed, what was never seen. */
export function summaryText({ url, outcomes, durationMs, coverage }: Report): string {
  const rows = sections.map((title, index) => {
    const { passed, failed, skipped } = countOf(outcomes.filter(({ section }) => section === index + 1));
    const counts = [passed, failed, skipped].map((count) => String(count).padStart(7)).join('');
    return `  ${`§${index + 1} ${title}`.padEnd(36)}${counts}`;
  });
  const { passed, failed, skipped } = countOf(outcomes);
  const unseen = Object.entries(coverage)
    .filter(([, part]) => part.unseen.length > 0)
    .map(([name, part]) => `  ${name.padEnd(9)} ${part.seen.length} seen; not seen: ${part.unseen.join(' ')}`);
  const failures = outcomes.filter(({ result }) => result === 'failed').map(({ id, why }) => `  ${id}: ${why}`);
  return [
    '',
    `${`${url}`.padEnd(38)}   pass   FAIL   skip`,
    ...rows,
    '',
    ...(unseen.length > 0 ? ['What was not seen on the wire', ...unseen, ''] : []),
    ...(failures.length > 0 ? ['What failed', ...failures, ''] : []),
    `${outcomes.length} checks in ${(durationMs / 1000).toFixed(1)} s: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join('\n');
}

export function countOf(outcomes: readonly Outcome[]): Record<Outcome['result'], number> {
  const count = (wanted: Outcome['result']): number => outcomes.filter(({ result }) => result === wanted).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** JUnit's XML, as CI systems read it: a case for each check. */
export function junit({ url, outcomes, durationMs, startedAt }: Report): string {
  const { failed, skipped } = countOf(outcomes);
  const totals = `tests="${outcomes.length}" failures="${failed}" skipped="${skipped}" errors="0"`;
  const attributes = `name="${xml(`conformance of ${url}`)}" ${totals} time="${durationMs / 1000}" timestamp="${startedAt}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite ${attributes}>`,
    ...outcomes.map(testCase),
    '</testsuite>',
    '',
  ].join('\n');
}

function testCase({ id, section, says, result, why = '', lines = [], durationMs }: Outcome): string {
  const open = `  <testcase classname="${`§${section}`}" name="${xml(`${id}: ${says}`)}" time="${durationMs / 1000}"`;
  if (result === 'passed') return `${open}/>`;
  if (result === 'skipped') return `${open}><skipped message="${xml(why)}"/></testcase>`;
  return `${open}><failure message="${xml(why)}">${xml(lines.join('\n'))}</failure></testcase>`;
}

/** XML 1.0 cannot carry what a gateway may have sent. */
function xml(text: string): string {
  const plain = text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' };
  return plain.replaceAll(/[&<>"\n]/g, (char) => entities[char] ?? char);
}
