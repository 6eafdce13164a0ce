/** `npm run fuzz`: hostile frames and stanzas from the command line; prints its seed and all counts, and ends with 1 where something broke. */
import { parseArgs } from 'node:util';
import { fuzz } from './run.ts';

const usage = `usage: npm run fuzz -- [OPTION …]
  --frames N     frames from web clients (default 1000000)
  --stanzas N    stanzas from the XMPP server (default 200000)
  --seed N       repeats the input of another run`;

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    stanzas: { type: 'string', default: '200000' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1e9)}` },
    help: { type: 'boolean', default: false },
  },
});

/** What the heap may have grown by, at the most. */
const maxGrowth = 32 * 1024 * 1024;

if (values.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const seed = number('seed');
  console.log(`seed ${seed}`);
  const start = performance.now();
  const { problems, counts, targets, heap } = await fuzz({
    seed,
    frames: number('frames'),
    stanzas: number('stanzas'),
    say: (what) => console.error(`… ${what}`),
  });
  for (const what of [...counts.keys()].toSorted()) console.log(`${String(counts.get(what)).padStart(9)}  ${what}`);
  const [before, after] = heap.map((bytes) => Math.round(bytes / 2 ** 20));
  console.log(`${targets} fields of requests, ${Math.round((performance.now() - start) / 1000)} s`);
  console.log(`heap: ${before} MiB after a fifth, ${after} MiB at the end`);
  if (heap[1] - heap[0] > maxGrowth) problems.push(`the heap has grown from ${before} to ${after} MiB`);
  for (const problem of problems) console.error(`✗ ${problem}`);
  console.log(problems.length === 0 ? '✓ nothing broke' : `${problems.length} problems; seed ${seed}`);
  return problems.length === 0 ? 0 : 1;
}

function number(name: 'frames' | 'stanzas' | 'seed'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is a whole number, not ${values[name]}\n${usage}`);
  process.exit(64);
}
