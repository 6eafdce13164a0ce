/** A process that writes to a store until it is killed, and says on stdout what was acknowledged. */
import { writeSync } from 'node:fs';
import { StanzaError } from '../../src/protocol/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

const [file = '', account = ''] = process.argv.slice(2);
const store = openSqliteStore(file);

try {
  await store.openAccount(account, true);
  for (let i = 0; ; i++) {
    const jid = `c${i}@example.com`;
    await store.saveRosterItem(account, { jid, name: 'x'.repeat(1000), groups: [], subscription: 'none' });
    writeSync(1, `${jid}\n`);
  }
} catch (error) {
  writeSync(1, error instanceof StanzaError ? `failed ${error.code} ${error.retry}\n` : 'failed otherwise\n');
  const kept = await store.openAccount(account, false).catch(() => undefined);
  writeSync(1, `alive ${kept?.roster.length ?? 'but cannot read'}\n`);
}
