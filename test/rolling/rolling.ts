/** `npm run rolling`: the rolling restart from the command line; prints all counts, and ends with 1 on any violation. */
import { parseArgs } from 'node:util';
import { positive, report } from '../soak/report.ts';
import { rollingRestart } from './run.ts';

const usage = `usage: npm run rolling -- [OPTION …]
  --server NAME   prosody-0.12 (default), ejabberd-23.01, prosody-13, ejabberd-24.12
  --clients N     web clients, two of each account (default 1000)
  --rate N        things done a second (default 150)
  --restarts N    (default 2)
  --seconds N     of load before, between and after them (default 15)
  --drain N       drain.time in seconds (default 10)
  --seed N        repeats the decisions of another run`;

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'prosody-0.12' },
    clients: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '150' },
    restarts: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '15' },
    drain: { type: 'string', default: '10' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1e9)}` },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const seed = number('seed');
  console.log(`seed ${seed}, ${values.server}`);
  const result = await rollingRestart(
    {
      server: values.server,
      clients: number('clients'),
      rate: number('rate'),
      restarts: number('restarts'),
      seconds: number('seconds'),
      drainSeconds: number('drain'),
      seed,
    },
    (what) => console.error(`… ${what}`),
  );
  return report(result, result.restarts, seed);
}

function number(name: Exclude<keyof typeof values, 'help' | 'server'>): number {
  return positive(name, values[name], usage);
}
