/** docs/xeps.md: what the extensions say of themselves, a row for each document they implement. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Extension, Spec } from '../src/extension.ts';
import { builtIn } from '../src/extensions/index.ts';

const folder = join(import.meta.dirname, '../src/extensions');

interface Row {
  readonly spec: Spec;
  readonly title: string;
  readonly json: string;
  readonly xmpp: string;
}

export function xepsPage(): string {
  const titles = readTitles();
  const titleOf = (spec: Spec): string => spec.title ?? titles.get(nameOf(spec)) ?? '';
  const rows = builtIn.flatMap((one) => rowsOf(one, titleOf));
  const isXep = ({ spec }: Row): boolean => spec.name.startsWith('XEP-');
  const rfcs = rows.filter(({ spec }) => spec.name.startsWith('RFC '));
  return `${[intro, '## XEPs', table(rows.filter(isXep)), '## RFCs', table(rfcs)].join('\n\n')}\n`;
}

const intro = `<!-- Made from src/extensions by "npm run docs": change it there. -->

# Supported specifications

Each is an extension of its own in [\`src/extensions\`](../src/extensions); [extensions.md](extensions.md) says how to write
one. On the JSON side stand the fields and frames of [PROTOCOL.md](../PROTOCOL.md), on the XMPP side the queries that the
gateway answers and the features that it announces (XEP-0030). A document without either is at work inside of others.

Beneath all of them: the stream is XEP-0114 (Jabber Component Protocol), user names are escaped by XEP-0106 (JID Escaping), times
are written as in XEP-0082.`;

function rowsOf(one: Extension, titleOf: (spec: Spec) => string): Row[] {
  const own = { spec: one.spec, title: titleOf(one.spec), json: jsonSide(one), xmpp: xmppSide(one) };
  const where = `with ${one.spec.name}`;
  return [own, ...(one.also ?? []).map((spec) => ({ spec, title: titleOf(spec), json: where, xmpp: '' }))];
}

function jsonSide(one: Extension): string {
  const fields = Object.entries({ message: one.message, presence: one.presence, typing: one.typing });
  const named = fields.flatMap(([object, all]) => Object.keys(all ?? {}).map((name) => `${object}.${name}`));
  const events = (one.actions ?? []).map(({ type }) => type);
  return [...named, ...Object.keys(one.requests ?? {}), ...new Set(events)].map(code).join(' ');
}

function xmppSide(one: Extension): string {
  const queries = (one.iq ?? []).map(({ type, name, xmlns }) => `${type} ${code(`${name} ${xmlns}`)}`);
  const features = new Set(Object.values(one.features ?? {}).flat());
  return [...queries, ...[...features].map((feature) => `announces ${code(feature)}`)].join('<br>');
}

function table(rows: readonly Row[]): string {
  const sorted = rows.toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  const cells = sorted.map(({ spec, title, json, xmpp }) => [
    `[${nameOf(spec)}](${spec.url})`,
    title,
    spec.version ?? '',
    json,
    xmpp,
  ]);
  const head = ['document', 'title', 'version', 'JSON', 'XMPP'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The header of an extension's file begins with the document, its title and version. */
function readTitles(): Map<string, string> {
  const files = globSync(['{rfc,xep}[0-9]*.ts', '{rfc,xep}[0-9]*/index.ts'], { cwd: folder });
  const headers = files.map((file) => readFileSync(join(folder, file), 'utf8').replace(/^\/\*\*[\s*]*/, ''));
  const xeps = headers.map((text) => /^(XEP-\d{4}) (.+?) \d+\.\d/.exec(text));
  // Of several sections the last one is that of the address.
  const rfcs = headers.map((text) =>
    /^(RFC \d+ §(?=[\d.]*\d))(?:[\d.]+–§)?([\d.]*\d)[^.:;]*?[,:]? ([^.:;]+)/.exec(text),
  );
  const named = [
    ...xeps.flatMap((found) => (found ? [[found[1], found[2]]] : [])),
    ...rfcs.flatMap((found) => (found ? [[`${found[1]}${found[2]}`, found[3]]] : [])),
  ];
  return new Map(named.map(([name = '', title = '']) => [name, title]));
}

/** Its name; an RFC's parts are documents of their own. */
function nameOf({ name, url }: Spec): string {
  const section = /#section-(.+)$/.exec(url)?.[1];
  return section === undefined ? name : `${name} §${section}`;
}
