/** The example frames of PROTOCOL.md and README.md, each with what it is an example of. */
import { isObject } from '../src/protocol/parse.ts';
import { type Fence, fences } from '../test/support/markdown.ts';

export interface Example {
  readonly from: 'client' | 'gateway';
  readonly frame: Readonly<Record<string, unknown>>;
  /** Of the page. */
  readonly line: number;
  readonly planned: boolean;
  /** The type of the request that an `ok` answers. */
  readonly answers?: string;
}

/** What a block of the page may be, by the words behind its backticks. */
const kinds = ['text', 'text planned', 'json', 'json push'];

/** The frames of every block that has frames, block by block. */
export function exampleBlocks(page: string): { line: number; examples: Example[] }[] {
  const blocks = fences(page).filter(({ lines }) => lines.some((line) => /^[→←]/.test(line)));
  return blocks.map((block) => ({ line: block.line, examples: examplesOf(block) }));
}

/** @throws Error for a block of PROTOCOL.md whose content nothing would check */
export function refuseOtherBlocks(page: string): void {
  for (const { info, line, lines } of fences(page)) {
    if (!kinds.includes(info)) throw new Error(`line ${line}: a block of the kind ${JSON.stringify(info)}`);
    const odd = info.startsWith('json') ? -1 : lines.findIndex((text) => !/^[→←#]/.test(text));
    if (odd >= 0) throw new Error(`line ${line + odd} is neither a frame nor a remark`);
  }
}

function examplesOf({ info, lines, line }: Fence): Example[] {
  const found: Example[] = [];
  for (const [index, text] of lines.entries()) {
    const sign = text.charAt(0);
    if (sign !== '→' && sign !== '←') continue;
    const json: unknown = JSON.parse(text.slice(1));
    for (const frame of Array.isArray(json) ? json : [json]) {
      if (!isObject(frame)) throw new Error(`line ${line + index} is no frame`);
      const from = sign === '→' ? ('client' as const) : ('gateway' as const);
      const asked = found.findLast((one) => one.from === 'client' && one.frame.id === frame.id);
      const answers = frame.type === 'ok' && asked ? { answers: String(asked.frame.type) } : {};
      found.push({ from, frame, line: line + index, planned: info.includes('planned'), ...answers });
    }
  }
  return found;
}
