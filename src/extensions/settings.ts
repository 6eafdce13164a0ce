/**
 * What an account tells others without being asked: receipts, read markers, typing. Kept for the account, so that it
 * holds on every device.
 *   {"type":"settings.set","data":{"sendTyping":false}}
 */
import { type Account, extension } from '../extension.ts';
import { tellingNote, tellingOf } from './telling.ts';

async function change(account: Account, wanted: Partial<ReturnType<typeof tellingOf>>) {
  const before = tellingOf(account);
  const value = { ...before, ...wanted };
  const isSame = Object.entries(value).every(([name, now]) => before[name as keyof typeof value] === now);
  if (!isSame) await account.notes.save({ name: tellingNote, value });
  return { value, isSame };
}

export default extension({
  spec: { name: 'PROTOCOL.md §10', url: 'PROTOCOL.md#10-requests-client-to-gateway' },
  requests: {
    'settings.get': ({ account }) => tellingOf(account),
    'settings.set': async (session, { sendReceipts, sendMarkers, sendTyping }) => {
      const { value, isSame } = await change(session.account, {
        ...(sendReceipts === undefined ? {} : { sendReceipts }),
        ...(sendMarkers === undefined ? {} : { sendMarkers }),
        ...(sendTyping === undefined ? {} : { sendTyping }),
      });
      if (!isSame) session.account.push({ type: 'settings', data: value }, { except: session });
      return value;
    },
  },
});
