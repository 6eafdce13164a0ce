/**
 * npm run docs: writes docs/configuration.md and config.example.yaml from the configuration's schema, docs/xeps.md from
 * what the extensions say of themselves, docs/asyncapi.yaml from the schemas of the protocol, and the pages of
 * operators.ts. A test compares the files with what this makes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import packageFile from '../package.json' with { type: 'json' };
import { type Key, type Section, sections } from '../src/config/keys.ts';
import type { Kind } from '../src/config/schema.ts';
import { rangeOf } from '../src/config/values.ts';
import { openApi } from '../src/protocol/openapi.ts';
import { asyncApi } from './asyncapi.ts';
import { xepsPage } from './xeps.ts';

const root = join(import.meta.dirname, '..');

/** Path below the project's root → content. */
export function generated(): Record<string, string> {
  return {
    'docs/configuration.md': page(),
    'config.example.yaml': example(),
    'docs/xeps.md': xepsPage(),
    'docs/asyncapi.yaml': asyncApi(),
    'docs/openapi.yaml': openApiPage(),
  };
}

function openApiPage(): string {
  const text = stringify(openApi(packageFile.version), { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Made from src/protocol/api.ts by "npm run docs": change it there.\n${text}`;
}

function page(): string {
  const { keys, sections: inner } = sections();
  const parts = inner.flatMap((section) => sectionParts(section));
  return `${[intro, ...parts, '## Keys of their own', tableOf(keys)].join('\n\n')}\n`;
}

const intro = `<!-- Made from src/config/ by "npm run docs": change it there. -->

# Configuration

\`stanzawire --config FILE\` reads a YAML file; [config.example.yaml](../config.example.yaml) is one to start from.
\`stanzawire --config FILE --check\` says whether it can be used and prints it in full, without its secrets;
\`--check=link\` tries the handshake with the XMPP server too. What cannot be used ends the process with exit code 78 and
one line that names the key, the value and the remedy. There are no unknown keys: each is an error.

- **Environment.** Every key has a variable, which goes before the file; without a file, variables alone will do. A
  variable that is set to nothing counts as absent. Variables of a section that name no key are errors; those that
  Kubernetes sets for a service called \`stanzawire\` are left alone.
- **Durations** are a number with its unit: \`500ms\`, \`30s\`, \`5m\`, \`1h\`, \`7d\`. **Sizes** are bytes, or a number with its
  unit: \`64KiB\`, \`1MiB\`. **Lists** are YAML lists; in a variable, commas separate them.
- **Secrets** are given as text or as a file (\`…File\`), never both. A file's final line end does not count. Relative
  paths start at the working directory. No secret is ever logged or printed.
- **Required:** \`xmpp.domain\`, \`xmpp.secret\` (or its file), and a way to connect: \`auth.jwt\`, \`auth.webhook\` or \`auth.guest\`.
  A browser page may connect only when its origin is listed in \`http.public.origins\`.

## Changes without a restart

The configuration is read again when its file or a file of a secret has changed (they are looked at every second, and read
when they were the same at two looks), at SIGHUP, and at \`POST /api/reload\` of the internal port. Replaced files and
Kubernetes' swaps of mounted folders count. Variables of the environment are what they were at the start.

- Keys marked **reload** below change at once, and the log line \`config_reloaded\` names those that did. Limits hold for
  what is asked from then on; \`limits.frame\`, the heartbeat and what a session may keep (\`sessions.maxEvents\`) for the
  sockets and sessions that are opened from then on. A key that signs tokens decides about the next \`connect\` and
  \`auth.refresh\`; who is connected stays so until the token expires.
- A change of any other key is named by \`config_needs_restart\`; it does nothing before the next start.
- A file that cannot be used, or a secret's file that is missing or empty, changes nothing at all: \`config_reload_failed\`
  says which key and what helps, \`stanzawire_config_last_reload_successful\` is 0, and the old configuration stays in
  force until the next change.`;

function sectionParts(section: Section, depth = 2): string[] {
  const heading = `${'#'.repeat(depth)} \`${section.key}\``;
  const table = section.keys.length === 0 ? [] : [tableOf(section.keys)];
  return [
    heading,
    section.description,
    ...table,
    ...section.sections.flatMap((inner) => sectionParts(inner, depth + 1)),
  ];
}

function tableOf(keys: Key[]): string {
  const rows = keys.map((key) => {
    return [`\`${key.key}\``, typeOf(key), defaultOf(key), key.reload ? 'yes' : '', `\`${key.env}\``, key.description];
  });
  const names = ['key', 'type', 'default', 'reload', 'variable', 'meaning'];
  const lines = [names, names.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

function typeOf(key: Key): string {
  if (key.write?.startsWith('one of') || key.write?.startsWith('a list of')) return key.write;
  const names: Partial<Record<Kind, string>> = { flag: '`true` or `false`', file: 'path', integer: 'whole number' };
  const name = names[key.kind] ?? key.kind;
  return [name, rangeOf(key)].filter(Boolean).join(', ');
}

function defaultOf(key: Key): string {
  if (key.default !== undefined) return `\`${yaml(key.default)}\``;
  if (key.otherwise !== undefined) return key.otherwise;
  return key.key === 'xmpp.domain' ? 'required' : '';
}

function example(): string {
  const { keys, sections: inner } = sections();
  const parts = inner.map((section) => sectionLines(section, '').join('\n'));
  return `${[exampleIntro, ...parts, ...keys.map((key) => keyLines(key, '').join('\n'))].join('\n\n')}\n`;
}

const exampleIntro = `# An example for Stanzawire: change xmpp.domain and http.public.origins, and give the two secrets, here or as
# STANZAWIRE_XMPP_SECRET and STANZAWIRE_AUTH_JWT_SECRET. All other keys have their defaults; those behind a # have none.
# docs/configuration.md says more. Check it with: stanzawire --config FILE --check`;

function sectionLines(section: Section, indent: string): string[] {
  const inside = `${indent}  `;
  return [
    ...comment(section.description, indent),
    `${indent}${section.key.split('.').at(-1)}:`,
    ...section.keys.flatMap((key) => keyLines(key, inside)),
    ...section.sections.flatMap((inner) => sectionLines(inner, inside)),
  ];
}

function keyLines(key: Key, indent: string): string[] {
  return [...comment(meaning(key), indent), `${indent}${setting(key)}`];
}

function meaning(key: Key): string {
  const otherwise = key.otherwise === undefined ? '' : ` Otherwise: ${key.otherwise}.`;
  const choice = key.write?.startsWith('one of') ? ` Any ${key.write}.` : '';
  return `${key.description}${choice}${otherwise}`.replaceAll('`', '');
}

/** Active where it is a default or required; behind a # where it is one of several ways, or need not be. */
function setting(key: Key): string {
  const name = key.path.at(-1) ?? '';
  if (key.kind === 'secret') return `# ${name}: …`;
  const optional = key.default === undefined && key.key !== 'xmpp.domain';
  return `${optional ? '# ' : ''}${name}: ${yaml(key.example ?? key.default ?? '')}`;
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && indent.length + line.length + word.length > 112) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].map((part) => `${indent}# ${part}`);
}

function yaml(value: Key['default'] | Key['example']): string {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`;
  const text = String(value);
  return typeof value !== 'string' || /^[\w/][\w./:-]*$/.test(text) ? text : JSON.stringify(text);
}

if (process.argv[1] === import.meta.filename) {
  const { operatorPages } = await import('./operators.ts');
  const pages = { ...generated(), ...(await operatorPages()) };
  for (const [path, text] of Object.entries(pages)) writeFileSync(join(root, path), text);
}
