/**
 * A process that writes to a store until it is killed, and says on stdout what was acknowledged. After a failure it says
 * what it can still do, and once stdin ends, if it can write again.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { StanzaError } from '../../src/protocol/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { bob, incoming, noon } from './support.ts';

const [file = '', account = ''] = process.argv.slice(2);
const store = openSqliteStore(file);

async function write(i: number): Promise<void> {
  const jid = `c${i}@example.com`;
  await Promise.all([
    store.saveRosterItem(account, { jid, name: 'x'.repeat(1000), groups: [], subscription: 'none' }),
    store.archive.append(account, incoming(jid, `message ${i}`, { now: noon + i })),
  ]);
}

async function count(): Promise<string> {
  const kept = await store.openAccount(account, false);
  const archived = await store.archive.history(account, { view: 'log', max: 1_000_000, chat: bob });
  return `${kept?.roster.length} ${archived.items.length}`;
}

await store.openAccount(account, true);
for (let i = 0; ; i++) {
  try {
    await write(i);
    writeSync(1, `c${i}@example.com\n`);
  } catch (error) {
    writeSync(1, error instanceof StanzaError ? `failed ${error.code} ${error.retry}\n` : 'failed otherwise\n');
    writeSync(1, `alive ${await count().catch(() => 'but cannot read')}\n`);
    await once(process.stdin.resume(), 'end');
    // It says that one may try again.
    while (
      await write(i).then(
        () => false,
        () => true,
      )
    ) {
      await setTimeout(10);
    }
    writeSync(1, 'works again\n');
    break;
  }
}
