/** The command line: what is to be done, with its options. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

export type Command =
  | { name: 'help' }
  | { name: 'version' }
  | { name: 'run'; file: string | undefined }
  | { name: 'check'; file: string | undefined; link: boolean }
  | { name: 'drain'; file: string | undefined; timeout: string | undefined }
  | { name: 'conformance'; args: readonly string[] }
  | { name: 'token'; file: string | undefined; user: string; ttl: string; scopes: string[] };

/** The command line cannot be understood; the message is one line. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const text = { type: 'string' } as const;
const common = {
  config: { ...text, short: 'c' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;
const runOptions = { ...common, check: text };
const drainOptions = { ...common, timeout: text };
const tokenOptions = { ...common, user: text, ttl: text, scope: { ...text, multiple: true as const } };

/** @throws UsageError */
export function readArguments(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === 'token') return readToken(rest);
  if (first === 'drain') return readDrain(rest);
  if (first === 'conformance') return { name: 'conformance', args: rest };
  if (first !== undefined && !first.startsWith('-')) {
    const name = JSON.stringify(first);
    throw new UsageError(`${name} is no command; there are conformance, drain and token. See stanzawire --help`);
  }
  // parseArgs knows no option whose value may be left out.
  const { help, version, config, check } = read(
    args.map((arg) => (arg === '--check' ? '--check=config' : arg)),
    runOptions,
  );
  if (help) return { name: 'help' };
  if (version) return { name: 'version' };
  if (check === undefined) return { name: 'run', file: config };
  if (check !== 'config' && check !== 'link') {
    throw new UsageError(`--check=${check} is not valid; write --check or --check=link`);
  }
  return { name: 'check', file: config, link: check === 'link' };
}

function readDrain(args: readonly string[]): Command {
  const { help, version, config, timeout } = read(args, drainOptions);
  if (help) return { name: 'help' };
  if (version) return { name: 'version' };
  return { name: 'drain', file: config, timeout };
}

function readToken(args: readonly string[]): Command {
  const { help, version, config, user, ttl = '1h', scope = [] } = read(args, tokenOptions);
  if (help) return { name: 'help' };
  if (version) return { name: 'version' };
  if (!user) throw new UsageError('token: --user is missing; write stanzawire token --user alice');
  const scopes = scope.flatMap((text) => text.split(/[\s,]+/)).filter((name) => name !== '');
  return { name: 'token', file: config, user, ttl, scopes };
}

function read<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // The first sentence says which argument it is; the rest advises on positional ones, of which there are none.
    const [sentence] = error instanceof Error ? error.message.split(/\.\s|\n/) : [];
    throw new UsageError(`${sentence}. See stanzawire --help`);
  }
}
