/**
 * As much of Markdown as the tests of our pages need: fenced blocks, tables, headings, links.
 */

export interface Fence {
  /** The words behind the opening backticks. */
  readonly info: string;
  readonly lines: readonly string[];
  /** Line number of the first line inside. */
  readonly line: number;
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function fences(page: string): Fence[] {
  const found: Fence[] = [];
  const lines = page.split('\n');
  for (let start = 0; start < lines.length; start++) {
    if (!lines[start]?.startsWith('```')) continue;
    const end = lines.indexOf('```', start + 1);
    if (end < 0) throw new Error(`the block of line ${start + 1} is not closed`);
    found.push({ info: lines[start]?.slice(3).trim() ?? '', lines: lines.slice(start + 1, end), line: start + 2 });
    start = end;
  }
  return found;
}

/** Every table outside of fenced blocks, cells trimmed. */
export function tables(page: string): Table[] {
  const found: Table[] = [];
  let rows: string[][] = [];
  for (const line of [...prose(page), '']) {
    if (line.startsWith('|')) {
      rows.push(
        line
          .slice(1, line.lastIndexOf('|'))
          .split('|')
          .map((cell) => cell.trim()),
      );
      continue;
    }
    const [header, , ...body] = rows;
    if (header) found.push({ header, rows: body });
    rows = [];
  }
  return found;
}

/** The words in backticks of a table's cell. */
export function codes(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** The targets of the page's links and images. */
export function links(page: string): string[] {
  const text = prose(page)
    .join('\n')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** The anchors of the page's headings, as GitHub makes them. */
export function anchors(page: string): Set<string> {
  const headings = prose(page).filter((line) => /^#{1,6} /.test(line));
  return new Set(
    headings.map((line) => {
      const text = line.replace(/^#+ /, '').toLowerCase();
      return text
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-');
    }),
  );
}

/** The lines outside of fenced blocks. */
function prose(page: string): string[] {
  let inside = false;
  return page.split('\n').filter((line) => {
    const fence = line.startsWith('```');
    if (fence) inside = !inside;
    return !fence && !inside;
  });
}
