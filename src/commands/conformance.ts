/** `stanzawire conformance URL`: checks a running gateway against PROTOCOL.md from outside. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Config, loadConfig, parseDuration } from '../config.ts';
import { Failure } from '../conformance/check.ts';
import type { Subject } from '../conformance/explore.ts';
import { countOf, junit, outcomeText, summaryText } from '../conformance/report.ts';
import { listChecks, type RunOptions, runChecks } from '../conformance/run.ts';
import { UsageError } from './arguments.ts';
import { exitCodes } from './exit-codes.ts';
import { signed } from './token.ts';

const hour = 3_600_000;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  token: text,
  'token-b': text,
  'token-c': text,
  'token-expired': text,
  config: { ...text, short: 'c' },
  origin: text,
  server: text,
  rooms: text,
  pubsub: text,
  only: { ...text, multiple: true },
  timeout: text,
  slow: flag,
  json: flag,
  junit: text,
  list: flag,
  quiet: { ...flag, short: 'q' },
  help: { ...flag, short: 'h' },
} as const satisfies ParseArgsConfig['options'];

export const manual = `stanzawire conformance — checks a running gateway against PROTOCOL.md, from outside

Usage
  stanzawire conformance wss://HOST/ws --token TOKEN --token-b TOKEN [--token-c TOKEN]
  stanzawire conformance wss://HOST/ws --config FILE      signs the tokens with auth.jwt.secret of that gateway
  stanzawire conformance wss://HOST/ws                    as guests, where they are let in

  The accounts are used: they write to each other, become contacts and part again, make rooms and end them, change
  their profiles and settings. Give accounts that are there for this. What cannot be checked is skipped, with why.

Options
      --token, --token-b, --token-c TOKEN   tokens of three accounts; @FILE reads one from a file. Give the first one the
                                            scope raw, and the second one not, to have everything checked
      --token-expired TOKEN                 a token that has ended
  -c, --config FILE      the gateway's own configuration: tokens for conformance-a, -b and -c, an hour long
      --origin URL       the Origin to connect with; without it none is sent, as by programs
      --server JID       the XMPP server's domain, where the gateway's answers do not tell it
      --rooms JID        the room service, where ready.services does not name it
      --pubsub JID       the pubsub service, where disco.items of the server does not list it
      --only ID          only checks whose id begins so; may be repeated
      --slow             also the checks that wait for the heartbeat
      --timeout TIME     how long to wait for an answer (default 10s)
      --list             print the checks and exit
      --json             print the report as JSON
      --junit FILE       write the report as JUnit XML too
  -q, --quiet            print what failed and the summary
  -h, --help             print this page

Exit codes
  0   nothing failed
  1   something failed
  2   the command line is wrong
  69  no session could be had, so nothing was checked
`;

/** The exit code. @throws UsageError, ConfigError */
export async function conformance(args: readonly string[], print: (text: string) => void): Promise<number> {
  const { values, positionals } = read(args);
  if (values.help) return printed(print, manual.trimEnd());
  if (values.list) return printed(print, listChecks().map(lineOf).join('\n'));
  const subject = await subjectOf(positionals, values);
  const { slow = false, json = false, quiet = false } = values;
  const tell: RunOptions['tell'] = (outcome) => {
    if (!json && !(quiet && outcome.result !== 'failed')) print(outcomeText(outcome));
  };
  try {
    const report = await runChecks(subject, { only: values.only ?? [], slow, tell });
    print(json ? JSON.stringify(report, null, 2) : summaryText(report));
    if (values.junit !== undefined) writeFileSync(values.junit, junit(report));
    return countOf(report.outcomes).failed === 0 ? exitCodes.ok : exitCodes.forced;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    print(`stanzawire: nothing was checked: ${error.message}`);
    return exitCodes.unavailable;
  }
}

function printed(print: (text: string) => void, text: string): number {
  print(text);
  return exitCodes.ok;
}

function lineOf({ id, section, says }: { id: string; section: number; says: string }): string {
  return `§${String(section).padEnd(2)} ${id.padEnd(28)} ${says}`;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    const [sentence] = error instanceof Error ? error.message.split(/\.\s|\n/) : [];
    throw new UsageError(`${sentence}. See stanzawire conformance --help`);
  }
}

type Values = ReturnType<typeof read>['values'];

async function subjectOf(positionals: readonly string[], values: Values): Promise<Subject> {
  const [url = '', ...more] = positionals;
  if (more.length > 0 || !/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError('conformance: write one address, as in stanzawire conformance wss://chat.example.com/ws');
  }
  const timeoutMs = parseDuration(values.timeout ?? '10s');
  if (!timeoutMs)
    throw new UsageError(`conformance: --timeout ${values.timeout} is not a duration; write one like 10s`);
  const { origin, server, rooms, pubsub } = values;
  const config = values.config === undefined ? undefined : loadConfig({ file: values.config, env: process.env });
  const own = config === undefined ? undefined : await signAll(config);
  const given = { a: values.token, b: values['token-b'], c: values['token-c'] };
  const tokens = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, secret(value)]]));
  const expired = values['token-expired'] === undefined ? own?.expired : secret(values['token-expired']);
  const all = { ...own?.tokens, ...Object.fromEntries(tokens) };
  // Tokens that are made are those of the account that they would stand for.
  const sign = values.token === undefined ? own?.sign : undefined;
  return { url, origin, server, rooms, pubsub, timeoutMs, expired, sign, tokens: all };
}

function secret(value: string): string {
  if (!value.startsWith('@')) return value;
  try {
    return readFileSync(value.slice(1), 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `conformance: ${value.slice(1)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The first account with the scope raw, the others without. */
async function signAll(config: Config): Promise<Pick<Subject, 'tokens' | 'expired' | 'sign'>> {
  const of = (name: string, scopes: string[], ttlMs = hour) =>
    signed(config, { user: `conformance-${name}`, scopes, ttlMs });
  const sign = (ttlMs: number): Promise<string> => of('a', ['raw'], ttlMs);
  const tokens = { a: await sign(hour), b: await of('b', []), c: await of('c', []) };
  return { tokens, sign, expired: await sign(-hour) };
}
