/**
 * npm test: prepares what the tests need, then runs the type check, the linters and the tests. Arguments go to vitest
 * (`npm test -- test/xmpp`), and then it runs alone. Under CI nothing may be missing or skipped.
 * Node 20 without node_modules can run this script.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureDependencies, requireNode, root, run, withNode } from './node.mjs';

process.chdir(root);
const args = process.argv.slice(2);
const ci = !['', '0', 'false'].includes(process.env.CI ?? '');

ensureDependencies();
const env = withNode(requireNode());
const problems = [...(await prepare()), ...(await check())];
const counts = await test();
problems.push(...counts.problems);

for (const problem of problems) console.error(`✗ ${problem}`);
const failed = counts.failed + problems.length;
if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
console.log(`${counts.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Gets ready what the tests run against, and says what is skipped for want of it. */
async function prepare() {
  const lines = [...(await prepareServers()), ...(await prepareHelm())];
  if (ci) return lines;
  for (const line of lines) console.warn(`Skipped: ${line}`);
  return [];
}

function line({ what, why }) {
  return `${what} is missing: ${why}`;
}

async function prepareHelm() {
  const wanted = ci || args.length === 0 || args.some((arg) => arg.includes('helm'));
  return wanted ? (await import('./helm.mjs')).prepareHelm().map(line) : [];
}

/** For the e2e tests. */
async function prepareServers() {
  const paths = args.filter((arg) => existsSync(arg));
  const withoutServers = paths.length > 0 && paths.every((path) => /^(\.\/)?test\/(?!e2e|$)/.test(path));
  if (withoutServers && !ci) return [];
  const { available, missing } = await (await import('./servers.mjs')).prepareServers({ ci });
  console.log(`Servers for the e2e tests: ${available.join(', ') || 'none'}`);
  return missing.map(line);
}

/** Everything but the tests. Each is run, whatever the others say. */
async function check() {
  if (args.length > 0) return [];
  const checks = [
    ['tsc', '--noEmit'],
    ['tsc', '--noEmit', '-p', 'tsconfig.build.json'],
    ['tsc', '--noEmit', '-p', 'demo'],
    ['biome', 'check', '--error-on-warnings', '.'],
    ['oxlint', '--type-aware', '--deny-warnings'],
  ];
  const failed = [];
  for (const [program, ...rest] of checks) {
    console.log(`> ${[program, ...rest].join(' ')}`);
    if ((await run(program, rest, { env })) !== 0) failed.push(`${[program, ...rest].join(' ')} found problems`);
  }
  return failed;
}

/** vitest, with its counts read from its JSON report. */
async function test() {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run('vitest', ['run', ...reporters, ...args], { env });
    return count(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(report, code) {
  if (!report)
    return { passed: 0, failed: 0, skipped: 0, problems: [`vitest ended without a report, exit code ${code}`] };
  const { numPassedTests: passed, numFailedTests: failed, numTotalTests: total } = report;
  const problems = [];
  for (const file of report.testResults) {
    const broken = file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
    if (broken) problems.push(`${relative(root, file.name)} failed outside its tests: ${file.message}`);
    if (!ci || args.length > 0) continue;
    for (const { status, fullName } of file.assertionResults) {
      if (status !== 'passed' && status !== 'failed')
        problems.push(`${relative(root, file.name)}: skipped under CI: ${fullName}`);
    }
  }
  if (code !== 0 && failed + problems.length === 0) problems.push(`vitest ended with exit code ${code}`);
  return { passed, failed, skipped: total - passed - failed, problems };
}
