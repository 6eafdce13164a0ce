/**
 * `npm run soak`, and `npm run chaos`, which is the same with every kind of fault: prints its seed and all counts, and ends
 * with 1 on any violation.
 */
import { parseArgs } from 'node:util';
import { positive, report } from './report.ts';
import { soak } from './run.ts';

const usage = `usage: npm run soak -- [OPTION …], npm run chaos -- [OPTION …]
  --server NAME   prosody-0.12 (default), ejabberd-23.01, prosody-13, ejabberd-24.12
  --minutes N     how long messages flow (default 5; 10 with chaos)
  --accounts N    web accounts (default 200)
  --sessions N    clients of each (default 3)
  --users N       XMPP users (default 20)
  --rate N        messages a second (default 150)
  --peace N       seconds that a client keeps its socket, on average (default 20)
  --seed N        repeats the decisions of another run`;

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'prosody-0.12' },
    chaos: { type: 'boolean', default: false },
    minutes: { type: 'string', default: process.argv.includes('--chaos') ? '10' : '5' },
    accounts: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '3' },
    users: { type: 'string', default: '20' },
    rate: { type: 'string', default: '150' },
    peace: { type: 'string', default: '20' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1e9)}` },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const seed = number('seed');
  console.log(`seed ${seed}, ${values.server}`);
  const result = await soak(
    {
      server: values.server,
      seed,
      seconds: 60 * number('minutes'),
      accounts: number('accounts'),
      sessions: number('sessions'),
      users: number('users'),
      rate: number('rate'),
      peace: number('peace'),
      calm: values.chaos ? [1, 6] : [3, 12],
      ...(values.chaos ? { chaos: true, inRoom: 20 } : {}),
    },
    (what) => console.error(`… ${what}`),
  );
  return report(result, result.events, seed);
}

function number(name: Exclude<keyof typeof values, 'help' | 'server' | 'chaos'>): number {
  return positive(name, values[name], usage);
}
