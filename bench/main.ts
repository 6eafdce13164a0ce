/** `npm run bench`: reads the command line, prints the tables, and writes bench/RESULTS.md with `--write`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { runBench } from './run.ts';

const usage = `usage: npm run bench -- [OPTION …]
  --server NAME   prosody, ejabberd, all (default), or a version: prosody-13, ejabberd-24.12
  --messages N    messages of one run (default 20000)
  --rounds N      how often each run is repeated (default 3)
  --sessions N    idle sessions (default 5000)
  --patience N    seconds to wait for a quiet machine and to repeat what was disturbed (default 60)
  --nagle         leaves Nagle's algorithm on in Prosody, as it is by default
  --quick         one small round of everything, in half a minute: for a first look
  --write         writes bench/RESULTS.md`;

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'all' },
    messages: { type: 'string' },
    rounds: { type: 'string' },
    sessions: { type: 'string' },
    patience: { type: 'string' },
    nagle: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
} else {
  const { quick } = values;
  const sessions = whole('sessions', values.sessions, quick ? 1000 : 5000);
  const results = await runBench(
    {
      server: values.server,
      nagle: values.nagle,
      patienceMs: 1000 * whole('patience', values.patience, quick ? 5 : 60),
      messages: {
        messages: whole('messages', values.messages, quick ? 5000 : 20_000),
        rounds: whole('rounds', values.rounds, quick ? 1 : 3),
        seconds: quick ? 1 : 2,
      },
      sessions: { sessions, single: sessions / 10, burst: sessions / 10, settleMs: quick ? 1000 : 3000 },
    },
    (what) => console.error(`… ${what}`),
  );
  const text = report(results);
  console.log(text);
  if (values.write) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${text}\n`);
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} is a whole number above 0, not ${text}\n${usage}`);
  process.exit(64);
}
