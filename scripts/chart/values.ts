/** The values of the Helm chart: read from values.yaml, with the comments that become the rows of its README. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export const chart = join(import.meta.dirname, '../../helm/stanzawire');

export interface Value {
  key: string;
  fallback: unknown;
  /** What stands behind `# --` before the key; undefined where that is missing. */
  text: string | undefined;
}

/** Every value that has a comment; sections without one are gone into. */
export function values(): Value[] {
  const { contents } = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  if (!isMap(contents)) throw new Error('values.yaml is no map');
  return inside(contents, '', contents.commentBefore);
}

function inside(map: YAMLMap, prefix: string, first: string | null | undefined): Value[] {
  return map.items.flatMap((pair, index) => (isPair(pair) ? one(pair, prefix, index === 0 ? first : undefined) : []));
}

function one({ key, value }: Pair, prefix: string, first: string | null | undefined): Value[] {
  if (!isScalar(key)) return [];
  const name = `${prefix}${String(key.value)}`;
  const text = described(key.commentBefore ?? first);
  if (text === undefined && isMap(value)) return inside(value, `${name}.`, value.commentBefore);
  const fallback: unknown = isScalar(value) ? value.value : JSON.parse(JSON.stringify(value));
  return [{ key: name, fallback, text }];
}

function described(comment: string | null | undefined): string | undefined {
  const [, text] = comment?.split(/^ -- /m) ?? [];
  return text?.replace(/\n /g, ' ').trim();
}

/** The README with the table of the values in it renewed. */
export function readme(): string {
  const text = readFileSync(join(chart, 'README.md'), 'utf8');
  const rows = values().map(({ key, fallback, text = '' }) => [`\`${key}\``, shown(fallback), text]);
  const lines = [['value', 'default', 'meaning'], ['---', '---', '---'], ...rows];
  const table = lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return text.replace(/(<!-- values[^\n]*-->\n)[\s\S]*(<!-- end of values -->)/, (_, start, end) => {
    return `${start}\n${table.join('\n')}\n\n${end}`;
  });
}

function shown(fallback: unknown): string {
  const text = JSON.stringify(fallback);
  if (fallback === null || fallback === '') return '';
  return text.length > 60 ? 'see values.yaml' : `\`${typeof fallback === 'string' ? fallback : text}\``;
}
