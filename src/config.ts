/**
 * The configuration: a YAML file and STANZAWIRE_* environment variables, the environment winning, read by the schema of
 * config/schema.ts. What cannot be used is a ConfigError: the process ends with exit code 78.
 */
import { readFileSync } from 'node:fs';
import { Check } from 'typebox/value';
import { LineCounter, parseDocument, stringify } from 'yaml';
import type { ConfigFiles } from './config/files.ts';
import { allKeys, type Key, type Section, sections } from './config/keys.ts';
import { checkRules, derive } from './config/rules.ts';
import { type Config, ConfigSchema } from './config/schema.ts';
import { secretIn } from './config/secret.ts';
import { suggest } from './config/suggest.ts';
import { isTree, nest, valueAt } from './config/tree.ts';
import { ConfigError, fromEnv, nameOf, readValue, show, written } from './config/values.ts';

export { ConfigFiles } from './config/files.ts';
export { LiveConfig, type Reloaded } from './config/live.ts';
export { warnings } from './config/rules.ts';
export type { Config, Secret } from './config/schema.ts';
export { ConfigError, parseDuration } from './config/values.ts';

/** A value as it stands somewhere, and where that is, for people. */
interface Given {
  raw: unknown;
  source: string;
}
type Values = Map<string, Given>;

export interface Sources {
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Told of every file that is read: of secrets too. */
  files?: ConfigFiles;
}

/**
 * The checked configuration; without a file, of the environment and the defaults alone.
 * @throws ConfigError one line that names the key, the value (never a secret's) and the remedy
 */
export function loadConfig({ file, env, files }: Sources): Config {
  const fromFile: Values = file === undefined ? new Map() : readFile(file, files);
  const fromEnvironment = readEnv(env);
  for (const values of [fromFile, fromEnvironment]) refusePairs(values);
  const given: Values = new Map([...fromFile, ...fromEnvironment]);
  const values = new Map<string, unknown>();
  for (const key of allKeys()) {
    if (key.kind === 'file') continue;
    const value = key.kind === 'secret' ? readSecret(key, given, fromEnvironment, files) : readKey(key, given);
    if (value !== undefined) values.set(key.key, value);
  }
  for (const key of ['xmpp.domain', 'xmpp.secret']) if (!values.has(key)) throw missing(key);
  derive({ values, given: new Set(given.keys()) });
  const config = nest(values);
  // The keys were checked one by one; this is for the types.
  if (!Check(ConfigSchema, config)) throw new Error('the configuration does not fit its schema');
  checkRules(config);
  return config;
}

/** The configuration as it would be written, secrets hidden: for people and for the log. */
export function effective(config: Config): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const key of allKeys()) {
    const value = valueAt(config, key.path);
    if (value !== undefined && key.kind !== 'file') values.set(key.key, written(key.kind, value));
  }
  return nest(values);
}

/** The same as YAML text. */
export function effectiveYaml(config: Config): string {
  return stringify(effective(config), { lineWidth: 0 });
}

function missing(key: string): ConfigError {
  const found = allKeys().find((candidate) => candidate.key === key);
  const file = found?.kind === 'secret' ? ` or ${key}File` : '';
  return new ConfigError(
    `${key}: missing; set ${key}${file} in the file of --config, or ${found?.env} in the environment`,
  );
}

function readKey(key: Key, given: Values): unknown {
  const found = given.get(key.key);
  if (found) return readValue(key, found.raw, found.source);
  // Defaults are written as in the file, and take the same way.
  return key.default === undefined ? undefined : readValue(key, key.default, 'default');
}

/** A secret, or the file it is in; the environment's form goes before the other form in the file. */
function readSecret(key: Key, given: Values, fromEnvironment: Values, files?: ConfigFiles): unknown {
  const fileKey = allKeys().find((candidate) => candidate.key === `${key.key}File`);
  const text = given.get(key.key);
  const path = given.get(`${key.key}File`);
  if (fileKey && path && !(text && fromEnvironment.has(key.key))) return openSecret(fileKey, path, files);
  if (!text) return undefined;
  const value = String(readValue(key, text.raw, text.source));
  return () => value;
}

function openSecret(key: Key, { raw, source }: Given, files: ConfigFiles | undefined): unknown {
  const path = String(readValue(key, raw, source));
  files?.reads(path);
  try {
    const text = secretIn(path);
    return () => text;
  } catch (error) {
    throw new ConfigError(
      `${key.key}: ${show(path)} cannot be read: ${reason(error)}; give the path of a file (${source})`,
    );
  }
}

function refusePairs(values: Values): void {
  for (const [key, { source }] of values) {
    if (!values.has(`${key}File`)) continue;
    throw new ConfigError(`${key}: ${key} and ${key}File are both set; remove one of them (${source})`);
  }
}

function readFile(file: string, files: ConfigFiles | undefined): Values {
  files?.reads(file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`--config: ${show(file)} cannot be read: ${reason(error)}; give the path of a YAML file`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // The library's own messages quote the file, and with it perhaps a secret: only their code is passed on.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const what = broken.code.toLowerCase().replaceAll('_', ' ');
    throw new ConfigError(
      `${file}:${line}:${col}: not valid YAML: ${what}; indent with spaces, give each key once, and put text with special characters in quotes`,
    );
  }
  const where = (path: readonly string[]): string => {
    const node = document.getIn(path, true);
    const range = isTree(node) && Array.isArray(node.range) ? node.range : [];
    return typeof range[0] === 'number' ? `${file}:${lines.linePos(range[0]).line}` : file;
  };
  const values: Values = new Map();
  collect(sections(), toPlain(document, file), [], where, values);
  return values;
}

function toPlain(document: { toJS(): unknown }, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    // An alias without its anchor: text that starts with an asterisk.
    throw new ConfigError(`${file}: not valid YAML: a value starts with *; put such text in quotes`);
  }
}

/** The file's tree → values by key; null counts as absent. @throws ConfigError for a key that does not exist */
function collect(
  section: Section,
  tree: unknown,
  path: readonly string[],
  where: (path: readonly string[]) => string,
  into: Values,
): void {
  if (tree === null || tree === undefined) return;
  if (!isTree(tree)) {
    const name = section.key || 'the file';
    throw new ConfigError(
      `${name}: is ${nameOf(tree)}, not a section; write its keys below it, indented (${where(path)})`,
    );
  }
  for (const [name, child] of Object.entries(tree)) {
    const here = [...path, name];
    const key = here.join('.');
    const inner = section.sections.find((candidate) => candidate.key === key);
    if (inner) collect(inner, child, here, where, into);
    else if (!section.keys.some((candidate) => candidate.key === key)) throw unknownKey(key, where(here));
    else if (child !== null) into.set(key, { raw: child, source: where(here) });
  }
}

function unknownKey(key: string, source: string): ConfigError {
  const near = suggest(key, [...allKeys().map((known) => known.key), ...sectionKeys(sections())]);
  const remedy = near ? `did you mean ${near}?` : 'remove it; docs/configuration.md lists every key';
  return new ConfigError(`${/^[\w.-]+$/.test(key) ? key : show(key)}: no such key; ${remedy} (${source})`);
}

function sectionKeys(section: Section): string[] {
  return section.sections.flatMap((child) => [child.key, ...sectionKeys(child)]);
}

// What Kubernetes sets in every pod for a service that is named after the gateway.
function isServiceLink(name: string, text: string): boolean {
  return /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)/.test(name) || /^(?:tcp|udp|sctp):\/\//.test(text);
}

/** Variables that are set to nothing count as absent, as compose files leave them. */
function readEnv(env: NodeJS.ProcessEnv): Values {
  const keys = allKeys();
  const values: Values = new Map();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('STANZAWIRE_') || !text || isServiceLink(name, text)) continue;
    const key = keys.find((candidate) => candidate.env === name);
    if (key) values.set(key.key, { raw: fromEnv(key, text), source: name });
    else refuseVariable(name, keys);
  }
  return values;
}

/** A variable that must be meant for us, and is no key: inside of a section, or nearly a key's name. */
function refuseVariable(name: string, keys: Key[]): void {
  const near = suggest(
    name,
    keys.map((key) => key.env),
  );
  const ours = keys.some((key) => name.startsWith(`STANZAWIRE_${key.path[0]?.toUpperCase()}_`));
  if (!near && !ours) return;
  const remedy = near ? `did you mean ${near}?` : 'unset it; docs/configuration.md lists every variable';
  throw new ConfigError(`${name}: no such key; ${remedy}`);
}

function reason(error: unknown): string {
  const code = isTree(error) ? error.code : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
}
