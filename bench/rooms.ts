/**
 * `npm run bench:rooms`: one room with 100 and with 1,000 web occupants, on Prosody and on ejabberd. Prints the table
 * and the targets as Markdown.
 */
import { parseArgs } from 'node:util';
import { testServers } from '../test/support/servers/index.ts';
import { benchRoom, type RoomRow } from './room.ts';
import { table } from './table.ts';

const usage = `usage: npm run bench:rooms -- [OPTION …]
  --server NAME      prosody, ejabberd, all (default), or a version: prosody-13, ejabberd-24.12
  --occupants N,N    (default 100,1000)
  --frames N         frames that a run delivers (default 200000)
  --rounds N         (default 3)
  --profile FOLDER   also write a CPU profile of each gateway into it
  --quick            one small round in a room of 100, in some seconds: for a first look`;

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'all' },
    occupants: { type: 'string' },
    frames: { type: 'string' },
    rounds: { type: 'string' },
    profile: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else console.log(report(await measure()));

async function measure(): Promise<RoomRow[]> {
  const { quick } = values;
  const sizes = (values.occupants ?? (quick ? '100' : '100,1000')).split(',').map(whole);
  const frames = whole(values.frames ?? (quick ? '20000' : '200000'));
  const rounds = whole(values.rounds ?? (quick ? '1' : '3'));
  const node = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const rows: RoomRow[] = [];
  for (const kind of values.server === 'all' ? ['prosody', 'ejabberd'] : [values.server]) {
    const found = testServers().find(
      ({ name, available }) => available && (name === kind || name.startsWith(`${kind}-`)),
    );
    if (!found) throw new Error(`there is no server ${kind} here`);
    for (const occupants of sizes) {
      console.error(`… ${found.name}: a room of ${occupants}`);
      // Each room has a server that has done nothing before, and an archive that is empty.
      const server = await found.start();
      try {
        rows.push(await benchRoom(server, { occupants, frames, rounds, settleMs: quick ? 500 : 3000, node }));
      } finally {
        await server.stop();
      }
    }
  }
  return rows;
}

function report(rows: readonly RoomRow[]): string {
  return [
    '## One room of web users',
    'CPU in microseconds: of the gateway per delivered frame, of the server per stanza (one in, one to each occupant).',
    table(
      // biome-ignore format: as the rows are
      ['server', 'occupants', 'messages/s', 'delivered/s', 'gateway CPU', 'server CPU', 'gateway ÷ server', 'generator CPU', 'RSS KiB each', 'heap KiB each', 'all in after s', 'gateway ms per join', 'server ms per join', 'other cores'],
      rows.map((row) => [
        row.server,
        row.occupants,
        row.reflected.toFixed(0),
        row.delivered.toFixed(0),
        row.gateway.toFixed(1),
        row.stanza.toFixed(1),
        (row.gateway / row.stanza).toFixed(2),
        row.generator.toFixed(1),
        (row.rss / 1024).toFixed(1),
        (row.heap / 1024).toFixed(1),
        row.joinSeconds.toFixed(1),
        (row.joinGateway / 1000).toFixed(1),
        (row.joinServer / 1000).toFixed(1),
        row.disturbance.toFixed(2),
      ]),
    ),
    table(
      ['target', 'limit', 'measured', ''],
      rows.map(({ server, occupants, gateway, stanza }) => {
        const limit = server.startsWith('prosody') ? 0.5 : 1;
        const ratio = gateway / stanza;
        const what = `gateway's CPU per frame, of the server's per stanza: ${server}, ${occupants} occupants`;
        return [what, `≤ ${limit.toFixed(2)}`, ratio.toFixed(2), ratio <= limit ? 'met' : 'missed'];
      }),
    ),
  ].join('\n\n');
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`a whole number above 0, not ${text}\n${usage}`);
  process.exit(64);
}
